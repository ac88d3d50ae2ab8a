"""What follows from a datasheet's values without reading it again: checks, courtyard, computed patterns, files."""
