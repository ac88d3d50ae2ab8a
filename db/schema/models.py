"""All tables, imported once, so that `Base.metadata` is complete."""

from db.schema.base import Base
from db.schema.tables import Job
from db.schema.tables_access import Tenant
from db.schema.tables_dashboard import Correction
from db.schema.tables_webhooks import WebhookEndpoint

__all__ = ["Base", "Correction", "Job", "Tenant", "WebhookEndpoint"]
