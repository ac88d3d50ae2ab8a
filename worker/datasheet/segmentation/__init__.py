"""Parts a page into figures: what is drawn together, under which title, and what kind of figure it is."""
