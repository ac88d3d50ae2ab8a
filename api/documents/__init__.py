"""Request and answer bodies that are of the HTTP service alone; those of the kinds are in db/documents."""
