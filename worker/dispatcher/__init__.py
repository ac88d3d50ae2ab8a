"""The process that takes up again whatever was left behind; one leads, others stand by."""
