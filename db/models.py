"""All tables, imported once, so that `Base.metadata` is complete."""

from db.base import Base
from db.tables import Job
from db.tables_access import Tenant
from db.tables_dashboard import Correction
from db.tables_webhooks import WebhookEndpoint

__all__ = ["Base", "Correction", "Job", "Tenant", "WebhookEndpoint"]
