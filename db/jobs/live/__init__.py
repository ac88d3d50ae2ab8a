"""Jobs that follow live input."""
