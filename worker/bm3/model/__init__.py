"""The architecture: configuration, vision tower, decoder, positions."""
