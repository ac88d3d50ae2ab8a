"""The bare Celery task that our latency is compared with: it says when it began, and does nothing else."""

from __future__ import annotations

import os
import time

import redis

from db.queue import celery_app

URL = os.environ["BM3_REDIS_URL"]
BEGAN = "bare:began"
app = celery_app(URL)
_redis = redis.Redis.from_url(URL)


@app.task(name="bare.begin", ignore_result=True)
def begin(number: int) -> None:
    _redis.rpush(BEGAN, f"{number}:{time.time()}")
