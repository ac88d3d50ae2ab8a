"""The tokenizer writes any text losslessly, and captions in a token a word."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from worker.bm3.data.tokenizer import SPECIAL_TOKENS, corpus, train, wrap
from worker.bm3.scenes.scenes import PRESETS, Scene, vocabulary

SIZE = 2048


@lru_cache
def tokenizer() -> PreTrainedTokenizerBase:
    return wrap(train(corpus(), SIZE))


def ids(text: str) -> list[int]:
    out: list[int] = tokenizer().encode(text, add_special_tokens=False)
    return out


def test_has_the_size_asked_for_and_special_tokens_first() -> None:
    assert len(tokenizer()) == SIZE
    assert tokenizer().convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(len(SPECIAL_TOKENS)))
    assert tokenizer().eos_token == "<|im_end|>"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_comes_back(text: str) -> None:
    import unicodedata

    normal = unicodedata.normalize("NFC", text)
    assert tokenizer().decode(ids(text)) == normal


@pytest.mark.parametrize("word", vocabulary(PRESETS["nano"]))
def test_a_word_of_the_caption_language_is_one_token(word: str) -> None:
    assert len(ids(f" {word}")) <= (1 if word.isalpha() else 2)


def test_captions_take_few_tokens() -> None:
    for caption in islice(Scene(3, PRESETS["nano"]).captions(), 200):
        assert len(ids(caption)) <= len(caption.replace(",", " ,").split()) + 1


def test_chat_template_is_chatml() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "image"}, {"type": "video"}, {"type": "text", "text": "What?"}]},
    ]
    text = tokenizer().apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>"
        "<|video_pad|>What?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_saved_and_read_back_is_the_same(tmp_path: Path) -> None:
    tokenizer().save_pretrained(tmp_path)
    back = AutoTokenizer.from_pretrained(tmp_path)
    text = "<|im_start|>assistant\nred circle enters from the left again<|im_end|>\n"
    assert back.encode(text) == tokenizer().encode(text)
    assert back.chat_template == tokenizer().chat_template
