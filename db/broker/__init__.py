"""The wake-up bell between processes: Celery on Redis, signals, and the embedded server."""
