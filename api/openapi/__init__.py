"""The OpenAPI document beyond what FastAPI writes: texts, examples, results, events and webhooks."""
