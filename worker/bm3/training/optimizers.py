"""Which optimizer moves which weights."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import AdamW, Muon, Optimizer

from worker.bm3.training.recipe import OptimizerTable

MUON_MOMENTUM = 0.95  # as in arXiv 2502.16982


def optimizers(model: nn.Module, table: OptimizerTable) -> list[Optimizer]:
    """AdamW for all, or Muon (kellerjordan.github.io/posts/muon) for the matrices inside layers and AdamW for the rest.

    Matrices decay; norms, biases and embeddings do not. Groups carry `lr_share`, their part of the scheduled rate.
    """
    learned = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    patches = [p for name, p in learned if name.endswith("patch_embed.proj.weight")]
    matrices = [p for name, p in learned if p.ndim >= 2 and "embed" not in name]
    plain = [p for name, p in learned if not any(p is other for other in (*patches, *matrices))]
    by_matrix = [_group(matrices, table.weight_decay)]
    rest = [group for group in (_group(plain, 0.0), _group(patches, 0.0, table.patch_lr_share)) if group["params"]]
    if table.matrices == "adamw":
        return [_adamw([*by_matrix, *rest], table)]
    # Scaled so that a step is as long as AdamW's would be (arXiv 2502.16982): one learning rate serves both.
    muon = Muon(by_matrix, lr=table.peak_lr, momentum=MUON_MOMENTUM, adjust_lr_fn="match_rms_adamw")
    return [muon, _adamw(rest, table)] if rest else [muon]  # adapters are matrices alone


def _adamw(groups: list[dict[str, Any]], table: OptimizerTable) -> Optimizer:
    return AdamW(groups, lr=table.peak_lr, betas=table.betas)


def _group(parameters: list[nn.Parameter], decay: float, lr_share: float = 1.0) -> dict[str, Any]:
    return {"params": parameters, "weight_decay": decay, "lr_share": lr_share}
