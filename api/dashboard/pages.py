"""The pages of the dashboard, in the order in which their paths are looked at."""

from __future__ import annotations

from fastapi import APIRouter

from api.dashboard import job_page, jobs_page, login_page

# Fixed paths before those with a name in them.
PAGES: tuple[APIRouter, ...] = (login_page.router, jobs_page.router, job_page.router)
