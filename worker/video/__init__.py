"""Video jobs: decode, caption, chapters."""
