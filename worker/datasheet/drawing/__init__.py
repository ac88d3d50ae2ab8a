"""One page understood as a drawing: shapes, dimension lines and their numbers, the scale."""
