"""Each model: is it there, does it fit, can it be loaded, how fast is it, and which settings suit this machine."""

from __future__ import annotations

from collections.abc import Iterator

from db.ops.findings import Finding, Level
from worker.check.machine import BFLOAT16, available_bytes, gib
from worker.check.trial import try_out
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient
from worker.gpus import Driver

ACTIVATIONS = 2 << 30  # kept free beside weights and streams on a card; less on a processor, where they are pages
MOST_SLOTS = 16


def model(text: str, found: Driver | None, *, load: bool = True) -> Iterator[Finding]:
    """What there is to say of one model spec; settings last."""
    try:
        spec = ModelSpec.parse(text)
        slots = None
        if spec.engine == "pytorch":
            finding, slots = room(spec, found)
            yield finding
            load = load and finding.level is not Level.FAIL
        if load:
            yield Finding(Level.OK, spec.name, str(try_out(spec)))
        yield settings(spec, found, slots)
    except (Permanent, Transient) as error:
        yield Finding(Level.FAIL, text.partition("=")[0], str(error), advice_for(str(error)))


def room(spec: ModelSpec, found: Driver | None) -> tuple[Finding, int]:
    """Whether weights and streams fit, and how many streams do. Raises Permanent when the model cannot be read."""
    from worker.engines.inspection import inspect
    from worker.engines.running import placed

    if {"quantization", "adapter"} & set(spec.options):
        return Finding(Level.OK, spec.name, "memory with quantization or an adapter is not computed"), 1
    seen = inspect(spec)
    on_card = placed(spec)[0].startswith("cuda") and found is not None and bool(found.gpus)
    free = max(gpu.total - gpu.used for gpu in found.gpus) - ACTIVATIONS if on_card and found else available_bytes()
    slots = fitting(free, seen.weights, seen.stream)
    words = (
        f"{seen.family}, {seen.parameters / 1e9:.2f} billion parameters in {seen.dtype}: weights {gib(seen.weights)}, "
        f"{gib(seen.stream)} a stream; {gib(max(0, free))} free for them"
    )
    if slots:
        return Finding(Level.OK, spec.name, words), slots
    advice = (
        "add quantization=4bit (dense models), take a smaller model, a shorter window, or a larger card (docs/gpu.md)"
    )
    return Finding(Level.FAIL, spec.name, f"{words}: not even one stream fits", advice), 0


def fitting(free: int, weights: int, stream: int) -> int:
    """How many streams fit beside the weights, `MOST_SLOTS` at most."""
    return max(0, min(MOST_SLOTS, (free - weights) // max(1, stream)))


def settings(spec: ModelSpec, found: Driver | None, slots: int | None) -> Finding:
    """The settings that suit; `slots` None: the model runs elsewhere, or needs no room."""
    options = dict(spec.options)
    if spec.engine == "pytorch" and found is not None and found.gpus:
        options.setdefault("device", "cuda")
        options.setdefault("dtype", "bfloat16" if found.gpus[0].capability >= BFLOAT16 else "float16")
    query = "&".join(f"{key}={value}" for key, value in options.items())
    line = f"{spec.name}={spec.engine}{':' + spec.path if spec.path else ''}{'?' + query if query else ''}"
    words = f"BM3_WORKER_MODELS='{line}'" + (f" BM3_WORKER_SLOTS={max(1, slots)}" if slots is not None else "")
    return Finding(Level.OK, "use", words)


def advice_for(error: str) -> str:
    """What to do about a model that cannot be loaded."""
    if "cache" in error or "no such folder" in error:
        return "download it: hf download ORGANISATION/NAME, or give the folder it lies in"
    if "gated" in error.lower() or "401" in error or "403" in error:
        return "accept the model's terms on the hub, then log in: hf auth login (in a container: HF_TOKEN_PATH)"
    return ""
