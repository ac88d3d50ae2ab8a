"""The tokenizer of BM3-VL: byte-level BPE with Qwen's special tokens and chat template, trained by this script.

python -m worker.bm3.tokenizer OUT_FOLDER [--size 2048] [--corpus FILE ...]
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from db.documents.kinds.video import DEFAULT_PROMPT
from worker.bm3.scenes.scenes import PRESETS, Scene, snapshot, vocabulary

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
VISION_START, VISION_END = "<|vision_start|>", "<|vision_end|>"
IMAGE_TOKEN, VIDEO_TOKEN = "<|image_pad|>", "<|video_pad|>"
SPECIAL_TOKENS = (
    END_OF_TEXT,
    TURN_START,
    TURN_END,
    VISION_START,
    VISION_END,
    "<|vision_pad|>",
    IMAGE_TOKEN,
    VIDEO_TOKEN,
)

DENSE_PROMPT = "Describe what is in the picture."

# Qwen2's rule: contractions, words with their space, single digits, marks, line ends.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# A video is one <|video_pad|>: the processor puts a timestamp and <|vision_start|> ... <|vision_end|> for each frame group.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' -%}{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}"
    "{%- elif part['type'] == 'video' -%}{{- '<|video_pad|>' -}}"
    "{%- elif part['type'] == 'text' -%}{{- part['text'] -}}"
    "{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{{- '<|im_end|>\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)

# English beside the captions, so that a prompt of the user's own is more than single bytes.
ENGLISH_MODULES = (argparse, inspect, json)
CAPTION_SCENES, CAPTIONS_PER_SCENE = 40, 50


def corpus(files: Iterable[Path] = ()) -> Iterator[str]:
    """The text the merges are learned from: captions, prompts, timestamps, plain English, and any files given."""
    options = PRESETS["nano"]
    for word in vocabulary(options):
        yield from [word, f" {word}"] * 20
    yield from [DEFAULT_PROMPT, DENSE_PROMPT] * 100
    yield from ["user\n", "assistant\n", "system\n", "<1 seconds>"] * 100
    for seed in range(CAPTION_SCENES):
        yield from islice(Scene(seed, options).captions(), CAPTIONS_PER_SCENE)
        yield snapshot(seed, options)[1]
    for module in ENGLISH_MODULES:
        yield from inspect.getsource(module).splitlines()
    for file in files:
        yield from file.read_text(encoding="utf-8").splitlines()


def train(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Byte-level BPE; the special tokens take the first ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """As a transformers tokenizer with the chat template; `<|im_end|>` ends a reply."""
    make: Any = PreTrainedTokenizerFast  # its constructor has no annotations
    wrapped: PreTrainedTokenizerFast = make(
        tokenizer_object=tokenizer,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        extra_special_tokens={"image_token": IMAGE_TOKEN, "video_token": VIDEO_TOKEN,
                              "vision_start_token": VISION_START, "vision_end_token": VISION_END},
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=1_000_000,
    )  # fmt: skip
    return wrapped
