"""The only way out to the network: guarded addresses, guarded exchanges."""
