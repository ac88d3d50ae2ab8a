"""The land pattern: which shapes are pads, where they lie in millimetres, and which numbers they have."""
