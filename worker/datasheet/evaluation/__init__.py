"""Scores the reader on real drawings: rows per drawing, kinds of failure, pictures and the lookup baseline."""
