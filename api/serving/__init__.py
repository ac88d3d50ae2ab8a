"""How one api process takes connections."""
