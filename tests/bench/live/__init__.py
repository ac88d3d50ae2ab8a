"""Benchmark of live input: `python -m tests.bench.live`."""
