"""A split model: every tensor is in the chunks once, each file is what chunk.json says, and nothing is left half written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.worker.engines.models import checkpoint_folder
from worker.engines.pipeline.chunk import ChunkProblem, NodeRole, read_chunk, read_plan, verify
from worker.engines.tiny import TinySize
from worker.split.__main__ import main
from worker.split.split import split

SIZE = TinySize(layers=5)
FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "bm3_vl")


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def changed_copy(tmp_path: Path, family: str, change: Callable[[Path], None]) -> Path:
    folder = tmp_path / family
    shutil.copytree(checkpoint_folder(family, SIZE), folder)
    change(folder)
    return folder


def edit_config(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))

    return edit


def edit_weights(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})

    return edit


def without(tensors: dict[str, torch.Tensor], part: str) -> None:
    for name in [name for name in tensors if part in name]:
        del tensors[name]


@pytest.mark.parametrize("nodes", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_tensor_is_in_one_chunk_as_it_was(family: str, nodes: int, tmp_path: Path) -> None:
    source = weights_in(checkpoint_folder(family, SIZE))
    plan = split(checkpoint_folder(family, SIZE), [1.0] * nodes, tmp_path / "out", most=100_000)
    found: dict[str, torch.Tensor] = {}
    for node in plan.nodes:
        folder = tmp_path / "out" / f"node{node.share.rank}"
        chunk = read_chunk(folder)
        verify(folder, chunk)
        assert chunk.sha256 == node.sha256
        mine = weights_in(folder)
        assert not set(mine) & set(found), "no tensor is on two nodes"
        found |= mine
        assert sum(tensor.nbytes for tensor in mine.values()) == node.share.bytes
        assert sum(tensor.numel() for tensor in mine.values()) == node.share.parameters
        assert all(file.stat().st_size < 200_000 for file in folder.glob("*.safetensors")), "bounded in memory"
    source.setdefault("lm_head.weight", next(t for name, t in source.items() if name.endswith("embed_tokens.weight")))
    assert set(found) == set(source)
    assert all(torch.equal(found[name], source[name]) for name in source)
    assert [node.share.role for node in plan.nodes][0 :: nodes - 1] == [NodeRole.STARTER, NodeRole.FINISHER]
    assert read_plan(tmp_path / "out" / "nodes.json") == plan


def test_deepstack_layers_are_all_on_the_starter(tmp_path: Path) -> None:
    folder = checkpoint_folder("qwen3_vl", SIZE)
    deep = json.loads((folder / "config.json").read_text())["vision_config"]["deepstack_visual_indexes"]
    plan = split(folder, [0.001, 1.0], tmp_path / "out")
    assert len(plan.nodes[0].share.layers) == max(1, len(deep))


def test_where_embeddings_are_the_head_the_finisher_gets_a_copy(tmp_path: Path) -> None:
    def tie(folder: Path) -> None:
        edit_config(tie_word_embeddings=True)(folder)
        edit_weights(lambda tensors: without(tensors, "lm_head"))(folder)

    folder = changed_copy(tmp_path, "qwen2_vl", tie)
    split(folder, [1.0, 1.0], tmp_path / "out")
    embeddings = next(
        tensor for name, tensor in weights_in(tmp_path / "out/node0").items() if name.endswith("embed_tokens.weight")
    )
    assert torch.equal(weights_in(tmp_path / "out/node1")["lm_head.weight"], embeddings)
    assert not json.loads((tmp_path / "out/node1/config.json").read_text())["tie_word_embeddings"]


def test_the_secret_is_for_its_owner_alone_and_new_each_time(tmp_path: Path) -> None:
    said = []
    for name in ("a", "b"):
        split(checkpoint_folder("bm3_vl", SIZE), [1.0, 1.0], tmp_path / name)
        assert (tmp_path / name / "secret").stat().st_mode & 0o777 == 0o600
        said.append((tmp_path / name / "secret").read_text())
    assert said[0] != said[1]


def test_the_command_prints_who_holds_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deeper" / "out"
    source = str(checkpoint_folder("qwen3_vl", SIZE))
    assert main([source, "--nodes", "3", "--weights", "2,1,1", "--out", str(out), "--listen", "10.0.0.1:7433"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["node", "role", "layers", "parameters", "bytes"]
    assert [line.split()[1] for line in lines[1:4]] == ["starter", "secondary", "finisher"]
    assert read_plan(out / "nodes.json").listen == "10.0.0.1:7433"
    assert sorted(file.name for file in out.iterdir()) == ["node0", "node1", "node2", "nodes.json", "secret"]


BAD = {
    "hybrid": ("qwen3_5", lambda _: None, "recurrent state"),
    "quantized": ("qwen2_vl", edit_config(quantization_config={"quant_method": "bitsandbytes"}), "quantized"),
    "a layer is missing": (
        "qwen2_vl",
        edit_weights(lambda tensors: without(tensors, "model.layers.4.")),
        "layer 4 of 5",
    ),
    "a strange tensor": (
        "qwen2_vl",
        edit_weights(lambda tensors: tensors.update({"surprise.weight": torch.zeros(1)})),
        "surprise.weight",
    ),
    "no weights": ("qwen2_vl", lambda folder: (folder / "model.safetensors").unlink(), "no *.safetensors"),
    "half a file": (
        "qwen2_vl",
        lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:5000]),
        "",
    ),
    "unknown family": ("qwen2_vl", edit_config(model_type="llava"), "unknown family"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_split_is_refused_and_leaves_nothing(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family, change, reason = BAD[case]
    folder = changed_copy(tmp_path, family, change)
    assert main([str(folder), "--nodes", "2", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "is not split" in said
    assert reason in said
    assert sorted(file.name for file in tmp_path.iterdir()) == [family]


def test_too_many_nodes_and_a_folder_that_exists_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(checkpoint_folder("qwen2_vl", SIZE))
    assert main([source, "--nodes", "6", "--out", str(tmp_path / "out")]) == 1
    assert "the model has 5: use fewer nodes" in capsys.readouterr().err
    assert main([source, "--nodes", "2", "--out", str(tmp_path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [["--nodes", "1"], ["--nodes", "x"], ["--nodes", "2", "--weights", "1,2,3"], ["--nodes", "2", "--weights", "a,b"]],
)
def test_wrong_usage_is_told(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["x/y", *wrong, "--out", str(tmp_path / "out")])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "config.json").write_text("{}"), "not the file that was split"),
        (lambda folder: next(folder.glob("*.safetensors")).unlink(), "is missing"),
        (lambda folder: (folder / "more.safetensors").write_bytes(b"x"), "does not know"),
    ],
)
def test_a_damaged_chunk_is_noticed(damage: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    split(checkpoint_folder("bm3_vl", SIZE), [1.0, 1.0], tmp_path / "out")
    folder = tmp_path / "out/node1"
    damage(folder)
    with pytest.raises(ChunkProblem, match=reason):
        verify(folder, read_chunk(folder))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 1, "nodes": []}', '{"files": {"../evil": {}}}', "\x00"]
)
def test_a_plan_or_chunk_of_another_format_is_refused(text: str, tmp_path: Path) -> None:
    for name, read in (
        ("nodes.json", lambda: read_plan(tmp_path / "nodes.json")),
        ("chunk.json", lambda: read_chunk(tmp_path)),
    ):
        with pytest.raises(ChunkProblem, match="cannot be read"):
            read()
        (tmp_path / name).write_text(text)
        with pytest.raises(ChunkProblem, match="not of this format"):
            read()
