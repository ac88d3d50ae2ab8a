"""The bare Celery task that our latency is compared with: it says that it has begun, and does nothing else.

Given a file, it is as durable as a job: before it says so it commits a row, as its caller has done before calling.
"""

from __future__ import annotations

import os

import redis

from db.broker.queue import celery_app
from tests.bench.service.bare import BEGAN, commit_row

URL = os.environ["BM3_REDIS_URL"]
app = celery_app(URL)
_redis = redis.Redis.from_url(URL)


@app.task(name="bare.begin", ignore_result=True)
def begin(file: str) -> None:
    if file:
        commit_row(file)
    _redis.rpush(BEGAN, "")
