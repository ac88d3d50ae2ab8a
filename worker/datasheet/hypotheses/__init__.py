"""What a land pattern may be: hypotheses about which shapes of a figure are its pads, solved and ranked against each other."""
