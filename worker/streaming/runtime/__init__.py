"""What a runtime of the streaming engine is, whatever library runs the model: protocols and plain values."""
