"""One file per job kind: its parameters and its result, the same classes from HTTP to the handler."""
