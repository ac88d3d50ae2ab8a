"""The tables, and the base they stand on; migrations stand beside."""
