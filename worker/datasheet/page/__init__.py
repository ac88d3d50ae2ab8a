"""From a PDF or an image to the marks of one page."""
