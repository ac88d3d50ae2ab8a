"""A split model against the whole one: tokens, chunks, bytes on the wire, memory a node."""
