"""The desktop application: datasheets and videos of a server elsewhere in the house, on an engineer's own desk."""
