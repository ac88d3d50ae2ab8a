"""Uploads that break: the network goes, the page is loaded again, the object store refuses the page."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from db.access.users import Role
from tests.api.running_app import MP4
from tests.e2e.browser import Complaints, Desk, desk, log_in
from tests.servers import S3Place

pytestmark = pytest.mark.browser
MIB = 1 << 20


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """Twenty megabytes: five pieces for our own store, three parts for S3."""
    path = tmp_path / "long.mp4"
    path.write_bytes(MP4 + bytes(20 * MIB))
    return path


def test_an_upload_goes_on_when_the_network_is_back(context: BrowserContext, here: Desk, long_file: Path) -> None:
    page = log_in(context, here.url)
    page.goto(f"{here.url}/submit")
    sent = _offsets(page)

    with page.expect_request(lambda request: request.headers.get("upload-offset") == str(8 * MIB)):
        page.locator(".drop input").set_input_files(long_file)
    context.set_offline(True)
    expect(page.locator(".upload")).to_contain_text("Trying again")
    page.wait_for_timeout(2500)  # more than one try in vain
    context.set_offline(False)
    expect(page.locator(".upload")).to_contain_text("Uploaded", timeout=30_000)
    assert sent == sorted(sent)
    assert {*sent} == {number * 4 * MIB for number in range(6)}
    assert sent.count(0) == sent.count(4 * MIB) == 1


def test_an_upload_goes_on_after_the_page_is_loaded_again(context: BrowserContext, here: Desk, long_file: Path) -> None:
    page = log_in(context, here.url)
    page.goto(f"{here.url}/submit")
    page.route(
        "**/v1/uploads/*",
        lambda route: (
            route.abort() if route.request.headers.get("upload-offset") == str(12 * MIB) else route.continue_()
        ),
    )
    page.locator(".drop input").set_input_files(long_file)
    expect(page.locator(".upload")).to_contain_text("Trying again")
    page.reload()
    page.unroute("**/v1/uploads/*")  # not before: the page that is left would try again
    sent = _offsets(page)
    page.locator(".drop input").set_input_files(long_file)
    expect(page.locator(".upload")).to_contain_text("Uploaded", timeout=30_000)
    assert sent == [12 * MIB, 16 * MIB, 20 * MIB]


def test_parts_go_straight_to_the_bucket_and_only_the_missing_ones_again(
    s3: S3Place, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long_file: Path
) -> None:
    with _with_bucket(s3, tmp_path, monkeypatch) as place:
        page = log_in(browser.new_context(), place.url)
        complaints = Complaints()
        complaints.listen(page)
        page.goto(f"{place.url}/submit")
        parts: list[str] = []
        page.on("request", lambda request: parts.append(_part(request)) if request.method == "PUT" else None)
        broken: list[str] = []

        def cut(route: Route) -> None:
            if _part(route.request) == "2" and not broken:
                broken.append("2")
                return route.abort()
            return route.continue_()

        page.route(f"{s3.endpoint_url}/**", cut)
        page.locator(".drop input").set_input_files(long_file)
        expect(page.locator(".upload")).to_contain_text("Uploaded", timeout=60_000)
        assert parts == ["1", "2", "2", "3"]
        assert all("ERR_FAILED" in one for one in complaints.said), complaints.said  # the break we made, nothing else
        page.context.close()


def test_a_bucket_that_does_not_let_the_page_in_is_named(
    s3: S3Place, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long_file: Path
) -> None:
    with (
        _without_cors(s3.endpoint_url) as closed,
        _with_bucket(s3, tmp_path, monkeypatch, closed) as place,
    ):
        page = log_in(browser.new_context(), place.url)
        page.goto(f"{place.url}/submit")
        page.locator(".drop input").set_input_files(long_file)
        expect(page.locator(".upload")).to_contain_text("Trying again")
        expect(page.locator(".upload progress")).to_have_class("bad", timeout=60_000)
        expect(page.locator(".upload")).to_contain_text("CORS rules do not allow PUT from here")
        expect(page.locator(".upload")).to_contain_text(place.url)
        page.goto(f"{place.url}/settings")
        expect(page.locator("#cors")).to_contain_text(f'"AllowedOrigins": ["{place.url}"]')
        page.context.close()


def _offsets(page: Page) -> list[int]:
    """Where each piece that the page sends begins."""
    sent: list[int] = []
    page.on("request", lambda one: sent.append(int(one.headers["upload-offset"])) if one.method == "PATCH" else None)
    return sent


def _part(request: Request) -> str:
    return request.url.partition("partNumber=")[2].partition("&")[0]


@contextmanager
def _with_bucket(s3: S3Place, folder: Path, monkeypatch: pytest.MonkeyPatch, public_url: str = "") -> Iterator[Desk]:
    """A dashboard whose files are kept in a bucket, which browsers may reach by another address."""
    settings = {
        "BM3_OBJECT_STORE": "s3",
        "BM3_S3_BUCKET": s3.bucket,
        "BM3_S3_ENDPOINT_URL": s3.endpoint_url,
        "BM3_S3_PUBLIC_ENDPOINT_URL": public_url or s3.endpoint_url,
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with desk(folder / "desk") as place:
        place.user("ann", Role.ADMIN)
        yield place


@contextmanager
def _without_cors(endpoint_url: str) -> Iterator[str]:
    """The same store behind a server that says nothing to pages of other origins."""

    class WithoutCors(http.server.BaseHTTPRequestHandler):
        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = httpx.request(self.command, endpoint_url + self.path, content=body, headers={**self.headers})
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if not name.startswith(("access-control-", "transfer-", "connection")):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_any  # noqa: N815 - names of the library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WithoutCors) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
