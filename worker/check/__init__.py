"""Can this machine serve these models, how fast, and with which settings? `python -m worker check`."""
