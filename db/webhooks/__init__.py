"""Webhook endpoints, their deliveries and their signing keys."""
