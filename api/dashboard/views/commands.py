"""A job as what one would type to submit it again: a curl line, and Python with the client."""

from __future__ import annotations

import json
import shlex
from pprint import pformat
from typing import Any

from pydantic import ValidationError

from db.documents.kinds.live import shown_params
from db.documents.kinds.registry import KINDS
from db.schema.tables import Job

WIDTH = 100


def curl_options(job: Job) -> str:
    """What stands between `curl` and the address; the key comes from the environment."""
    body = json.dumps({"kind": job.kind, "params": asked(job)}, ensure_ascii=False)
    return f'-H "Authorization: Bearer $BM3_API_KEY" -H "Content-Type: application/json" \\\n  -d {shlex.quote(body)}'


def python_lines(job: Job) -> str:
    """The submit and the wait, of a connected client."""
    params = pformat(asked(job), width=WIDTH, sort_dicts=False)
    return f"params = {params}\njob = client.submit({job.kind!r}, params)\nresult = client.wait(job).result"


def asked(job: Job) -> dict[str, Any]:
    """The parameters that say more than their defaults do."""
    try:
        params = KINDS[job.kind].params.model_validate(job.params)
    except (KeyError, ValidationError):  # of another release: shown as they are
        return shown_params(job.params)
    return shown_params(params.model_dump(mode="json", exclude_defaults=True))
