"""Where a model's files are: a folder of this machine, or a hub id, taken from this machine's cache where it is there."""

from __future__ import annotations

from pathlib import Path

import httpx

HUB_ANSWERS_S = 10.0


def folder_of(path: str, revision: str | None) -> Path:
    """The folder of a path or a hub id, downloaded when it was never here before: a worker starts without the hub.

    Raises OSError when there is no such folder, or the model is not here and the hub cannot be reached or does not have it.
    Raises FileNotFoundError for a path that is no folder.
    """
    if Path(path).is_dir():
        return Path(path)
    if path.startswith(("/", ".", "~")):
        raise FileNotFoundError(f"no such folder: {path}")
    from huggingface_hub import snapshot_download  # only hub ids need it
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(path, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        _refuse_silent_hub(path)
        return Path(snapshot_download(path, revision=revision))


def _refuse_silent_hub(path: str) -> None:
    """The hub's own client tries for minutes where nobody answers; any answer at all is left to it."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return  # the client says so at once
    try:
        httpx.head(constants.ENDPOINT, timeout=HUB_ANSWERS_S)
    except httpx.HTTPError as error:
        raise OSError(
            f"{path} is not in this machine's cache, and {constants.ENDPOINT} cannot be reached ({error}): "
            "give the folder of a downloaded model instead"
        ) from error
