"""From scenes and conversations to batches of tokens and patches."""
