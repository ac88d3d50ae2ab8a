"""Programs of other people against the whole service."""
