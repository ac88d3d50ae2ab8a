"""What a stream carries from chunk to chunk beside its keys and values, and what it can be started again from."""
