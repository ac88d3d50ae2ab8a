"""Every tuned constant of the reader, once, by the room that uses it: unit, meaning, tuned on which set, what breaks when off.

Lengths in `_PT` are points of the page, `_PX` pixels, `_MM` millimetres; what has no unit in its name says it in its comment.
"""
