"""The dashboard as people use it: Chromium against a real api process."""
