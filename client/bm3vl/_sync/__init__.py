"""The client without asynchrony: all but `runtime` is made of `bm3vl._async`."""
