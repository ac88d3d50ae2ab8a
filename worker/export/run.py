"""One export from beginning to end: written beside its target, proven, and given its name when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from worker.engines.onnx.manifest import (
    DECODER,
    EMBEDDINGS,
    KV_SCALES,
    NAME,
    TOKENIZER,
    VISION,
    WEIGHTS_SUFFIX,
    ExportManifest,
    Parity,
)
from worker.engines.weights import digest_of
from worker.errors import Permanent
from worker.export.decoder import Decoder, DecoderShape, KeyValueScales
from worker.export.errors import ExportError
from worker.export.graph import Graph, Linear
from worker.export.plan import BITS, ExportOptions, fingerprint, text_part, vision_part, window_of
from worker.export.quantize import METHODS
from worker.export.source import EMBEDDING, Source, open_source
from worker.export.vision import Vision, VisionShape
from worker.export.weights_file import JOURNAL_SUFFIX, WeightsFile

PARTIAL_SUFFIX = ".partial"
# Bytes of an export for each byte of the checkpoint, by bits of a weight (None: float32): generous, for it is a guess.
SIZE_SHARES = {None: 2.2, 8: 1.1, 4: 0.8}
PLAN = "export.json"
COPIED = ("config.json", "generation_config.json", "preprocessor_config.json", "chat_template.jinja")
SPARE_BYTES = 64 << 20

OnProgress = Callable[[str, int], None]
"""Called with what is being written and the bytes that were."""
Prove = Callable[[Path, Path], Parity]
"""(checkpoint, export) -> how near they are; `worker.export.verify.compare`, which loads torch."""


@dataclass(frozen=True)
class Export:
    """One export. Raises ExportError, or OSError when the disk is full or cannot be written; what was written stays for
    the next try in the folder `<out>.partial`."""

    model: Path
    out: Path
    options: ExportOptions
    on_progress: OnProgress
    prove: Prove | None

    def run(self) -> ExportManifest:
        """Write the folder and return its manifest. Raises ExportError where it or its model cannot be used."""
        if self.out.exists():
            raise ExportError(f"{self.out} is there already: remove it, or choose another name")
        source = open_source(self.model)
        partial = self._partial(source)
        self._check_space(source, partial)
        self._write_vision(source, partial)
        first = "fp32" if self.options.kv == "int8" else self.options.kv  # the steps of int8 are measured with it
        shape = self._write_decoder(source, partial, first)
        embeddings = self._write_embeddings(source, shape, partial)
        self._write_tokenizer(partial)
        manifest = self._manifest(source, shape, embeddings)
        if self.options.kv == "int8":
            self._write_int8_cache(source, partial, manifest.model_copy(update={"kv": "fp32"}))
        manifest = manifest.model_copy(update={"files": _digests(partial)})
        _write_json(partial / NAME, manifest)
        if self.prove is not None:
            manifest = manifest.model_copy(update={"parity": self._proof(self.prove, partial)})
            _write_json(partial / NAME, manifest)
        for left in (*partial.glob(f"*{JOURNAL_SUFFIX}"), partial / PLAN):
            left.unlink()
        partial.rename(self.out)
        return manifest

    def _partial(self, source: Source) -> Path:
        """The folder of the work; one of another checkpoint or another precision is begun anew."""
        partial = self.out.with_name(self.out.name + PARTIAL_SUFFIX)
        plan, identity = partial / PLAN, fingerprint(source, self.options)
        if partial.exists() and not (plan.exists() and json.loads(plan.read_text("utf-8")) == identity):
            shutil.rmtree(partial)
        partial.mkdir(parents=True, exist_ok=True)
        plan.write_text(json.dumps(identity), "utf-8")
        return partial

    def _check_space(self, source: Source, partial: Path) -> None:
        """A generous guess before hours of work: no export is larger than its weights in float32, twice the embedding."""
        stored = sum(path.stat().st_size for path in {path for path, _ in source.files.values()})
        share = SIZE_SHARES[self.options.bits]
        needed = int(stored * share) + SPARE_BYTES - sum(path.stat().st_size for path in partial.iterdir())
        free = shutil.disk_usage(partial).free
        if free < needed:
            raise ExportError(
                f"{partial.parent} has {free >> 20} MiB free, this export may take {needed >> 20}: make room"
            )

    def _write_vision(self, source: Source, partial: Path) -> None:
        part = vision_part(source)
        per_channel = part.frames_per_group * part.patch_px**2
        mean, std = (np.repeat(np.array(value, dtype=np.float32), per_channel) for value in (part.mean, part.std))
        with WeightsFile(partial / (VISION + WEIGHTS_SUFFIX), self.on_progress) as weights:
            graph = Graph("vision", weights)
            linear = Linear(graph, BITS[self.options.vision], self.options.block)
            Vision(source, VisionShape.of(source), graph, linear, Linear(graph, None)).build(
                1 / (255 * std), -mean / std
            )
            graph.save(partial / VISION)

    def _write_decoder(
        self, source: Source, partial: Path, cache: str, scales: KeyValueScales | None = None
    ) -> DecoderShape:
        options = self.options
        shape = DecoderShape.of(source, cache)
        with WeightsFile(partial / (DECODER + WEIGHTS_SUFFIX), self.on_progress) as weights:
            graph = Graph("decoder", weights)
            linear = Linear(graph, options.bits, options.block, options.activations, METHODS[options.method])
            Decoder(source, shape, graph, linear, linear, scales).build()
            graph.save(partial / DECODER)
        return shape

    def _write_int8_cache(self, source: Source, partial: Path, manifest: ExportManifest) -> None:
        """Measure the steps of int8 keys and values, and write the decoder that has them; its weights are there already."""
        from worker.export.calibrate import measure_scales

        try:
            scales = measure_scales(partial, manifest)
        except Permanent as error:
            raise ExportError(str(error)) from error
        np.save(partial / KV_SCALES, scales)
        self._write_decoder(source, partial, "int8", scales)

    def _write_embeddings(self, source: Source, shape: DecoderShape, partial: Path) -> str:
        """The table as it is stored in the checkpoint; the name of its type."""
        table, kind = source.read_raw(EMBEDDING)
        if table.shape != (shape.vocabulary, shape.hidden):
            raise ExportError(f"{EMBEDDING} has the shape {table.shape}: it is not the configuration's")
        np.save(partial / EMBEDDINGS, table)
        self.on_progress(EMBEDDING, table.nbytes)
        return kind

    def _write_tokenizer(self, partial: Path) -> None:
        from transformers import AutoTokenizer  # reads what checkpoints of every age have

        from worker.engines.loading import known_family

        known_family(self.model)  # our own family is known to transformers from here on
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model)
            tokenizer.backend_tokenizer.save(str(partial / TOKENIZER))
        except (OSError, ValueError, AttributeError) as error:
            raise ExportError(f"the tokenizer of {self.model} cannot be read: {error}") from error
        for name in COPIED:
            if (self.model / name).exists():
                shutil.copyfile(self.model / name, partial / name)

    def _manifest(self, source: Source, shape: DecoderShape, embeddings: str) -> ExportManifest:
        options = self.options
        return ExportManifest(
            family=source.family,
            weights=options.weights,
            method=options.method,
            vision_weights=options.vision,
            activations=options.activations,
            block=options.block,
            kv=options.kv,
            parameters=source.parameters,
            embeddings=embeddings,
            text=text_part(source, shape.layers, shape.kv_heads, shape.heads, shape.head_dim),
            vision=vision_part(source),
            window=window_of(source),
            demo=bool(source.config.get("demonstration", False)),
            versions={name: version(name) for name in ("bm3-vl", "onnx", "onnxruntime")},
            files={},
        )

    def _proof(self, prove: Prove, partial: Path) -> Parity:
        """Raises ExportError for a float32 export that does not say what the checkpoint says."""
        parity = prove(self.model, partial)
        if self.options.exact and parity.tokens_equal < parity.tokens_compared:
            differing = parity.tokens_compared - parity.tokens_equal
            raise ExportError(
                f"{differing} of {parity.tokens_compared} tokens differ from the checkpoint's (largest difference of a "
                f"logit {parity.max_logit_error:.2g}): this export is not finished; please report the model"
            )
        return parity


def _digests(partial: Path) -> dict[str, str]:
    """The sha256 of every file that belongs to the export."""
    left = {NAME, PLAN}
    files = [p.name for p in partial.iterdir() if p.name not in left and not p.name.endswith(JOURNAL_SUFFIX)]
    return {name: digest_of(partial / name) for name in sorted(files)}


def _write_json(path: Path, manifest: ExportManifest) -> None:
    path.write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
