"""From the pixels of a scan to the marks that a vector page has."""
