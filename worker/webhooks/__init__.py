"""Tells receivers what happened: signatures, the egress guard, one delivery attempt, and when the next one is due."""
