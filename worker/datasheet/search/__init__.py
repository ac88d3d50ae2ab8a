"""Which pages and figures hold the drawings of the package that is asked for."""
