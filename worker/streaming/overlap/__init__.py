"""Prefills beside decode steps: a second stream of the device, and what keeps a graph's capture apart from both."""
