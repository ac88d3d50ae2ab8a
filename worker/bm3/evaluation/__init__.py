"""How well a model captions: matching, scores, report."""
