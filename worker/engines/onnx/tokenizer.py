"""A tokenizer.json without transformers: ids of plain text, special tokens by name, text of ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from llguidance import LLTokenizer
from tokenizers import Tokenizer

from db.failures import Failure
from worker.engines import grammar
from worker.errors import Permanent

CACHED_TEXTS = 1024  # texts whose tokens are kept; marks and prompts come again with every chunk


class FileTokenizer:
    """Never reads marks out of a user's text."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._tokenizer.encode_special_tokens = True  # `<|im_end|>` in a text is text
        self.text = lru_cache(CACHED_TEXTS)(self._text)  # the same marks come with every chunk

    def _text(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def mark(self, name: str) -> int:
        """The id of a special token. Raises Permanent (MODEL_UNAVAILABLE) for a tokenizer that lacks it."""
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"the tokenizer has no {name}")
        return int(token)

    def words(self, end_id: int, size: int) -> LLTokenizer:
        """The vocabulary for answers held to a schema; `size` is the number of logits."""
        return grammar.vocabulary(self._tokenizer.to_str(), end_id, size)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))
