"""Live sources: reached by the supervisor through the egress guard, handed to the model child as bytes or as a tunnel."""
