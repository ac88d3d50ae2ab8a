"""The body of a package: its outline, its height, its tables."""
