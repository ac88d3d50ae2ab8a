"""Brings input that lies behind a URL into the object store."""
