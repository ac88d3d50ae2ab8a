"""Live input: a source is followed as long as it lasts, and every second is captioned or told as a gap."""
