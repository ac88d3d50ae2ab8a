"""Uploaded inputs, and the checks they pass before a job may use them."""
