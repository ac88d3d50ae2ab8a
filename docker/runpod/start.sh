#!/usr/bin/env bash
# The whole service in one container, as RunPod starts it: what has to last lies on its volume, TLS is RunPod's proxy's.
set -euo pipefail

volume="${BM3_VOLUME:-/workspace}"
export BM3_DATA_DIR="$volume/bm3" HF_HOME="$volume/huggingface"
export BM3_API_HOST=0.0.0.0 BM3_API_PORT="${BM3_API_PORT:-8080}" FORWARDED_ALLOW_IPS="*"
if [ -n "${RUNPOD_POD_ID:-}" ]; then
  export BM3_API_PUBLIC_URL="${BM3_API_PUBLIC_URL:-https://$RUNPOD_POD_ID-$BM3_API_PORT.proxy.runpod.net}"
fi
mkdir -p "$BM3_DATA_DIR" "$HF_HOME"
cd "$BM3_DATA_DIR"

# Says what the card can do and which settings suit it. A model that cannot be used is no reason to end: the worker tries again.
python -m worker check || echo "the check found something to mend (above); starting all the same" >&2
exec honcho --procfile /app/Procfile --app-root "$BM3_DATA_DIR" start
