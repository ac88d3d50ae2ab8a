"""Models of random weights for the CPU benchmark, one for each runtime."""
