"""Triton kernels of a decode step: store the new token of every stream, attend over each stream's own rows, join the parts.

Each stream keeps the buffers it has, packed and of any size: a *plan* of int64 on the device says where they are. So nothing
is copied into a common pool, and what changes from step to step is the content of the plan, never a shape or an argument.
Rows are shared out over `splits` programs a head (split-KV, as in FlashDecoding), so that few streams fill a large card as well.

On a machine without a GPU the same kernels run interpreted (`TRITON_INTERPRET=1` before Triton is imported).
"""

# ruff: noqa: N803 - constants of a kernel are in capitals
from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

from worker.streaming.together.inputs import FIELDS

BLOCK_ROWS = 64  # keys that a program looks at together
LEAST_QUERIES = 16  # rows of the smallest matrix product on tensor cores
ELEMENTS = {torch.float32: tl.float32, torch.bfloat16: tl.bfloat16, torch.float16: tl.float16}


def _factor(dtype: torch.dtype) -> Any:
    """What products are made of: the elements themselves, but the interpreter would multiply the bits of a bfloat16."""
    return tl.float32 if triton.knobs.runtime.interpret and dtype is torch.bfloat16 else ELEMENTS[dtype]


@triton.jit(do_not_specialize=["layer"])  # type: ignore[untyped-decorator]
def _store(
    plan: Any, key: Any, value: Any, raw: Any, layer: Any,
    FIELDS: tl.constexpr, HEADS: tl.constexpr, DIM: tl.constexpr, WIDE: tl.constexpr, ELEMENT: tl.constexpr,
) -> None:  # fmt: skip
    """One program a stream and key head; `key`, `value` and `raw` are (streams, heads, dim)."""
    stream = tl.program_id(0)
    head = tl.program_id(1)
    line = plan + stream * FIELDS
    column = tl.arange(0, WIDE)
    inside = column < DIM
    source = (stream * HEADS + head) * DIM + column
    target = ((layer * HEADS + head) * tl.load(line + 4) + tl.load(line + 3)) * DIM + column
    keys = tl.load(line).to(tl.pointer_type(ELEMENT))
    values = tl.load(line + 1).to(tl.pointer_type(ELEMENT))
    tl.store(keys + target, tl.load(key + source, mask=inside), mask=inside)
    tl.store(values + target, tl.load(value + source, mask=inside), mask=inside)
    raw_row = tl.load(line + 5)
    if raw_row >= 0:
        target = ((layer * HEADS + head) * tl.load(line + 6) + raw_row) * DIM + column
        raws = tl.load(line + 2).to(tl.pointer_type(ELEMENT))
        tl.store(raws + target, tl.load(raw + source, mask=inside), mask=inside)


@triton.jit(do_not_specialize=["layer"])  # type: ignore[untyped-decorator]
def _attend(
    plan: Any, query: Any, parts: Any, sums: Any, layer: Any, scaling: Any, splits: Any,
    FIELDS: tl.constexpr, HEADS: tl.constexpr, GROUPS: tl.constexpr, DIM: tl.constexpr, WIDE: tl.constexpr,
    QUERIES: tl.constexpr, BLOCK: tl.constexpr, ELEMENT: tl.constexpr, FACTOR: tl.constexpr,
) -> None:  # fmt: skip
    """One program a stream, key head and split; `query` (streams, heads, groups, dim). The softmax is kept running."""
    stream = tl.program_id(0)
    head = tl.program_id(1)
    split = tl.program_id(2)
    line = plan + stream * FIELDS
    rows = tl.load(line + 3) + 1
    share = tl.cdiv(tl.cdiv(rows, splits), BLOCK) * BLOCK
    first = split * share
    last = tl.minimum(first + share, rows)
    column = tl.arange(0, WIDE)
    group = tl.arange(0, QUERIES)
    asking = (group[:, None] < GROUPS) & (column[None, :] < DIM)
    pair = stream * HEADS + head
    asked = tl.load(query + (pair * GROUPS + group[:, None]) * DIM + column[None, :], mask=asking, other=0.0).to(FACTOR)
    start = (layer * HEADS + head) * tl.load(line + 4) * DIM
    keys = tl.load(line).to(tl.pointer_type(ELEMENT)) + start
    values = tl.load(line + 1).to(tl.pointer_type(ELEMENT)) + start
    highest = tl.full((QUERIES,), float("-inf"), tl.float32)
    total = tl.zeros((QUERIES,), tl.float32)
    said = tl.zeros((QUERIES, WIDE), tl.float32)
    for begin in range(first, last, BLOCK):
        row = begin + tl.arange(0, BLOCK)
        here = (row[:, None] < last) & (column[None, :] < DIM)
        place = row[:, None] * DIM + column[None, :]
        seen = tl.load(keys + place, mask=here, other=0.0)
        scores = tl.dot(asked, tl.trans(seen.to(FACTOR)), input_precision="ieee") * scaling
        scores = tl.where(row[None, :] < last, scores, float("-inf"))
        top = tl.maximum(highest, tl.max(scores, 1))
        weights = tl.exp(scores - top[:, None])
        fade = tl.exp(highest - top)
        content = tl.load(values + place, mask=here, other=0.0)
        said = said * fade[:, None] + tl.dot(weights.to(ELEMENT).to(FACTOR), content.to(FACTOR), input_precision="ieee")
        total = total * fade + tl.sum(weights, 1)
        highest = top
    part = (pair * splits + split) * GROUPS + group
    tl.store(parts + part[:, None] * DIM + column[None, :], said, mask=asking)
    tl.store(sums + 2 * part, highest, mask=group < GROUPS)
    tl.store(sums + 2 * part + 1, total, mask=group < GROUPS)


@triton.jit  # type: ignore[untyped-decorator]
def _join(
    parts: Any, sums: Any, out: Any, splits: Any,
    GROUPS: tl.constexpr, DIM: tl.constexpr, WIDE: tl.constexpr, QUERIES: tl.constexpr, ELEMENT: tl.constexpr,
) -> None:  # fmt: skip
    """One program a stream and key head: the parts of its splits, weighted by what each has seen. An empty part weighs 0."""
    pair = tl.program_id(0)
    column = tl.arange(0, WIDE)
    group = tl.arange(0, QUERIES)
    asking = (group[:, None] < GROUPS) & (column[None, :] < DIM)
    highest = tl.full((QUERIES,), float("-inf"), tl.float32)
    total = tl.zeros((QUERIES,), tl.float32)
    said = tl.zeros((QUERIES, WIDE), tl.float32)
    for split in range(splits):
        part = (pair * splits + split) * GROUPS + group
        high = tl.load(sums + 2 * part, mask=group < GROUPS, other=0.0)
        top = tl.maximum(highest, high)
        fade = tl.exp(highest - top)
        weight = tl.exp(high - top)
        seen = tl.load(parts + part[:, None] * DIM + column[None, :], mask=asking, other=0.0)
        said = said * fade[:, None] + seen * weight[:, None]
        total = total * fade + tl.load(sums + 2 * part + 1, mask=group < GROUPS, other=1.0) * weight
        highest = top
    place = (pair * GROUPS + group[:, None]) * DIM + column[None, :]
    tl.store(out + place, (said / total[:, None]).to(ELEMENT), mask=asking)


@torch.library.custom_op(
    "bm3::decode_attention",
    mutates_args=(),  # what it writes is reached through the plan's pointers
    schema="(Tensor query, Tensor key, Tensor raw, Tensor value, Tensor plan, int layer, float scaling, int splits) -> Tensor",
)
def decode_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    raw: torch.Tensor,
    value: torch.Tensor,
    plan: torch.Tensor,
    layer: int,
    scaling: float,
    splits: int,
) -> torch.Tensor:
    """Store the new keys, raw keys and values, (streams, key heads, dim), by the plan (streams, FIELDS), and attend.

    `query` is (streams, heads, dim), rotated as `key` is; so is what comes back. A stream sees its rows up to the new one.
    """
    streams, heads, dim = query.shape
    kv_heads = key.shape[1]
    groups = heads // kv_heads
    sizes: dict[str, Any] = {"DIM": dim, "WIDE": triton.next_power_of_2(dim), "ELEMENT": ELEMENTS[query.dtype]}
    rows = {"GROUPS": groups, "QUERIES": max(LEAST_QUERIES, triton.next_power_of_2(groups))}
    parts = torch.empty((streams, kv_heads, splits, groups, dim), dtype=torch.float32, device=query.device)
    sums = torch.empty((streams, kv_heads, splits, groups, 2), dtype=torch.float32, device=query.device)
    out = torch.empty((streams, heads, dim), dtype=query.dtype, device=query.device)
    new = [part.contiguous() for part in (key, value, raw)]
    _store[(streams, kv_heads)](plan, *new, layer, FIELDS=FIELDS, HEADS=kv_heads, **sizes)
    _attend[(streams, kv_heads, splits)](
        plan, query.contiguous(), parts, sums, layer, scaling, splits,
        FIELDS=FIELDS, HEADS=kv_heads, BLOCK=BLOCK_ROWS, FACTOR=_factor(query.dtype), **rows, **sizes,
    )  # fmt: skip
    _join[(streams * kv_heads,)](parts, sums, out, splits, **rows, **sizes)
    return out
