"""The pages of the dashboard, in the order in which their paths are looked at."""

from __future__ import annotations

from fastapi import APIRouter

from api.dashboard import (
    account_pages,
    chat_page,
    datasheet_page,
    fleet_page,
    job_page,
    jobs_page,
    live_page,
    login_page,
    search_page,
    share_page,
    submit_page,
    webhooks_page,
)

# Fixed paths before those with a name in them.
PAGES: tuple[APIRouter, ...] = (
    login_page.router,
    jobs_page.router,
    search_page.router,
    submit_page.router,
    chat_page.router,
    live_page.router,
    job_page.router,
    datasheet_page.router,
    webhooks_page.router,
    fleet_page.router,
    account_pages.router,
    share_page.router,
)
