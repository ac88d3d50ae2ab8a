"""Logging in, staying in, and being kept out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient

from db.access import users
from db.access.users import Role
from tests.api.dashboard.conftest import Enter
from tests.api.dashboard.visitor import Visitor, sign_in
from tests.api.running_app import RunningApp
from tests.e2e.browser import PASSWORD, Desk
from tests.e2e.job_seeder import JobSeeder


def test_the_cookie_is_closed_to_scripts_and_other_sites(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    plain = sign_in(TestClient(here.app), "ann", PASSWORD).headers["set-cookie"]
    assert "bm3=" in plain
    secure = sign_in(TestClient(here.app, base_url="https://testserver"), "ann", PASSWORD).headers["set-cookie"]
    assert secure.startswith("__Host-bm3=")
    assert "Secure" in secure
    for cookie in (plain, secure):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie


def test_the_first_start_makes_an_admin_whose_password_lies_beside_the_key(here: RunningApp) -> None:
    file = here.services.settings.data_dir / "admin-password"
    assert file.stat().st_mode & 0o777 == 0o600
    assert sign_in(TestClient(here.app), "admin", file.read_text().strip()).status_code == 303


def test_nobody_sees_a_page_without_a_login(here: RunningApp) -> None:
    client = TestClient(here.app, follow_redirects=False)
    for path in ("/jobs", "/submit", "/webhooks", "/fleet", "/keys", "/usage", "/audit", "/settings"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login"), path


def test_wrong_passwords_cost_time(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    client = TestClient(here.app)
    answers = [sign_in(client, "ann", "wrong password").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert sign_in(client, "ann", PASSWORD).status_code == 429
    with here.services.database.write() as session:
        later = datetime.now(UTC) + timedelta(hours=1)
        assert users.admit(session, later, users.Guess("ann", "testclient")) == 0


def test_a_name_that_is_not_there_is_answered_like_a_wrong_password(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    unknown, wrong = (sign_in(TestClient(here.app), name, "some password") for name in ("nobody", "ann"))
    assert unknown.status_code == wrong.status_code == 401
    assert "Wrong name or password" in unknown.text


def test_next_leads_only_to_our_own_pages(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    for wanted, led in (("/fleet", "/fleet"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")):
        client = TestClient(here.app)
        proof = client.get("/login").text.split('name="proof" value="')[1].split('"')[0]
        form = {"proof": proof, "name": "ann", "password": PASSWORD}
        answer = client.post("/login", params={"next": wanted}, data=form, follow_redirects=False)
        assert answer.headers["location"] == led


def test_a_login_ends_by_logging_out_by_disabling_and_by_a_new_password(here: RunningApp, enter: Enter) -> None:
    boss, ann, bob = enter("boss", Role.ADMIN), enter("ann", Role.VIEWER), enter("bob", Role.VIEWER)
    assert ann.post("/logout").status_code == 303
    assert "location" in ann.get("/jobs", follow_redirects=False).headers
    with here.services.database.read() as session:
        user = users.by_name(session, "bob")
    assert user is not None
    boss.post(f"/settings/users/{user.id}", disabled="yes")
    assert bob.get("/jobs", follow_redirects=False).status_code == 303
    boss.post("/settings/password", old=PASSWORD, new="another long password")
    assert boss.get("/jobs", follow_redirects=False).status_code == 303


def test_a_change_needs_the_token_of_our_page(here: RunningApp, ann: Visitor, seeder: JobSeeder) -> None:
    job_id = seeder.video("a.mp4")
    for token in ("", "wrong"):
        form = ann.client.post(f"/jobs/{job_id}/cancel", data={"csrf": token}, follow_redirects=False)
        api = ann.client.post(f"/v1/jobs/{job_id}/cancel", headers={"X-CSRF-Token": token})
        assert (form.status_code, api.status_code) == (403, 403)
    api = ann.client.post(f"/v1/jobs/{job_id}/cancel", headers={"X-CSRF-Token": ann.csrf})
    assert (api.status_code, api.json()["state"]) == (200, "canceled")


def test_pages_may_run_and_load_nothing_but_our_own(ann: Visitor) -> None:
    answer = ann.get("/jobs")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert answer.text.count("<script") == answer.text.count("<script src=") + answer.text.count(
        '<script type="module"'
    )


def test_of_many_guesses_at_once_no_more_are_checked_than_one_by_one(anywhere: RunningApp) -> None:
    Desk("", anywhere).user("ann", Role.VIEWER)
    with ThreadPoolExecutor(20) as pool:
        codes = [*pool.map(lambda _: sign_in(TestClient(anywhere.app), "ann", "wrong password").status_code, range(40))]
    assert (codes.count(401), codes.count(429)) == (5, 35)


def test_a_stranger_cannot_lock_anybody_out(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    known = TestClient(here.app, client=("10.0.0.1", 1))
    assert sign_in(known, "ann", PASSWORD).status_code == 303
    stranger = TestClient(here.app, client=("10.0.0.66", 1))
    while sign_in(stranger, "ann", "wrong password").status_code != 429:
        pass
    elsewhere = TestClient(here.app, client=("10.0.0.2", 1))
    assert sign_in(elsewhere, "ann", PASSWORD).status_code == 303
    crowd = [TestClient(here.app, client=(f"10.1.0.{number}", 1)) for number in range(16)]
    for one in crowd * 5:
        sign_in(one, "ann", "wrong password")
    assert sign_in(TestClient(here.app, client=("10.0.0.3", 1)), "ann", PASSWORD).status_code == 429
    known.cookies.delete("bm3")
    assert sign_in(known, "ann", PASSWORD).status_code == 303


def test_a_forged_browser_is_a_stranger_and_a_known_one_may_not_guess_for_ever(here: RunningApp) -> None:
    Desk("", here).user("ann", Role.VIEWER)
    Desk("", here).user("bob", Role.VIEWER)
    bob = TestClient(here.app)
    assert sign_in(bob, "bob", PASSWORD).status_code == 303
    bob.cookies.delete("bm3")
    assert [sign_in(bob, "ann", "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]
    assert [sign_in(bob, "bob", "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]


def test_the_present_password_cannot_be_guessed_in_the_settings(ann: Visitor) -> None:
    wrong = {"old": "wrong password", "new": "another password"}
    answers = [ann.post("/settings/password", **wrong).status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2
