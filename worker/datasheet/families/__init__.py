"""One drawing for many parts: a table or a formula gives its letters their values."""
