"""The result document: assembled, checked against a second source, compared, laid over the page."""
