"""One model over several machines: each node holds a range of its layers, hidden states go from node to node."""
