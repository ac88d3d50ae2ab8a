"""What every worker process needs: its consumer, its place in the list of workers, writes that outlast outages."""
