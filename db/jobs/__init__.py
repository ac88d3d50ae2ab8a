"""Everything that is asked of jobs: submitting, claiming, writing progress, ending, counting."""
