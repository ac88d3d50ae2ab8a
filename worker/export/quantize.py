"""Weights of few bits in blocks along the input: the layout of ONNX Runtime's MatMulNBits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
SMALLEST_BLOCK = 16
LOW, HIGH = np.uint8(15), np.uint8(4)  # the lower half of a byte, and where the upper one is
SLAB_NUMBERS = 1 << 22
SHARES = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7)  # of a block's range, tried by `least_squares`


@dataclass(frozen=True)
class Quantized:
    """A matrix of (outputs, inputs): value = (code - zero) * scale, for each block of `block` inputs.

    packed (outputs, blocks, block * bits / 8) uint8, scales (outputs, blocks) float32, zeros (outputs,
    ceil(blocks * bits / 8)) uint8; of two 4-bit numbers in a byte the first is the lower one.
    """

    bits: int
    block: int
    inputs: int
    packed: NDArray[np.uint8]
    scales: NDArray[np.float32]
    zeros: NDArray[np.uint8]


def block_for(inputs: int, asked: int) -> int:
    """The block of a matrix: the one asked for, or the largest power of two that such few inputs fill."""
    while asked > SMALLEST_BLOCK and asked > inputs:
        asked //= 2
    return asked


def blocks_of(weights: Weights, block: int) -> Weights:
    """(outputs, inputs) -> (outputs, blocks, block), filled up with zeros."""
    outputs, inputs = weights.shape
    blocks = -(-inputs // block)
    if blocks * block != inputs:
        weights = np.pad(weights, ((0, 0), (0, blocks * block - inputs)))
    return weights.reshape(outputs, blocks, block)


def ranges(blocked: Weights, bits: int) -> tuple[Weights, Weights]:
    """(scale, zero point) of each block, (outputs, blocks, 1), from its least and largest value; zero is a whole number."""
    most = (1 << bits) - 1
    low = np.minimum(blocked.min(axis=2, keepdims=True), 0)
    high = np.maximum(blocked.max(axis=2, keepdims=True), 0)
    scale = (high - low) / most
    scale = np.where(scale > 0, scale, np.float32(1))
    return scale.astype(np.float32), np.clip(np.rint(-low / scale), 0, most)


def encode(blocked: Weights, scale: Weights, zero: Weights, bits: int) -> NDArray[np.uint8]:
    """The nearest code of every value."""
    codes: NDArray[np.uint8] = np.clip(np.rint(blocked / scale) + zero, 0, (1 << bits) - 1).astype(np.uint8)
    return codes


def round_to_nearest(weights: Weights, bits: int, block: int) -> Quantized:
    """Every value to the nearest of its block's steps, which reach from the block's least to its largest value."""
    return _by_slabs(weights, bits, block, ranges)


def least_squares(weights: Weights, bits: int, block: int) -> Quantized:
    """The same with narrower steps where they leave a smaller squared error: a block's few outermost values are cut off."""
    return _by_slabs(weights, bits, block, narrowed)


METHODS: dict[str, Callable[[Weights, int, int], Quantized]] = {
    "round-to-nearest": round_to_nearest,
    "least-squares": least_squares,
}


def narrowed(blocked: Weights, bits: int) -> tuple[Weights, Weights]:
    """(scale, zero point) of each block as `ranges` has them, of the share of the range that rounds best."""
    best_scale, best_zero = ranges(blocked, bits)
    least = _squared_error(blocked, best_scale, best_zero, bits)
    for share in SHARES:
        scale, zero = ranges(blocked * np.float32(share), bits)
        error = _squared_error(blocked, scale, zero, bits)
        better = error < least
        best_scale, best_zero = np.where(better, scale, best_scale), np.where(better, zero, best_zero)
        least = np.where(better, error, least)
    return best_scale, best_zero


def _squared_error(blocked: Weights, scale: Weights, zero: Weights, bits: int) -> Weights:
    codes = np.clip(np.rint(blocked / scale) + zero, 0, (1 << bits) - 1)
    error: Weights = np.square((codes - zero) * scale - blocked).sum(axis=2, keepdims=True)
    return error


def _by_slabs(
    weights: Weights, bits: int, block: int, steps: Callable[[Weights, int], tuple[Weights, Weights]]
) -> Quantized:
    """A slab of rows at a time, so that little memory is taken."""
    rows = max(1, SLAB_NUMBERS // weights.shape[1])
    parts = []
    for start in range(0, len(weights), rows):
        blocked = blocks_of(weights[start : start + rows], block)
        scale, zero = steps(blocked, bits)
        parts.append(pack(encode(blocked, scale, zero, bits), scale, zero, bits, weights.shape[1]))
    return joined(parts)


def joined(parts: list[Quantized]) -> Quantized:
    """Slabs of rows as one matrix."""
    packed, scales, zeros = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("packed", "scales", "zeros")
    )
    return Quantized(parts[0].bits, parts[0].block, parts[0].inputs, packed, scales, zeros)


def pack(codes: NDArray[np.uint8], scale: Weights, zero: Weights, bits: int, inputs: int) -> Quantized:
    """Codes (outputs, blocks, block) in the layout of the operator."""
    zeros = zero[..., 0].astype(np.uint8)
    block = codes.shape[2]
    if bits == 4:
        codes = codes[..., ::2] | (codes[..., 1::2] << HIGH)
        if zeros.shape[1] % 2:
            zeros = np.pad(zeros, ((0, 0), (0, 1)))
        zeros = zeros[:, ::2] | (zeros[:, 1::2] << HIGH)
    return Quantized(bits, block, inputs, codes, np.ascontiguousarray(scale[..., 0], dtype=np.float32), zeros)


def unpack(quantized: Quantized) -> Weights:
    """The matrix (outputs, inputs) that the codes stand for."""
    codes, zeros = quantized.packed, quantized.zeros
    outputs, blocks = quantized.scales.shape
    if quantized.bits == 4:
        codes = np.stack((codes & LOW, codes >> HIGH), axis=-1).reshape(outputs, blocks, quantized.block)
        zeros = np.stack((zeros & LOW, zeros >> HIGH), axis=-1).reshape(outputs, -1)[:, :blocks]
    values = (codes.astype(np.float32) - zeros[..., None].astype(np.float32)) * quantized.scales[..., None]
    return values.reshape(outputs, -1)[:, : quantized.inputs]
