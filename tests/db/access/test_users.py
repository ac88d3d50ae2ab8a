"""People who log in: passwords, roles, and the brake on guessing them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.access import dashboard_sessions, tenants, users
from db.access.users import FREE_FAILURES, Guess, NewUser, Role, UserNameTaken, WeakPassword
from db.schema.tables_access import DashboardSession, User
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PASSWORD = "correct horse battery"
HASH = users.hashed(PASSWORD)


@pytest.fixture
def ann(database: Database) -> UUID:
    with database.write() as session:
        return users.create(session, NOW, NewUser(tenants.default(session, NOW).id, "ann", HASH, Role.OPERATOR)).id


def user(database: Database, user_id: UUID) -> User:
    with database.read() as session:
        return session.get_one(User, user_id)


def test_a_password_is_long_enough() -> None:
    with pytest.raises(WeakPassword, match="at least 12 characters"):
        users.hashed("x" * 11)
    assert users.hashed("x" * 12) != users.hashed("x" * 12), "salted"


def test_only_the_right_password_of_a_living_user_matches(database: Database, ann: UUID) -> None:
    assert users.matches(user(database, ann), PASSWORD)
    assert not users.matches(user(database, ann), f"{PASSWORD} ")
    assert not users.matches(None, PASSWORD)
    with database.write() as session:
        users.disable(session, NOW, session.get_one(User, ann), disabled=True)
    assert not users.matches(user(database, ann), PASSWORD)
    with database.write() as session:
        users.disable(session, NOW, session.get_one(User, ann), disabled=False)
    assert users.matches(user(database, ann), PASSWORD)


def test_a_name_is_given_once(database: Database, ann: UUID) -> None:
    with pytest.raises(UserNameTaken, match="ann"), database.write() as session:
        users.create(session, NOW, NewUser(tenants.default(session, NOW).id, "ann", HASH, Role.VIEWER))


def test_users_are_found_in_their_tenant_only(database: Database, ann: UUID) -> None:
    with database.write() as session:
        home, other = tenants.default(session, NOW).id, tenants.create(session, NOW, "other").id
        bob = users.create(session, NOW, NewUser(home, "bob", HASH, Role.VIEWER)).id
    with database.read() as session:
        assert [one.id for one in users.of_tenant(session, home)] == [ann, bob]
        assert users.of_tenant(session, other) == []
        assert users.get(session, other, ann) is None
        found = users.get(session, home, ann)
        assert found is not None
        named = users.by_name(session, "ann")
        assert named is not None
        assert found.id == named.id == ann
        assert users.by_name(session, "nobody") is None


@pytest.mark.parametrize("change", ["password", "shut out"])
def test_a_new_password_and_being_shut_out_end_every_login(database: Database, ann: UUID, change: str) -> None:
    with database.write() as session:
        dashboard_sessions.begin(session, NOW, session.get_one(User, ann))
    with database.write() as session:
        one = session.get_one(User, ann)
        if change == "password":
            users.set_password(session, one, users.hashed("another password"))
        else:
            users.disable(session, NOW, one, disabled=True)
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(DashboardSession)).one() == 0
    assert users.matches(user(database, ann), "another password") == (change == "password")


def test_a_role_is_what_a_user_may(database: Database, ann: UUID) -> None:
    with database.write() as session:
        users.set_role(session, session.get_one(User, ann), Role.ADMIN)
    assert user(database, ann).role == Role.ADMIN
    allowed = {role.value: {str(scope) for scope in scopes} for role, scopes in users.SCOPES.items()}
    assert allowed["viewer"] == {"jobs:read"}
    assert allowed["operator"] == {"jobs:read", "jobs:write", "assets:write", "webhooks:*"}
    assert allowed["admin"] == allowed["operator"] | {"keys:*"}


def test_the_first_admin_is_made_where_nobody_is(database: Database) -> None:
    with database.write() as session:
        password = users.first_admin(session, NOW)
    assert password is not None
    assert len(password) == 20
    with database.write() as session:
        one = users.by_name(session, "admin")
        assert one is not None
        assert one.role == Role.ADMIN
        assert users.matches(one, password)
        assert users.first_admin(session, NOW) is None


def admitted(database: Database, guess: Guess, at: datetime = NOW) -> float:
    with database.write() as session:
        return users.admit(session, at, guess)


def tried(database: Database, guess: Guess, times: int, at: datetime = NOW) -> list[float]:
    return [admitted(database, guess, at) for _ in range(times)]


def test_some_wrong_guesses_cost_nothing_and_then_each_waits_twice_as_long(database: Database) -> None:
    guess = Guess("ann", "192.0.2.1")
    assert tried(database, guess, FREE_FAILURES["p"]) == [0.0] * 5
    at, waits = NOW, []
    for _ in range(8):
        waits.append(admitted(database, guess, at))
        at += timedelta(seconds=waits[-1])
        assert admitted(database, guess, at) == 0.0
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_a_wait_grows_shorter_and_is_not_counted(database: Database) -> None:
    guess = Guess("ann", "192.0.2.1")
    tried(database, guess, 5)
    assert admitted(database, guess, NOW + 5 * SECOND) == 10.0
    assert admitted(database, guess, NOW + 14 * SECOND) == 1.0
    assert admitted(database, guess, NOW + 15 * SECOND) == 0.0


def test_guesses_of_other_names_and_addresses_are_counted_apart(database: Database) -> None:
    tried(database, Guess("ann", "192.0.2.1"), 5)
    assert admitted(database, Guess("ANN", "192.0.2.1")) > 0, "a name in capitals is the same"
    assert admitted(database, Guess("ann", "192.0.2.2")) == 0
    assert admitted(database, Guess("bob", "192.0.2.1")) == 0


def test_an_address_that_tries_many_names_is_stopped(database: Database) -> None:
    waits = [admitted(database, Guess(f"user{n}", "192.0.2.1")) for n in range(31)]
    assert waits == [0.0] * 30 + [15.0]


def test_a_name_that_many_addresses_try_is_stopped(database: Database) -> None:
    waits = [admitted(database, Guess("ann", f"192.0.2.{n}")) for n in range(61)]
    assert waits == [0.0] * 60 + [15.0]


def test_a_known_browser_is_not_locked_out_by_strangers(database: Database) -> None:
    for n in range(61):
        admitted(database, Guess("ann", f"192.0.2.{n}"))
    known = Guess("ann", "192.0.2.1", browser="laptop")
    assert tried(database, known, 6) == [0.0] * 5 + [15.0]


def test_after_half_an_hour_all_is_forgotten(database: Database) -> None:
    guess = Guess("ann", "192.0.2.1")
    tried(database, guess, 5)
    assert admitted(database, guess, NOW + timedelta(minutes=30, seconds=1)) == 0.0
    assert tried(database, guess, 4, NOW + timedelta(minutes=30, seconds=1)) == [0.0] * 4


def test_a_right_password_wipes_the_count(database: Database) -> None:
    guess = Guess("ann", "192.0.2.1")
    tried(database, guess, 5)
    with database.write() as session:
        users.note_success(session, guess)
    assert tried(database, guess, 6) == [0.0] * 5 + [15.0]


def test_a_right_password_takes_back_only_its_own_try_of_the_address(database: Database) -> None:
    """One good login among many guesses from one address does not set the others free."""
    for n in range(29):
        admitted(database, Guess(f"user{n}", "192.0.2.1"))
    mine = Guess("ann", "192.0.2.1")
    assert admitted(database, mine) == 0.0
    with database.write() as session:
        users.note_success(session, mine)
    assert admitted(database, Guess("next", "192.0.2.1")) == 0.0
    assert admitted(database, Guess("last", "192.0.2.1")) == 15.0


def test_a_browser_is_known_by_what_it_was_given(database: Database, ann: UUID) -> None:
    one = user(database, ann)
    token = users.browser_token(one)
    assert users.known_browser(one, token) == token.split(".")[0] != ""
    assert users.known_browser(one, f"{token}x") == ""
    assert users.known_browser(one, f"x{token}") == ""
    assert users.known_browser(one, "") == ""
    assert users.known_browser(None, token) == ""
    with database.write() as session:
        users.set_password(session, session.get_one(User, ann), users.hashed("another password"))
    assert users.known_browser(user(database, ann), token) == "", "under the present password only"
