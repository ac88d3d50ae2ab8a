"""Who may do what: tenants, users, keys, logins, shared links, and the audit log."""
