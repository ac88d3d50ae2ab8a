"""Places for attempts: receivers that never answer, and tenants with many, leave room for all others."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from worker.webhooks.places import OF_ENDPOINT, OF_TENANT, QUICK, SLOW, SLOW_S, DeliveryPlaces, Waiting


def waiting(endpoint: UUID | None = None, tenant: UUID | None = None, *, failing: bool = False) -> Waiting:
    return Waiting(uuid4(), endpoint or uuid4(), tenant or uuid4(), failing)


def test_an_endpoint_gets_a_few_places_and_no_more_once_it_is_slow() -> None:
    places, endpoint = DeliveryPlaces(), uuid4()
    assert [places.take(waiting(endpoint), 0) for _ in range(OF_ENDPOINT + 1)] == [True] * OF_ENDPOINT + [False]
    assert places.full(0.1) == {endpoint}
    slow, one = DeliveryPlaces(), waiting(endpoint)
    assert slow.take(one, 0)
    assert not slow.take(waiting(endpoint), SLOW_S + 0.1)
    assert slow.full(SLOW_S + 0.1) == {endpoint}
    slow.leave(one.delivery_id)
    assert slow.take(waiting(endpoint), SLOW_S + 0.2)


def test_receivers_that_hang_leave_the_quick_places_after_a_moment() -> None:
    places, tenants = DeliveryPlaces(), [uuid4() for _ in range(3)]
    taken = sum(places.take(waiting(tenant=tenants[number % 3]), 0) for number in range(QUICK + 9))
    assert taken == QUICK
    assert not places.take(waiting(), SLOW_S / 2)
    assert places.take(waiting(), SLOW_S + 0.1)


def test_no_tenant_takes_all_places_of_either_kind() -> None:
    places, tenant = DeliveryPlaces(), uuid4()
    assert sum(places.take(waiting(tenant=tenant), 0) for _ in range(QUICK)) == QUICK * OF_TENANT
    assert sum(places.take(waiting(tenant=tenant, failing=True), 0) for _ in range(SLOW)) == SLOW * OF_TENANT
    assert places.take(waiting(), 0)
    assert places.take(waiting(failing=True), 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans(), st.floats(0, 3)), max_size=60))
def test_a_failing_endpoint_has_one_attempt_at_most(asked: list[tuple[int, int, bool, float]]) -> None:
    places, now_s, under_way = DeliveryPlaces(), 0.0, {}
    for endpoint, tenant, failing, later_s in asked:
        now_s += later_s
        one = Waiting(uuid4(), UUID(int=endpoint), UUID(int=tenant), failing)
        others = [other for other in under_way.values() if other.endpoint_id == one.endpoint_id]
        if places.take(one, now_s):
            under_way[one.delivery_id] = one
            assert len(others) < (1 if failing else OF_ENDPOINT)
            assert not any(other.failing for other in others)
    assert len(places) == len(under_way)
