"""Object stores: one protocol, a local folder and S3 behind it."""
