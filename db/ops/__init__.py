"""What operators need: migrations, the doctor, logs, sweeps, and crash points for fault tests."""
