"""The model child: holds the resident models and runs handlers; it has no database, no store and no secrets."""
