"""The pipeline engine: a model that is split over several machines, as one engine; its starter lives where the jobs do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from db.failures import Failure
from worker.engine.protocol import ModelInfo, NodeInfo
from worker.engines.loading import HeldPart, Loaded, load, normalisation
from worker.engines.pipeline.batcher import PipelineBatcher, StarterForward
from worker.engines.pipeline.channel import Ring
from worker.engines.pipeline.chunk import ChunkProblem, ModelChunk, NodeShare, NodesPlan, read_chunk, read_plan, verify
from worker.engines.pipeline.control import NodeCard, read_secret
from worker.engines.pipeline.coordinator import Coordinator
from worker.engines.pipeline.members import NodeState
from worker.engines.pipeline.processors import processors
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient
from worker.streaming.loaded_model import LoadedModel

OPTIONS = frozenset({"device", "dtype", "attention", "vision_attention", "join_s"})
JOIN_S = 300


class PipelineEngine(PytorchEngine):
    """The starter of a split model; see `worker.engine.protocol.Engine`. The spec's path is the plan, `nodes.json`.

    Waits `join_s` (default 300) for the nodes to join. Raises Permanent(MODEL_UNAVAILABLE) for a plan or chunk that cannot
    be used, Transient(ENGINE_UNREACHABLE) when nodes are still missing then.
    """

    def __init__(self, spec: ModelSpec) -> None:
        spec.refuse_unknown(OPTIONS)
        join_s = spec.option_int("join_s", JOIN_S)
        try:
            plan, folder, chunk, secret = _starter_of(Path(spec.path))
            loaded = load_part(spec, folder, chunk)
            card = card_of(loaded, chunk)
            forward = StarterForward(
                loaded.model, normalisation(loaded.geometry, loaded.device), loaded.attention, held=chunk.share.layers
            )
            batcher = PipelineBatcher(forward)
            self.coordinator = Coordinator(plan, secret, card, batcher.heard, batcher.lost)
        except ChunkProblem as problem:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"{spec.name}: {problem}") from problem
        forward.coordinator = self.coordinator
        self._resident(loaded, forward, batcher)
        self._logits = loaded.model.config.get_text_config().vocab_size
        self._info = _info(spec, loaded, chunk, plan)
        if self.coordinator.ring(join_s) is None:
            missing = self.coordinator.problem()
            self.close()
            raise Transient(Failure.ENGINE_UNREACHABLE, f"{spec.name}: {missing}, after {join_s} s")

    def _resident(self, loaded: Loaded, forward: StarterForward, batcher: PipelineBatcher) -> None:
        self._tokens = loaded.tokens
        self.loaded = LoadedModel(
            forward=forward,
            batcher=batcher,
            family=loaded.family,
            geometry=loaded.geometry,
            tokens=loaded.tokens,
            decode=loaded.tokens.decode,
            context_tokens=loaded.context_tokens,
        )

    @property
    def info(self) -> ModelInfo:
        """With the nodes as they are now."""
        states = zip(self.coordinator.plan.nodes, self.coordinator.states(), strict=True)
        return replace(self._info, nodes=tuple(_node(node.share, state) for node, state in states))

    def problem(self) -> str | None:
        """Which nodes are missing; None while all work."""
        return self.coordinator.problem()

    @property
    def ring(self) -> Ring | None:
        """The ring that works now."""
        return self.coordinator.ring()

    def close(self) -> None:
        """Send the nodes away and end; they wait for the next starter."""
        self.coordinator.close()
        self.loaded.batcher.close()


def _node(share: NodeShare, state: NodeState) -> NodeInfo:
    trip_s = state.round_trip_s
    return NodeInfo(
        rank=share.rank,
        role=share.role,
        layers=(share.first, share.last),
        bytes=state.card.memory_bytes if state.card else share.bytes,
        joined=state.joined,
        device=state.card.device if state.card else "",
        host=state.host,
        round_trip_ms=None if trip_s is None else round(1000 * trip_s, 1),
        cache_bytes=state.cache_bytes,
    )


def _starter_of(path: Path) -> tuple[NodesPlan, Path, ModelChunk, bytes]:
    """Plan, folder and chunk of the starter, and the secret. Raises ChunkProblem."""
    plan = read_plan(path)
    folder = path.parent / plan.chunk
    chunk = read_chunk(folder)
    if chunk.sha256 != plan.nodes[0].sha256:
        raise ChunkProblem(f"{folder} is not the starter's chunk of {path}: copy both from one split")
    verify(folder, chunk)
    return plan, folder, chunk, read_secret(path.parent / plan.secret_file)


def load_part(spec: ModelSpec, folder: Path, chunk: ModelChunk) -> Loaded:
    """Load what a chunk holds. Raises Permanent(MODEL_UNAVAILABLE)."""
    kept = {key: value for key, value in spec.options.items() if key != "join_s"}
    rank = chunk.share.rank
    part = HeldPart(chunk.share.layers, first=rank == 0, last=rank == chunk.nodes - 1)
    return load(ModelSpec(spec.name, spec.engine, str(folder), kept), part)


def card_of(loaded: Loaded, chunk: ModelChunk) -> NodeCard:
    """Who a loaded node says it is."""
    dtype = str(loaded.dtype).removeprefix("torch.")
    memory = loaded.model.get_memory_footprint()
    return NodeCard.of(chunk.share.rank, chunk.sha256, dtype, str(loaded.device), memory, processors(loaded.device))


def _info(spec: ModelSpec, loaded: Loaded, chunk: ModelChunk, plan: NodesPlan) -> ModelInfo:
    parameters = sum(node.share.parameters for node in plan.nodes)
    return ModelInfo(
        name=spec.name,
        family=loaded.family.name,
        engine=spec.engine,
        weights_sha256=chunk.model_sha256,
        context_tokens=loaded.context_tokens,
        dtype=str(loaded.dtype).removeprefix("torch."),
        device=str(loaded.device),
        parameters=parameters,
        memory_bytes=parameters * loaded.dtype.itemsize,
        structured=True,
        window=loaded.window,
        demo=loaded.demo,
    )
