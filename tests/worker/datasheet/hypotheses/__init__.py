"""How hypotheses about a figure are made and ranked."""
