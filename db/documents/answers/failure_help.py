"""What each failure code means for its reader, and what helps."""

from __future__ import annotations

from typing import NamedTuple

from .failures import Failure


class FailureHelp(NamedTuple):
    """What happened, and what to do about it."""

    meaning: str
    remedy: str


AGAIN = "Nothing: it is tried again by itself, with the progress kept"
HELP: dict[Failure, FailureHelp] = {
    Failure.INVALID_MEDIA: FailureHelp("The bytes are not a readable video or image", "Send another file"),
    Failure.TRUNCATED_MEDIA: FailureHelp(
        "The file breaks off; the captions up to there are kept", "Upload the file whole"
    ),
    Failure.TOO_LONG: FailureHelp(
        "The input is longer than the request or the server allows",
        "The message names the limit: shorten it, or raise it",
    ),
    Failure.TOO_LARGE: FailureHelp(
        "The input is larger than the request or the server allows",
        "The message names the limit: send less, or raise it",
    ),
    Failure.UNSUPPORTED: FailureHelp(
        "This kind, codec or option is not served here",
        "The message names what is: convert the file, or leave the option out",
    ),
    Failure.BLOCKED_ADDRESS: FailureHelp(
        "The address may not be reached from here", "Upload the file, or ask the administrator to allow the network"
    ),
    Failure.FETCH_FAILED: FailureHelp("The address did not give the file", "Check the address, or upload the file"),
    Failure.BAD_DOCUMENT: FailureHelp("The bytes are not a readable PDF or image", "Send another file"),
    Failure.BAD_PARAMS: FailureHelp(
        "The parameters do not fit the input", "The message says which: change them and retry"
    ),
    Failure.CONTEXT_TOO_SMALL: FailureHelp(
        "The options need more tokens than the model has", "Take a smaller window, fewer frames, or another model"
    ),
    Failure.MODEL_UNAVAILABLE: FailureHelp(
        "There is no such model here, or it does not load", "`GET /v1/models` names what is served"
    ),
    Failure.POISON: FailureHelp(
        "The worker died three times at the same place of this input, with no other job at its side",
        "Report it with the input",
    ),
    Failure.STALLED: FailureHelp("No progress was made for too long", "Look at the job's history; retry it"),
    Failure.RUN_TIME_EXCEEDED: FailureHelp(
        "The job ran for longer than the service allows", "Split the input, or ask the administrator for more time"
    ),
    Failure.RETRIES_EXHAUSTED: FailureHelp(
        "It was tried as often as the service allows", "Look at the job's history for what failed; retry it later"
    ),
    Failure.INTERNAL: FailureHelp("The service made a mistake", "Report it with the job's id"),
    Failure.STORAGE_REFUSED: FailureHelp("The object store refuses the service's writes", "Tell the administrator"),
    Failure.WORKER_LOST: FailureHelp("The worker ended in the middle", AGAIN),
    Failure.STORAGE: FailureHelp("The object store could not be reached", AGAIN),
    Failure.BROKER: FailureHelp("Redis could not be reached", AGAIN),
    Failure.DATABASE: FailureHelp("The database could not be reached", AGAIN),
    Failure.ENGINE_UNREACHABLE: FailureHelp("The model's engine or server could not be reached", AGAIN),
    Failure.GPU_OOM: FailureHelp(
        "The device had no memory left", "Nothing: it is tried again by itself with smaller frames"
    ),
}
