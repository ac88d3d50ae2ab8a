"""The ground floor of inference: what an engine is, and how a token is chosen; imports no engine."""
