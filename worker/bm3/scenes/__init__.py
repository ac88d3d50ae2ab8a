"""Synthetic videos with the truth of what happens in them."""
