"""Real pictures with names, where Debian's `fonts-noto-color-emoji` and `tuxpaint-stamps-default` are installed."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

EMOJI_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
EMOJI_PX = 109  # the one size this bitmap font has
STAMPS = Path("/usr/share/tuxpaint/stamps")

EMOJI = {
    "apple": "🍎",
    "banana": "🍌",
    "cat face": "🐱",
    "dog face": "🐶",
    "car": "🚗",
    "bus": "🚌",
    "clock": "🕒",
    "flower": "🌼",
    "tree": "🌳",
    "sun": "🌞",
    "moon": "🌙",
    "rocket": "🚀",
    "ball": "⚽",
    "book": "📕",
    "key": "🔑",
    "fish": "🐟",
    "frog": "🐸",
    "ghost": "👻",
    "house": "🏠",
    "umbrella": "☂",
    "pizza": "🍕",
    "robot": "🤖",
    "bell": "🔔",
    "guitar": "🎸",
}
STAMP_FOLDERS = ("animals", "clothes", "food", "household", "sports", "vehicles")
LEFT_OUT = {"orange", "star", "heart", "cross"}  # words that the captions use otherwise
LEFT_OUT |= {
    "button",
    "cylinder",
    "garlics",
    "pengwin",
    "tender",
    "terex",
    "tux",
    "wings",
    "xanthia",
}  # names that nobody would say


@lru_cache(maxsize=1)
def available() -> tuple[str, ...]:
    """The names of all pictures on this machine, sorted; empty where neither package is installed."""
    emoji = set(EMOJI) if EMOJI_FONT.exists() else set()
    return tuple(sorted((emoji | set(_stamps())) - LEFT_OUT))


@lru_cache(maxsize=64)
def picture(name: str) -> Image.Image:
    """RGBA, square, the drawing touching the border. Raises KeyError for a name not in `available()`."""
    image = Image.open(_stamps()[name]).convert("RGBA") if name in _stamps() else _emoji(EMOJI[name])
    drawing = image.crop(image.getchannel("A").getbbox())
    side = max(drawing.size)
    square = Image.new("RGBA", (side, side))
    square.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    return square


def _emoji(symbol: str) -> Image.Image:
    font = ImageFont.truetype(str(EMOJI_FONT), EMOJI_PX)
    image = Image.new("RGBA", (EMOJI_PX * 3 // 2, EMOJI_PX * 3 // 2))
    ImageDraw.Draw(image).text((0, 0), symbol, font=font, embedded_color=True)
    return image


@lru_cache(maxsize=1)
def _stamps() -> dict[str, Path]:
    """Stamps whose file is named with one plain word, such as `zebra.png`."""
    files = [path for folder in STAMP_FOLDERS for path in sorted((STAMPS / folder).rglob("*.png"))]
    return {path.stem: path for path in reversed(files) if re.fullmatch("[a-z]+", path.stem)}
