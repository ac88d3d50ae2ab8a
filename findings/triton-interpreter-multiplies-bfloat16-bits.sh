#!/usr/bin/env bash
# Triton's interpreter (TRITON_INTERPRET=1), the way to check a GPU kernel where there is no GPU, keeps bfloat16 as uint16,
# and tl.dot multiplies these: two 16 x 16 matrices of ones give 4228120576 (16 times 0x3f80 squared) where a GPU gives 16.
# float16 is right, and nothing is raised.
# Why it matters: most models run in bfloat16; their kernels cannot be checked so, unless tl.dot gets what it multiplies as
#   float32 there: `.to(tl.float32)` converts rightly.
# Versions: Triton 3.9.0, PyTorch 2.15.0, Python 3.11. Date: 2026-12-01.
# Prints "float16 16.0 bfloat16 4228120576.0 converted 16.0"; exits 1 when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 triton==3.9.0 numpy==2.4.6
cat > "$folder/product.py" <<'PYTHON'
import torch
import triton
import triton.language as tl


@triton.jit
def product(left, right, out, SIZE: tl.constexpr, CONVERTED: tl.constexpr):
    place = tl.arange(0, SIZE)[:, None] * SIZE + tl.arange(0, SIZE)[None, :]
    a, b = tl.load(left + place), tl.load(right + place)
    if CONVERTED:
        a, b = a.to(tl.float32), b.to(tl.float32)
    tl.store(out + place, tl.dot(a, b))


def first(dtype, converted=False):
    ones, out = torch.ones((16, 16), dtype=dtype), torch.zeros((16, 16))
    product[(1,)](ones, ones, out, SIZE=16, CONVERTED=converted)
    return out[0, 0].item()


half, brain = first(torch.float16), first(torch.bfloat16)
print("float16", half, "bfloat16", brain, "converted", first(torch.bfloat16, converted=True))
PYTHON
seen=$(TRITON_INTERPRET=1 "$folder/venv/bin/python" "$folder/product.py")
echo "$seen"
[ "$seen" = "float16 16.0 bfloat16 4228120576.0 converted 16.0" ]
