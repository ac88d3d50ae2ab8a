"""What may come next in an answer that is held to a JSON schema: token masks by llguidance through its numpy interface.

Works for any engine that shows its logits: the mask is made for one answer, token by token, and costs a fraction of a
millisecond on a vocabulary of 150,000.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import llguidance.numpy as bitmasks
import numpy as np
from llguidance import LLMatcher, LLTokenizer
from numpy.typing import NDArray

from db.failures import Failure
from worker.errors import Permanent

COMPACT: Any = {"whitespace_flexible": False}
STEP = 0.0001


def vocabulary(tokenizer: str, end_id: int, size: int) -> LLTokenizer:
    """The tokenizer, given as the text of its tokenizer.json, as llguidance sees it.

    Takes about a second for a large vocabulary, so keep it with the model.

    `end_id` is the token that ends an answer, `size` the number of logits, which may be larger than the vocabulary.
    """
    return LLTokenizer(tokenizer, n_vocab=size, eos_token=end_id)


def _stepped(schema: Any) -> Any:
    """The schema with the decimals of its numbers counted: bounds alone let a model write digits without end."""
    if isinstance(schema, list):
        return [_stepped(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _stepped(part) for key, part in schema.items()}
    return {"multipleOf": STEP, **inner} if schema.get("type") == "number" else inner


class Grammar:
    """The state of one answer. Raises Permanent(BAD_PARAMS) for a schema that cannot be compiled."""

    def __init__(self, tokens: LLTokenizer, schema: dict[str, Any]) -> None:
        compiled = LLMatcher.grammar_from_json_schema(json.dumps(_stepped(schema)), defaults=COMPACT)
        wrong = LLMatcher.validate_grammar(compiled, tokens)
        if wrong:
            raise Permanent(Failure.BAD_PARAMS, f"the schema cannot be compiled: {wrong[:300]}")
        self._matcher = LLMatcher(tokens, compiled)
        self._size = tokens.vocab_size
        self._bits = bitmasks.allocate_token_bitmask(1, self._size)
        self._consumed = 0

    def allowed(self, said: Sequence[int]) -> NDArray[np.bool_]:
        """Which tokens may follow what was `said` so far, (vocabulary,); `said` only ever grows.

        Raises Permanent (INTERNAL) for a token that was chosen against the schema.
        """
        for token in said[self._consumed :]:
            if not self._matcher.consume_token(token):
                raise Permanent(Failure.INTERNAL, f"token {token} was chosen against the schema")
        self._consumed = len(said)
        bitmasks.fill_next_token_bitmask(self._matcher, self._bits)
        flags = np.unpackbits(self._bits.view(np.uint8), bitorder="little")[: self._size]
        return flags.astype(np.bool_)

    @property
    def ended(self) -> bool:
        """Whether nothing but the end may follow."""
        return bool(self._matcher.is_stopped())
