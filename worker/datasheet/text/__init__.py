"""What printed words say: lines of text, quantities with tolerances, dimension tables."""
