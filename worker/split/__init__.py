"""Cuts a model into chunks for several nodes: a range of layers each, balanced by bytes."""
