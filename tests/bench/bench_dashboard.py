"""Benchmark of the dashboard: 100 open jobs pages at idle, the jobs page with 100,000 jobs, 20,000 captions in a browser.

python -m tests.bench.bench_dashboard               everything; one JSON object a line on stdout, nothing else
python -m tests.bench.bench_dashboard open          one part: open, jobs, captions
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import httpx

from db.access import users
from db.access.users import NewUser, Role
from tests.bench.api_process import ApiProcess, api_process
from tests.e2e.browser import PASSWORD, Desk, chromium, desk, log_in
from tests.e2e.job_seeder import SPOKEN, JobSeeder, video_result
from tests.e2e.many_jobs import many_jobs
from tests.postgres import postgres_server
from tests.servers import redis_server

DASHBOARDS = 100
IDLE_S = 20.0
JOBS = 100_000
CAPTIONS = 20_000
ASKED = 7
LONG_TASKS = (
    "window.blocked = []; new PerformanceObserver((list) => window.blocked.push(...list.getEntries()"
    ".map((one) => one.duration))).observe({ type: 'longtask', buffered: true });"
)


def open_dashboards() -> None:
    """Processor time of the api at idle, without anybody and with a hundred open jobs pages."""
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        redis = held.enter_context(redis_server(folder))
        api = held.enter_context(api_process(folder / "api", "", redis.url))
        with api.database.write() as session:
            ann = NewUser(api.tenant_id, "ann", users.hashed(PASSWORD), Role.ADMIN)
            users.create(session, datetime.now(UTC), ann)
        client = held.enter_context(httpx.Client(base_url=api.url, limits=httpx.Limits(max_connections=None)))
        sign_in(client)
        alone = _load(api)
        for _ in range(DASHBOARDS):
            stream = held.enter_context(client.stream("GET", "/jobs/live", timeout=None))
            threading.Thread(target=_read, args=(stream,), daemon=True).start()
        watched = _load(api)
        tell("api_cpu_idle", alone, "percent of a core", dashboards=0)
        tell("api_cpu_idle", watched, "percent of a core", dashboards=DASHBOARDS)
        tell("api_cpu_added", watched - alone, "percent of a core", dashboards=DASHBOARDS)


def jobs_page() -> None:
    """Seconds to the whole answer with many jobs in PostgreSQL."""
    with postgres_server() as postgres, _ann(postgres.fresh()) as here, httpx.Client(base_url=here.url) as client:
        sign_in(client)
        many_jobs(JobSeeder(here.inside), JOBS)
        for path in ("/jobs", "/jobs?span=week", "/jobs?state=failed", "/jobs/rows"):
            times = []
            for _ in range(ASKED):
                began = time.perf_counter()
                client.get(path).raise_for_status()
                times.append(time.perf_counter() - began)
            tell("jobs_page", median(times), "s", path=path, jobs=JOBS)


def captions() -> None:
    """The longest stretch that a video's page keeps the browser's main thread to itself."""
    with _ann() as here, chromium() as browser:
        seeder = JobSeeder(here.inside)
        seeder.video("long.mp4")
        job_id, epoch = seeder.begin(CAPTIONS * 2000)
        seeder.speak(job_id, epoch, [f"{number}: {SPOKEN[number % 8]}" for number in range(CAPTIONS)])
        seeder.finish(job_id, epoch, video_result(CAPTIONS, CAPTIONS * 2000))
        page = log_in(browser.new_context(), here.url)
        page.add_init_script(LONG_TASKS)
        page.goto(f"{here.url}/jobs/{job_id}")
        while page.evaluate("document.querySelector('video-job').cues?.length ?? 0") < CAPTIONS:
            page.wait_for_timeout(50)
        page.get_by_label("Search in captions").fill("19999")
        page.wait_for_timeout(1000)
        tell("longest_task", max(page.evaluate("window.blocked"), default=0.0), "ms", captions=CAPTIONS)


def tell(metric: str, value: float, unit: str, **more: float | str) -> None:
    """One line of the result, with the load that the machine was under."""
    line = {"bench": "dashboard", "metric": metric, "value": round(value, 4), "unit": unit, **more}
    print(json.dumps(line | {"load": round(os.getloadavg()[0], 1)}), flush=True)


def sign_in(client: httpx.Client) -> None:
    """Fill in the login form."""
    proof = client.get("/login").text.split('name="proof" value="')[1].split('"')[0]
    client.post("/login", data={"proof": proof, "name": "ann", "password": PASSWORD})


@contextlib.contextmanager
def _ann(database_url: str = "") -> Iterator[Desk]:
    with contextlib.ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory())
        with contextlib.redirect_stdout(sys.stderr):  # a first start prints its key
            here = held.enter_context(desk(Path(folder), database_url))
        here.user("ann", Role.ADMIN)
        yield here


def _load(api: ApiProcess) -> float:
    """Percent of a core that the api takes while nothing happens."""
    time.sleep(3.0)
    began, at = api.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    return (api.cpu_s() - began) / (time.monotonic() - at) * 100


def _read(stream: httpx.Response) -> None:
    with contextlib.suppress(httpx.HTTPError, OSError):  # the end of the benchmark closes it
        for _ in stream.iter_raw():
            pass


PARTS: dict[str, Callable[[], None]] = {"open": open_dashboards, "jobs": jobs_page, "captions": captions}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_dashboard", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    for name in parser.parse_args().parts or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
