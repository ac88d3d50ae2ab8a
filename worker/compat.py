"""What transformers renamed between the oldest and the newest release that pyproject.toml allows; the one place that knows.

Until 5.23 a key/value cache is called `past_key_values` in arguments and outputs, from 5.24 on `cache`. Our own code says
`cache`; what transformers calls or is called with goes through here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar, cast

from transformers.modeling_outputs import BaseModelOutputWithPast

OLD_CACHE = "past_key_values"
CACHE = "cache" if any(field.name == "cache" for field in fields(BaseModelOutputWithPast)) else OLD_CACHE
"""The name that the installed transformers has for a cache."""

Method = TypeVar("Method", bound=Callable[..., Any])


def cache_argument(cache: Any) -> dict[str, Any]:
    """A cache as the keyword argument that modules of transformers take it by."""
    return {CACHE: cache}


def cache_of(outputs: Any) -> Any:
    """The cache in a model's outputs, or None."""
    return getattr(outputs, CACHE)


def takes_either_name(forward: Method) -> Method:
    """Let a method with a `cache` argument be called by its old name as well, as `generate` of older releases does."""

    @wraps(forward)
    def renamed(*arguments: Any, **named: Any) -> Any:
        if OLD_CACHE in named:
            named["cache"] = named.pop(OLD_CACHE)
        return forward(*arguments, **named)

    return cast(Method, renamed)
