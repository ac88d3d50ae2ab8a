"""What stays in a stream's memory: spans, policy and positions in plain values, then the cache and session that apply them."""
