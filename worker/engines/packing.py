"""Linear layers whose weights lie in memory as oneDNN multiplies a few rows with them: `linear=packed`, on a CPU.

A matrix product of few rows waits for memory, and PyTorch's own layout is read at full speed for one row only. What packing
gains and costs stands in decision 27; `python -m tests.bench.bench_packed` measures it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

LINEAR = ("plain", "packed")
ROWS = 2  # what oneDNN lays the weights out for: best over 1 to 16 rows of the 1, 2, 4 and 8 that were measured


class PackedLinear(nn.Module):
    """A linear layer for inference in float32; takes and gives what the layer it replaces does, (..., features)."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS)
        self.weight = nn.Parameter(packed, requires_grad=False)
        self.bias = linear.bias

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """`rows` (..., features in) to (..., features out)."""
        out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows, self.weight, self.bias, "none", [], "")
        return out


def _can_pack(device: str, dtype: torch.dtype) -> bool:
    has_onednn: Any = torch.backends.mkldnn.is_available  # untyped
    return device == "cpu" and dtype == torch.float32 and bool(has_onednn())


def pack(model: nn.Module, device: str, dtype: torch.dtype) -> None:
    """Replace a model's linear layers, one by one; a head that shares its weights with the embedding stays.

    What is not packed is copied, so that nothing holds the pages of a checkpoint that was mapped. More memory than the weights
    take stays all the same: decision 27.

    Raises ValueError where they cannot be packed.
    """
    if not _can_pack(device, dtype):
        raise ValueError("linear=packed is for device=cpu and dtype=float32 on processors of oneDNN: use linear=plain")
    embeddings = {id(part.weight) for part in model.modules() if isinstance(part, nn.Embedding)}
    for parent in list(model.modules()):
        for name, part in list(parent.named_children()):
            if type(part) is nn.Linear and id(part.weight) not in embeddings:
                setattr(parent, name, PackedLinear(part))
    for kept in (*model.parameters(), *model.buffers()):  # each once, also where two modules share it
        if kept.layout == torch.strided:
            kept.data = kept.data.clone()
