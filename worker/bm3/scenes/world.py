"""The synthetic world in plain values: what there is to see, what can happen, and how hard it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "red": (215, 25, 30),
    "orange": (250, 130, 0),
    "yellow": (250, 225, 20),
    "green": (25, 150, 45),
    "blue": (30, 65, 225),
    "purple": (135, 40, 185),
    "white": (250, 250, 250),
    "black": (15, 15, 15),
}
BACKGROUNDS: dict[str, Rgb] = {
    "gray": (130, 130, 130),
    "pink": (255, 180, 200),
    "teal": (0, 110, 115),
    "brown": (105, 70, 45),
}
ODD = "odd"
"""What an object is called whose colour has no name."""
PATTERNS = ("halves", "stripes", "band", "spots")

PLURALS = {
    "circle": "circles",
    "square": "squares",
    "triangle": "triangles",
    "star": "stars",
    "heart": "hearts",
    "cross": "crosses",
}
SHAPES = tuple(PLURALS)
WORDS = ("GO", "STOP", "YES", "NO", "START", "END", "EXIT", "OPEN", "HELLO", "NEWS")
NUMBERS = tuple(str(number) for number in range(10))
PLACES = ("top left", "top middle", "top right", "bottom left", "bottom middle", "bottom right")
SIDES = ("left", "right", "top", "bottom")
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
COLUMNS, ROWS = 3, 2

# Every colour is held out once, every shape once or twice: the model has seen each word, never these pairs.
HELD_OUT_PAIRS = frozenset((colour, SHAPES[(5 * i + 2) % len(SHAPES)]) for i, colour in enumerate(COLOURS))
HELD_OUT_SEED = 1_000_000

Combos = Literal["train", "mixed", "all"]
Kind = Literal["enter", "appear", "leave", "disappear", "move", "turn", "word", "number", "blank", "cut"]
ARRIVALS = frozenset({"enter", "appear"})


@dataclass(frozen=True)
class Fill:
    """What a shape is painted with: one colour, or a second one laid over it in a pattern."""

    ground: Rgb
    figure: Rgb
    pattern: str = ""  # one of PATTERNS; "" is the ground alone


@dataclass(frozen=True)
class Thing:
    """An object's identity; a picture has no colour of its own and an empty `colour`."""

    colour: str
    shape: str
    odd_fill: Fill | None = field(default=None, compare=False)  # of an object whose colour has no name

    @property
    def fill(self) -> Fill:
        """Raises KeyError for a picture."""
        return self.odd_fill or plain(COLOURS[self.colour])

    @property
    def name(self) -> str:
        """As captions call it: colour and shape, the shape alone for a picture."""
        return f"{self.colour} {self.shape}".strip()


def plain(rgb: Rgb) -> Fill:
    """A fill of one colour."""
    return Fill(rgb, rgb)


@dataclass(frozen=True)
class SceneEvent:
    """One change. `name` is the object's, `detail` the side, direction, colour, word, number or background.

    `visit` counts the arrivals of this object within memory (1, 2, 3); `count` is how many objects of its shape are in
    view after an arrival, 0 where the caption does not say it.
    """

    kind: Kind
    name: str = ""
    detail: str = ""
    visit: int = 1
    count: int = 0
    onset_ms: int = 0
    end_ms: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What a caption must get right to count as this event; memory (`visit`, `count`) is scored on top."""
        return self.kind, self.name, self.detail


@dataclass(frozen=True)
class Actor:
    """An object on stage: its place (0..5 in reading order), side as a share of the short side, and jitter."""

    thing: Thing
    place: int
    side: float
    jitter: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Stage:
    """Everything that stands still between two events."""

    background: str
    actors: tuple[Actor, ...] = ()
    text: str = ""

    def actor(self, name: str) -> Actor | None:
        """The object of that name on stage; None when it is not there."""
        return next((actor for actor in self.actors if actor.thing.name == name), None)

    def count(self, shape: str) -> int:
        """How many objects of a shape are on stage."""
        return sum(actor.thing.shape == shape for actor in self.actors)


@dataclass(frozen=True)
class Options:
    """The axes of difficulty; the defaults are what the nano model learns."""

    combos: Combos = "train"
    max_objects: int = 4
    side: tuple[float, float] = (0.26, 0.32)  # of the frame's short side
    event_rate: float = 0.65  # chance of an event in a beat that is not part of a still stretch
    double_rate: float = 0.0  # chance that an event is followed by a second one in the same beat
    still_rate: float = 0.04  # chance that a still stretch of 3-8 beats begins
    odd_rate: float = 0.0  # share of new objects in a colour without a name, so that a shape is known by its shape
    patterned_rate: float = 0.0  # share of those that show two colours, named ones among them, so in every outline
    again_rate: float = 0.45  # share of arrivals that are of an object seen before
    texts: bool = True
    snapshot_text_rate: float = 0.4  # share of single pictures with a text
    pictures: tuple[str, ...] = ()  # names from scene_pictures, shown beside the shapes
    random_phase: bool = False  # beats no longer start with the chunks
    noise: float = 3.0  # standard deviation, gray levels
    shake: float = 0.0  # amplitude, share of the short side
    texture: float = 0.0  # amplitude of a smooth pattern on the background, gray levels
    beat_ms: int = 2000
    again_ms: int = 45_000  # an object seen at most this long ago comes back "again" ...
    fresh_ms: int = 180_000  # ... and one that has not been seen for this long is new; nothing comes in between


PRESETS: dict[str, Options] = {
    "nano": Options(),
    "medium": Options(side=(0.2, 0.32), double_rate=0.15, random_phase=True, noise=6.0, shake=0.01, texture=8.0),
    "hard": Options(
        side=(0.16, 0.3), event_rate=0.8, double_rate=0.3, random_phase=True, noise=12.0, shake=0.03, texture=16.0
    ),
}
