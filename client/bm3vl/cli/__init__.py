"""The command `bm3vl`."""
