"""The documents of the HTTP API. `kinds` and what stands beside it are the server's own files, not copies of them."""
