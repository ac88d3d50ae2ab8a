"""The streams of one decode step in one attention call a layer, as a step of fixed shapes that a CUDA graph can hold."""
