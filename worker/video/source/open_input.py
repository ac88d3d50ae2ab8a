"""How a video is opened by PyAV, wherever it is read."""

from __future__ import annotations

from typing import Any, cast

import av
import av.logging
from av.container import InputContainer


def open_input(source: Any, **arguments: Any) -> InputContainer:
    """`av.open` for reading, with FFmpeg's messages going nowhere. Raises what `av.open` does.

    Whoever asks PyAV for messages (torchvision 0.24 does, when it is imported) gets them through a callback that needs the
    interpreter's lock. Closing a decoder holds that lock and waits for its threads, and one of them may be about to log.
    """
    av.logging.set_level(None)
    return cast(InputContainer, av.open(source, **arguments))
