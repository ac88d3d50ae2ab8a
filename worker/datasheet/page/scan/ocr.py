"""Reads text from pixels: a recognition model from the rapidocr package run on crops this project cuts itself."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

HEIGHT_PX = 48
MAX_WIDTH_PX = 1600
BATCH = 8
HALF_WHITE = 255 / 2  # the model takes grey levels from -1 to 1
WIDTH_STEP_PX = 16  # a crop is filled up to the next multiple, whatever else is read with it
LEAST_WIDTH_PX = 64
ALPHABET = set(
    "0123456789.,;:±+-–—_=~/\\|()[]<>{}'\"*#%&@!?$°ΦφøØ∅×□θαβμ ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
MODEL = "PP-OCRv6_rec_small.onnx"


def _model() -> Path:
    """The weights inside the rapidocr wheel, found without importing its pipeline, of which nothing is used."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("reading scans needs rapidocr: pip install 'bm3-vl[worker]'", name="rapidocr")
    return Path(spec.origin).parent / "models" / MODEL


class Recogniser:
    """One loaded model; every reading is limited to the letters that drawings use."""

    def __init__(self) -> None:
        import onnxruntime  # here: it takes longer to load than a vector drawing takes to read, and only scans need it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(_model()), options, providers=["CPUExecutionProvider"])
        letters = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._letters = ["", *letters, " "]
        self._input = self._session.get_inputs()[0].name

    def read(self, crops: list[Gray]) -> list[tuple[str, float]]:
        """Text and confidence (0..1) of each upright crop of one line, dark on light.

        Read together are only crops that are filled up to the same width: what a crop reads as, and how surely, does not
        depend on its company. Two numbers fuse into one where much is filled up.
        """
        scaled = [_scaled(c) for c in crops]
        alike: defaultdict[int, list[int]] = defaultdict(list)
        for i, crop in enumerate(scaled):
            alike[_filled_up(crop.shape[1])].append(i)
        results: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        for width, members in alike.items():
            for at in range(0, len(members), BATCH):
                chosen = members[at : at + BATCH]
                for i, result in zip(chosen, self._run([scaled[i] for i in chosen], width), strict=True):
                    results[i] = result
        return results

    def _run(self, crops: list[Gray], width: int) -> list[tuple[str, float]]:
        batch = np.zeros((len(crops), 3, HEIGHT_PX, width), np.float32)
        for i, crop in enumerate(crops):
            batch[i, :, :, : crop.shape[1]] = (crop.astype(np.float32) / HALF_WHITE - 1.0)[None]
        scores = self._session.run(None, {self._input: batch})[0]
        kept = self._kept(scores.shape[2])
        return [self._decode(row[:, kept], kept) for row in scores]

    def _kept(self, classes: int) -> NDArray[np.int64]:
        known = self._letters[:classes]
        return np.array([i for i, letter in enumerate(known) if i == 0 or letter in ALPHABET])

    def _decode(self, row: NDArray[np.float32], kept: NDArray[np.int64]) -> tuple[str, float]:
        best = row.argmax(axis=1)
        text, sure, last = "", [], 0
        for step, index in enumerate(best):
            if index and index != last:
                text += self._letters[kept[index]]
                sure.append(float(row[step, index]))
            last = index
        return text.strip(), float(np.mean(sure)) if sure else 0.0


def _filled_up(width: int) -> int:
    return max(LEAST_WIDTH_PX, -(-width // WIDTH_STEP_PX) * WIDTH_STEP_PX)


def _scaled(crop: Gray) -> Gray:
    height, width = crop.shape[:2]
    target = int(min(MAX_WIDTH_PX, max(WIDTH_STEP_PX, round(width * HEIGHT_PX / max(height, 1)))))
    shrink = cv2.INTER_AREA if height > HEIGHT_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (target, HEIGHT_PX), interpolation=shrink), dtype=np.uint8)


@cache
def recogniser() -> Recogniser:
    """The model, loaded at the first need and kept."""
    return Recogniser()
