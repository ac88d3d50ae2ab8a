"""One token through a linear-attention layer: what transformers' own layer gives, and the states where they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.worker.engines.models import HYBRIDS, stock_model
from worker.compat import cache_argument
from worker.streaming.state.delta_rule import linear_layer, one_token
from worker.streaming.state.recurrent import RecurrentState, StateShape, StateStep

TOKENS = 50
LIMIT = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


def states_of(model: Any, streams: int) -> list[RecurrentState]:
    """States that differ from stream to stream, and are those of a stream on its way."""
    shape = StateShape.of(model.config.get_text_config(), model.dtype, torch.device("cpu"))
    assert shape is not None
    states = [RecurrentState(shape) for _ in range(streams)]
    draw = torch.Generator().manual_seed(streams)
    for state in states:
        state.recurrent.normal_(generator=draw)
        state.conv.normal_(generator=draw)
    return states


def apart(got: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((got.float() - wanted.float()).abs().max() / wanted.float().abs().max())


@torch.no_grad()
@pytest.mark.parametrize("dtype", LIMIT, ids=str)
@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("family", HYBRIDS)
def test_it_is_the_stock_layer_token_by_token(family: str, streams: int, dtype: torch.dtype) -> None:
    model = stock_model(family, dtype=dtype)
    layer = model.model.language_model.layers[0]
    ours, theirs = states_of(model, streams), states_of(model, streams)
    where = [(state.recurrent.data_ptr(), state.conv.data_ptr()) for state in ours]
    draw = torch.Generator().manual_seed(7)
    for _ in range(TOKENS):
        hidden = torch.randn((streams, 1, model.config.get_text_config().hidden_size), generator=draw).to(dtype)
        wanted = layer.linear_attn(hidden, StateStep(theirs))  # by place: its name differs between releases
        assert apart(one_token(layer.linear_attn, hidden, ours), wanted) < LIMIT[dtype]
        for mine, stock in zip(ours, theirs, strict=True):
            assert apart(mine.recurrent[0], stock.recurrent[0]) < LIMIT[dtype]
            assert torch.equal(mine.conv[0], stock.conv[0])
    assert [(state.recurrent.data_ptr(), state.conv.data_ptr()) for state in ours] == where
    whole = layer(hidden, position_embeddings=None, **cache_argument(StateStep(theirs)))
    assert apart(linear_layer(layer, hidden, ours), whole) < LIMIT[dtype]


@torch.no_grad()
@pytest.mark.parametrize("family", HYBRIDS)
def test_a_batch_gives_each_stream_what_it_gets_alone(family: str) -> None:
    model = stock_model(family)
    layer = model.model.language_model.layers[0]
    together, alone = states_of(model, 4), states_of(model, 4)
    hidden = torch.randn((4, 1, model.config.get_text_config().hidden_size))
    batch = linear_layer(layer, hidden, together)
    for index, state in enumerate(alone):
        assert apart(linear_layer(layer, hidden[index : index + 1], [state]), batch[index : index + 1]) < 1e-5
        assert apart(state.recurrent[0], together[index].recurrent[0]) < 1e-5
