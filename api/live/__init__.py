"""Live views: what a watcher has read, the feeds of jobs, and the subscriber that wakes them."""
