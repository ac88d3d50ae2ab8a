"""Datasheet jobs: from outline and land-pattern drawings to a verified footprint."""
