"""Packed linear layers: the same numbers as PyTorch's own, where they can be had, and no weight twice."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from db.failures import Failure
from tests.worker.engines.models import ALL, OPTIONS, checkpoint_folder, chunk, tiny_engine
from worker.engines.loading import load
from worker.engines.packing import PackedLinear, pack
from worker.engines.spec import ModelSpec
from worker.errors import Permanent


@pytest.mark.parametrize("rows", [(1,), (2, 1), (8, 1), (3, 40), (1, 300)])
@pytest.mark.parametrize("bias", [False, True])
def test_a_packed_layer_gives_what_the_plain_one_does(rows: tuple[int, ...], bias: bool) -> None:
    plain = nn.Sequential(nn.Linear(96, 200, bias=bias))
    given = torch.randn(*rows, 96)
    expected = plain(given)
    pack(plain, "cpu", torch.float32)
    assert isinstance(plain[0], PackedLinear)
    with torch.inference_mode():
        torch.testing.assert_close(plain(given), expected, atol=2e-6, rtol=2e-6)
        across = given.mT.contiguous().mT  # as attention hands its heads on: not in the order of memory
        torch.testing.assert_close(plain(across), expected, atol=2e-6, rtol=2e-6)


@pytest.mark.parametrize("family", ALL)
def test_both_ways_say_the_same_in_as_many_bytes(family: str) -> None:
    said, bytes_of, parameters = {}, {}, {}
    for linear in ("plain", "packed"):
        engine = tiny_engine(family, linear=linear)
        try:
            session = engine.open(OPTIONS)
            said[linear] = [session.feed(chunk(index)).token_ids for index in range(8)]
            bytes_of[linear], parameters[linear] = engine.info.memory_bytes, engine.info.parameters
        finally:
            engine.close()
    assert said["packed"] == said["plain"]
    assert bytes_of["packed"] == bytes_of["plain"]
    assert parameters["packed"] == parameters["plain"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"linear": "packed", "dtype": "bfloat16"}, "use linear=plain"),
        ({"linear": "folded"}, "one of plain, packed"),
    ],
)
def test_what_cannot_be_packed_is_refused_in_a_sentence(options: dict[str, str], said: str) -> None:
    spec = ModelSpec("tiny", "pytorch", str(checkpoint_folder("qwen3_vl")), {"device": "cpu", **options})
    with pytest.raises(Permanent, match=said) as refused:
        load(spec)
    assert refused.value.code == Failure.MODEL_UNAVAILABLE
