"""Where everything is at one moment: the pose of each object, whole or half way through its event."""

from __future__ import annotations

from dataclasses import dataclass, replace

from worker.bm3.scenes.steps import SceneStep
from worker.bm3.scenes.world import COLUMNS, ROWS, Actor, SceneEvent, Stage, Thing

ROW_CENTRES = (0.2, 0.57)
BAND_CENTRE, BAND_HEIGHT = 0.87, 0.17  # below the rows: text


@dataclass(frozen=True)
class Pose:
    """Centre (x, y) in shares of width and height; `side` in shares of the short side; `turning` = (to, how far)."""

    thing: Thing
    x: float
    y: float
    side: float
    opacity: float = 1.0
    turning: tuple[Thing, float] | None = None


@dataclass(frozen=True)
class SceneView:
    """What the camera sees at one moment."""

    background: str
    poses: tuple[Pose, ...]
    text: str


def still(stage: Stage) -> SceneView:
    """The stage with every actor standing where it is."""
    return SceneView(stage.background, tuple(map(_standing, stage.actors)), stage.text)


def during(step: SceneStep, t_ms: int) -> SceneView:
    """The view at `t_ms` of a step; before its onset and after its end the stages themselves."""
    event = step.event
    if t_ms < event.onset_ms:
        return still(step.before)
    if t_ms >= event.end_ms:
        return still(step.after)
    done = (t_ms - event.onset_ms) / (event.end_ms - event.onset_ms)
    old = [_standing(actor) for actor in step.before.actors if actor not in step.after.actors]
    new = [_standing(actor) for actor in step.after.actors if actor not in step.before.actors]
    staying = [_standing(actor) for actor in step.after.actors if actor in step.before.actors]
    return SceneView(step.after.background, (*staying, *_acting(event, old, new, done)), step.after.text)


def _acting(event: SceneEvent, old: list[Pose], new: list[Pose], done: float) -> list[Pose]:
    """The pose of the object an event is about, none for text and cuts; `old` and `new` hold it where it is on stage."""
    if event.kind == "appear":
        return [_faded(end, done) for end in new]
    if event.kind == "disappear":
        return [_faded(start, 1 - done) for start in old]
    if event.kind == "turn":
        return [replace(start, turning=(end.thing, done)) for start, end in zip(old, new, strict=True)]
    starts = [_outside(end, event.detail) for end in new] if event.kind == "enter" else old
    ends = [_outside(start, event.detail) for start in old] if event.kind == "leave" else new
    return [_between(start, end, done) for start, end in zip(starts, ends, strict=True)]


def _standing(actor: Actor) -> Pose:
    column, row = actor.place % COLUMNS, actor.place // COLUMNS
    return Pose(actor.thing, (column + 0.5) / COLUMNS + actor.jitter[0], ROW_CENTRES[row] + actor.jitter[1], actor.side)


def _outside(pose: Pose, side: str) -> Pose:
    """The same object just beyond an edge."""
    half = pose.side / 2
    x = {"left": -half, "right": 1 + half}.get(side, pose.x)
    y = {"top": -half, "bottom": 1 + half}.get(side, pose.y)
    return replace(pose, x=x, y=y)


def _between(start: Pose, end: Pose, done: float) -> Pose:
    x, y = start.x + (end.x - start.x) * done, start.y + (end.y - start.y) * done
    return replace(end, x=x, y=y)


def _faded(pose: Pose, opacity: float) -> Pose:
    return replace(pose, opacity=opacity)


def visible(view: SceneView) -> Stage:
    """The view as a stage again: objects at their nearest place, without those less than half visible."""
    actors = [Actor(_seen_as(pose), _nearest_place(pose), pose.side) for pose in view.poses if _mostly_visible(pose)]
    return Stage(view.background, tuple(actors), view.text)


def _seen_as(pose: Pose) -> Thing:
    return pose.turning[0] if pose.turning and pose.turning[1] >= 0.5 else pose.thing


def _nearest_place(pose: Pose) -> int:
    column = min(range(COLUMNS), key=lambda c: abs(pose.x - (c + 0.5) / COLUMNS))
    row = min(range(ROWS), key=lambda r: abs(pose.y - ROW_CENTRES[r]))
    return row * COLUMNS + column


def _mostly_visible(pose: Pose) -> bool:
    return pose.opacity >= 0.5 and 0 <= pose.x <= 1 and 0 <= pose.y <= 1
