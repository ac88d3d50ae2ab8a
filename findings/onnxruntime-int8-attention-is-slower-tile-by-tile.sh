#!/usr/bin/env bash
# ONNX Runtime's GroupQueryAttention over int8 keys and values works tile by tile (flash attention) on a CPU. For one new token that is
# slower than all keys at once, what ORT_GQA_DISABLE_FLASH_ATTENTION=1 gives: the variable is read while the session is made.
# Steps of channels (PER_CHANNEL) cost more again than one step (PER_TENSOR), though scores and sums are the same when queries
# and what was attended to are multiplied by them instead.
# Why it matters: decoding over int8 keys and values is chosen for speed; 1,024 tokens took 1.3 to 1.7 times as long as need be.
# Versions: onnxruntime 1.32.0, onnx 1.22.0, NumPy 2.4.6, Python 3.11, AVX-512 VNNI. Date: 2026-12-01.
# Prints each one's share of the default's processor time and the largest difference of an output; exits 1 when it is faster no longer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 numpy==2.4.6
cat > "$folder/attention.py" <<'PYTHON'
import os
import statistics
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HEADS, KV_HEADS, DIM, TOKENS, LAYERS, ROUNDS = 16, 8, 128, 1024, 8, 15
rng = np.random.default_rng(0)
cache = rng.integers(-127, 128, (LAYERS, 2, 1, KV_HEADS, TOKENS + 8, DIM), dtype=np.int8)
new = {name: rng.standard_normal((1, 1, heads * DIM), dtype=np.float32) for name, heads in zip("qkv", (HEADS, KV_HEADS, KV_HEADS))}


def session(steps, at_once):
    os.environ["ORT_GQA_DISABLE_FLASH_ATTENTION"] = str(int(at_once))
    value = helper.make_tensor_value_info
    inputs = [value(name, TensorProto.FLOAT, array.shape) for name, array in new.items()]
    inputs += [value(name, TensorProto.INT32, [1]) for name in ("last", "total")]
    kept = [1, KV_HEADS, TOKENS + 8, DIM]
    nodes, outputs = [], []
    for layer in range(LAYERS):
        pasts, presents = ([f"{when}{layer}{part}" for part in "kv"] for when in ("past", "present"))
        inputs += [value(name, TensorProto.INT8, kept) for name in pasts]
        outputs += [value(name, TensorProto.INT8, kept) for name in presents]
        nodes.append(
            helper.make_node(
                "GroupQueryAttention",
                ["q", "k", "v", *pasts, "last", "total", "", "", "", "", "", "step", "step"],
                [f"out{layer}", *presents],
                domain="com.microsoft",
                num_heads=HEADS, kv_num_heads=KV_HEADS, k_quant_type=steps, v_quant_type=steps, kv_cache_bit_width=8,
            )
        )
    outputs.append(value("out0", TensorProto.FLOAT, new["q"].shape))
    shape = (1,) if steps == "PER_TENSOR" else (1, KV_HEADS, 1, DIM)
    step = numpy_helper.from_array(np.full(shape, 0.02, np.float32), "step")
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, [step]), opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = made.io_binding()
    counts = {"last": np.array([TOKENS], np.int32), "total": np.array([TOKENS + 1], np.int32)}
    for name, array in (new | counts).items():
        binding.bind_cpu_input(name, array)
    for layer in range(LAYERS):
        for index, part in enumerate("kv"):
            buffer = onnxruntime.OrtValue.ortvalue_from_numpy(cache[layer, index])
            binding.bind_ortvalue_input(f"past{layer}{part}", buffer)
            binding.bind_ortvalue_output(f"present{layer}{part}", buffer)
    binding.bind_output("out0")
    return made, binding


ways = {
    "default": session("PER_CHANNEL", at_once=False),
    "at once": session("PER_CHANNEL", at_once=True),
    "at once, one step": session("PER_TENSOR", at_once=True),
}
took = {name: [] for name in ways}
for _ in range(ROUNDS):
    for name, (made, binding) in ways.items():
        start = time.process_time()
        made.run_with_iobinding(binding)
        took[name].append(time.process_time() - start)
outputs = {name: binding.get_outputs()[-1].numpy() for name, (_, binding) in ways.items()}
usual, slower = statistics.median(took["default"]), False
for name in ways:
    share = statistics.median(took[name]) / usual
    apart = np.abs(outputs[name] - outputs["default"]).max()
    print(f"{name}: {share:.2f} of the time, at most {apart:.1e} apart")
    slower |= name != "default" and (share > 0.95 or apart > 1e-4)
raise SystemExit(int(slower))
PYTHON
"$folder/venv/bin/python" "$folder/attention.py"
