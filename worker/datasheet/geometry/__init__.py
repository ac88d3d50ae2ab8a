"""What a page is made of: strokes, outlines and words, in points, x right and y down."""
