"""What the HTTP API answers with: the same classes in the server and in its clients."""
