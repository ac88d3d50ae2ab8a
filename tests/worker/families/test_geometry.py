"""The vision grid against the stock processors: same sizes, same patches, same normalisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import Qwen2VLVideoProcessor, Qwen3VLVideoProcessor

from worker.engine.protocol import Frame
from worker.engines.loading import normalisation
from worker.families import FAMILIES
from worker.families.geometry import Geometry, fit, groups, patches, smart_size

qwen_vl_utils = pytest.importorskip("qwen_vl_utils")

STOCK = {
    "qwen2_vl": (Qwen2VLVideoProcessor, 14),
    "qwen2_5_vl": (Qwen2VLVideoProcessor, 14),
    "qwen3_vl": (Qwen3VLVideoProcessor, 16),
}


def geometry_of(family: str, patch_px: int) -> Geometry:
    return Geometry(patch_px, 2, 2, FAMILIES[family].mean, FAMILIES[family].std)


def noise(height_px: int, width_px: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


@pytest.mark.parametrize("family", STOCK)
def test_pixel_values_are_those_of_the_stock_processor(family: str) -> None:
    processor_class, patch_px = STOCK[family]
    geometry = geometry_of(family, patch_px)
    height, width = 4 * geometry.factor_px, 6 * geometry.factor_px
    frames = [noise(height, width, seed) for seed in range(4)]
    processor = processor_class(
        do_resize=False, do_sample_frames=False, image_mean=geometry.mean, image_std=geometry.std, patch_size=patch_px
    )
    expected = processor(videos=[torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)], return_tensors="pt")
    ours = np.concatenate([patches(frames[i : i + 2], geometry) for i in (0, 2)])
    scale = normalisation(geometry, torch.device("cpu"))
    assert expected["video_grid_thw"].tolist() == [[2, *geometry.grid(height, width)]]
    got = torch.from_numpy(ours).float() * scale.scale + scale.shift
    assert torch.allclose(got, expected["pixel_values_videos"], atol=1e-5)


@given(st.integers(16, 5000), st.integers(16, 5000), st.sampled_from([28, 32]), st.integers(64 * 64, 2000 * 2000))
def test_sizes_are_those_of_qwen_vl_utils(width: int, height: int, factor: int, most: int) -> None:
    """Wherever theirs keeps the budget: an extreme strip exceeds it there, or vanishes."""
    if max(width, height) / min(width, height) > 200:
        return
    theirs = qwen_vl_utils.smart_resize(height, width, factor=factor, min_pixels=1, max_pixels=most)
    if 0 < theirs[0] * theirs[1] <= most:
        assert smart_size(width, height, factor, most) == theirs[::-1]


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([16, 28, 32, 64]), st.integers(64 * 64, 4096 * 4096))
def test_sizes_keep_the_budget_and_the_grid(width: int, height: int, factor: int, most: int) -> None:
    fitted = smart_size(width, height, factor, most)
    assert fitted[0] * fitted[1] <= most
    assert all(side >= factor and side % factor == 0 for side in fitted)


@given(st.lists(st.sampled_from([16, 32]), min_size=1, max_size=9), st.sampled_from([1, 2, 3]))
def test_groups_are_full_and_of_one_size_and_lose_no_frame(widths: list[int], size: int) -> None:
    frames = [Frame(100 * index, noise(16, width)) for index, width in enumerate(widths)]
    grouped = groups(frames, size)
    assert all(len(group) == size for group in grouped)
    assert all(len({f.pixels.shape for f in group}) == 1 for group in grouped)
    seen = [pts for group in grouped for pts in dict.fromkeys(frame.pts_ms for frame in group)]
    assert seen == [f.pts_ms for f in frames]


def test_a_picture_that_fits_is_not_touched() -> None:
    geometry = geometry_of("qwen3_vl", 16)
    picture = noise(32, 64)
    assert fit(picture, geometry, 64 * 64) is picture
    assert fit(picture, geometry, 32 * 32).shape == (32, 32, 3)
    assert fit(noise(33, 65), geometry, 64 * 64).shape == (32, 64, 3)
