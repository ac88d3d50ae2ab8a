#!/usr/bin/env bash
# torch (2.15.0): `abort()` and `shutdown()` of a gloo process group do not end a wait that has begun; a short one does.
#
# What: a thread waits in `recv(...).wait()` for a peer that is silent (frozen, or behind a cut network). `abort()` and
# `shutdown()` of its own group return at once, without an error, and the thread goes on waiting, for as long as its timeout is
# (30 minutes by default). Another receive with a timeout of a millisecond, on a tag that nobody uses, does end it: gloo
# takes a wait that is over time for the end of all connections of the group, and every wait in it raises.
# Why it matters: whoever leaves a group because a peer is gone keeps a thread in it, and an interpreter that ends meanwhile is
# aborted. Let a receive run into its time limit to leave; and never use a short timeout to look whether something has come.
# Tried: Python 3.11, torch 2.15.0 on a CPU. Date: 2026-12-01. About 15 s beside the installation.
# Exits 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
cat > try.py <<'PY'
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import torch
import torch.distributed as dist

LONG, SHORT, PATIENCE_S = timedelta(seconds=600), timedelta(milliseconds=1), 3.0
print("Python", sys.version.split()[0], "torch", torch.__version__)


def pair():
    """Two members of a group, here on two threads of one process."""
    store = dist.HashStore()

    def member(rank):
        options = dist.ProcessGroupGloo._Options()
        options._devices = [dist.ProcessGroupGloo.create_device(hostname="127.0.0.1")]
        options._timeout = LONG
        return dist.ProcessGroupGloo(store, rank, 2, options)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(member, range(2)))


def waiting(group):
    """A thread that waits for what is never sent, and how it ended."""
    ends = []

    def wait():
        try:
            group.recv([torch.empty(1)], 1, 7).wait(LONG)
        except RuntimeError as error:
            ends.append(str(error).splitlines()[0])

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    time.sleep(0.5)
    return thread, ends


def end_by_time_limit(group):
    try:
        group.recv([torch.empty(1)], 1, 8).wait(SHORT)
    except RuntimeError:
        return


ended, kept = {}, []
for name in ("abort", "shutdown"):
    groups = pair()
    thread, ends = waiting(groups[0])
    getattr(groups[0], name)()
    thread.join(PATIENCE_S)
    ended[name] = not thread.is_alive()
    print(f"{name}(): the wait has", "ended" if ended[name] else f"not ended after {PATIENCE_S:.0f} s")
    end_by_time_limit(groups[0])
    thread.join(60)
    kept.append(groups)

groups = pair()
thread, ends = waiting(groups[0])
end_by_time_limit(groups[0])
thread.join(60)
ended["short receive"] = not thread.is_alive()
print("a receive of 1 ms on another tag: the wait has", f"ended with {ends}" if ends else "not ended")
sys.stdout.flush()
changed = ended != {"abort": False, "shutdown": False, "short receive": True}
if changed:
    print("CHANGED:", ended)
os._exit(1 if changed else 0)
PY
python3 -m venv venv
venv/bin/pip install -q "torch==2.15.0" numpy
venv/bin/python try.py
