"""How pages are parted into figures."""
