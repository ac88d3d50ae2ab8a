"""`python -m worker node`: one node of a split model that is not the starter."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from functools import cache

from worker.engines.grammar import Grammar
from worker.engines.loading import Loaded, normalisation
from worker.engines.pipeline.chunk import ChunkProblem, ModelChunk, read_chunk, verify
from worker.engines.pipeline.control import JoinRefused, address, read_secret
from worker.engines.pipeline.engine import card_of, load_part
from worker.engines.pipeline.node import NewStage, NodeWorker
from worker.engines.pipeline.stage import LayerStage, MakeAllowed
from worker.engines.spec import ModelSpec
from worker.errors import Permanent
from worker.streaming.forward import Forward
from worker.streaming.prompt_builder import PromptBuilder

log = logging.getLogger(__name__)


def run(asked: argparse.Namespace) -> int:
    """Serve the starter until SIGTERM; 1 with the reason when this node can never be taken as it is."""
    try:
        worker = load_node(asked)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: worker.leave())
        worker.run()
    except (ChunkProblem, Permanent, JoinRefused) as error:
        print(f"this node cannot be used: {error}", file=sys.stderr)
        return 1
    logging.shutdown()
    # Not sys.exit: layers may be at work on a thread, and an interpreter that ends under it is aborted.
    os._exit(0)


def load_node(asked: argparse.Namespace) -> NodeWorker:
    """The node of a command line, its files checked and its weights loaded. Raises ChunkProblem, Permanent."""
    secret, starter = read_secret(asked.secret_file), address(asked.join)
    chunk = read_chunk(asked.chunk)
    if chunk.share.rank == 0:
        raise ChunkProblem(f"{asked.chunk} is the starter's chunk: it is loaded by the worker that runs the jobs")
    verify(asked.chunk, chunk)
    options = {key: value for key in ("device", "dtype", "attention") if (value := getattr(asked, key))}
    loaded = load_part(ModelSpec(f"node {chunk.share.rank}", "pipeline", "", options), asked.chunk, chunk)
    log.info("node %d holds layers %d to %d", chunk.share.rank, chunk.share.first, chunk.share.last - 1)
    return NodeWorker(card_of(loaded, chunk), secret, starter, stages(loaded, chunk))


def stages(loaded: Loaded, chunk: ModelChunk) -> NewStage:
    """Makes a node's stage for each ring: the weights stay, the streams begin anew."""
    shift = normalisation(loaded.geometry, loaded.device)
    forward = Forward(loaded.model, shift, loaded.attention, held=chunk.share.layers)
    choose = _choice(loaded) if chunk.share.rank == chunk.nodes - 1 else None
    return lambda: LayerStage(forward, choose)


def _choice(loaded: Loaded) -> MakeAllowed:
    """What holds answers to schemas; the vocabulary is made with the first."""
    end_id = PromptBuilder(loaded.family, loaded.tokens, loaded.geometry).end_ids[0]
    words = cache(lambda: loaded.tokens.words(end_id, loaded.model.lm_head.weight.shape[0]))
    return lambda schema: Grammar(words(), schema).allowed
