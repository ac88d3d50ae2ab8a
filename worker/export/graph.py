"""An ONNX graph under construction: nodes in memory, weights straight to a file beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from worker.export.quantize import Quantized, block_for, round_to_nearest
from worker.export.weights_file import WeightsFile

CONTRIB = "com.microsoft"
OPSET, IR_VERSION = 20, 10
ACCURACY = {"fp32": 1, "int8": 4}
"""What MatMulNBits computes in: int8 turns its input into int8 block by block, several times as fast."""

FLOAT, INT64, INT32, UINT8, HALF, INT8 = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.INT32,
    TensorProto.UINT8,
    TensorProto.FLOAT16,
    TensorProto.INT8,
)
Quantizer = Callable[[NDArray[np.float32], int, int], Quantized]
"""(weights (outputs, inputs), bits, block) -> their codes."""


class Graph:
    """Nodes, inputs, outputs; every method that adds a node returns the names of what it makes."""

    def __init__(self, name: str, weights: WeightsFile) -> None:
        self._name = name
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        """Declare an input of a type of ONNX and a shape, in which names stand for lengths that vary; the name again."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, kind: int, shape: Sequence[int | str]) -> None:
        """Declare an output of a type of ONNX and a shape, in which names stand for lengths that vary."""
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def nodes(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> None:
        """A node whose outputs are named by the caller."""
        name = f"{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), list(outputs), name, domain=domain, **attributes))

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output."""
        out = f"{op.lower()}_{len(self._nodes)}"
        self.nodes(op, inputs, [out], domain, **attributes)
        return out

    def contrib(self, op: str, *inputs: str, **attributes: Any) -> str:
        """A node of ONNX Runtime's own operators with one output."""
        return self.node(op, *inputs, domain=CONTRIB, **attributes)

    def constant(self, name: str, value: Any, kind: Any = np.int64) -> str:
        """A small constant inside the graph's own file."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(value, dtype=kind), name)
        return name

    def weight(self, name: str, make: Callable[[], NDArray[Any]], shape: Sequence[int], kind: Any) -> str:
        """A constant in the weights file; `make` is called only when it is not there from an earlier try."""
        if name not in self._constants:
            entry = self._weights.put(name, make, tuple(shape), np.dtype(kind))
            tensor = TensorProto(name=name, dims=list(shape), data_type=helper.np_dtype_to_tensor_dtype(np.dtype(kind)))
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in entry.items():
                tensor.external_data.add(key=key, value=str(value))
            self._constants[name] = tensor
        return name

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """The value with another shape; 0 keeps a length, -1 takes the rest."""
        return self.node("Reshape", value, self.constant("shape_" + "_".join(map(str, shape)), shape))

    def split(self, value: str, sizes: Sequence[int], axis: int = -1) -> list[str]:
        """Parts of a value along an axis."""
        parts = [f"part{index}_{len(self._nodes)}" for index in range(len(sizes))]
        sizes_name = self.constant("sizes_" + "_".join(map(str, sizes)), sizes)
        self.nodes("Split", [value, sizes_name], parts, axis=axis)
        return parts

    def save(self, path: Path) -> None:
        """Write the graph; the weights file is beside it."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, initializer=list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="bm3-vl")
        path.write_bytes(model.SerializeToString())


class Linear:
    """Matrix products in the precision of an export: `bits` 4 or 8, or None for float32."""

    def __init__(
        self,
        graph: Graph,
        bits: int | None,
        block: int = 128,
        activations: str = "int8",
        quantizer: Quantizer = round_to_nearest,
    ) -> None:
        self._graph = graph
        self._bits = bits
        self._block = block
        self._accuracy = ACCURACY[activations]
        self._quantizer = quantizer

    def __call__(
        self,
        value: str,
        name: str,
        read: Callable[[], NDArray[np.float32]],
        shape: tuple[int, int],
        bias: Callable[[], NDArray[np.float32]] | None = None,
    ) -> str:
        """value (..., inputs) times a matrix (outputs, inputs), plus a bias (outputs,)."""
        added = None if bias is None else self._graph.weight(f"{name}.bias", bias, shape[:1], np.float32)
        if self._bits is not None:
            return self._few_bits(value, name, read, shape, added)
        out = self._whole(value, name, read, shape)
        return out if added is None else self._graph.node("Add", out, added)

    def _whole(self, value: str, name: str, read: Callable[[], NDArray[np.float32]], shape: tuple[int, int]) -> str:
        def turned() -> NDArray[np.float32]:
            return np.ascontiguousarray(read().T)

        return self._graph.node("MatMul", value, self._graph.weight(name, turned, shape[::-1], np.float32))

    def _few_bits(
        self,
        value: str,
        name: str,
        read: Callable[[], NDArray[np.float32]],
        shape: tuple[int, int],
        bias: str | None,
    ) -> str:
        bits, (outputs, inputs) = self._bits or 0, shape
        block = block_for(inputs, self._block)
        blocks = -(-inputs // block)
        codes: list[Quantized] = []

        def coded() -> Quantized:
            if not codes:
                codes.append(self._quantizer(read(), bits, block))
            return codes[0]

        per_byte = 8 // bits
        zeros_shape = (outputs, -(-blocks // per_byte))
        packed = self._graph.weight(
            f"{name}.packed", lambda: coded().packed, (outputs, blocks, block // per_byte), np.uint8
        )
        scales = self._graph.weight(f"{name}.scales", lambda: coded().scales, (outputs, blocks), np.float32)
        zeros = self._graph.weight(f"{name}.zeros", lambda: coded().zeros, zeros_shape, np.uint8)
        codes.clear()
        added = () if bias is None else ("", bias)  # between them the order of groups, which none has
        return self._graph.contrib(
            "MatMulNBits", value, packed, scales, zeros, *added,
            K=inputs, N=outputs, bits=bits, block_size=block, accuracy_level=self._accuracy,
        )  # fmt: skip
