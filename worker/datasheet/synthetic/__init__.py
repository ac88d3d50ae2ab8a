"""A program of its own: makes datasheets of parts that do not exist, with the full truth about them."""
