"""From a request to a stored job: derived parameters, quotas, idempotency, trying again, corrections."""
