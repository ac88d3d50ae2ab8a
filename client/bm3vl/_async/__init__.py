"""The client, written once, asynchronously; `python -m tests.client.generate` makes `bm3vl._sync` of it."""
