"""python -m worker ROLE: the processes that do the work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from db.names import CPU, GPU, LIGHT
from worker.check.options import add_options
from worker.node_options import add_options as add_node_options

ROLES = {
    GPU: "claim and run jobs that need the model, in one model child",
    CPU: "claim and run jobs that need no GPU, in one model child",
    LIGHT: "deliver webhooks; loads no model",
    "dispatcher": "take up again what was left behind; one leads, others stand by",
}

NEEDS = {GPU: "torch", CPU: "pypdfium2", "check": "torch", "node": "torch"}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    roles = top.add_subparsers(dest="role", required=True, metavar="ROLE")
    for role, text in ROLES.items():
        roles.add_parser(role, help=text, description=f"{text}. Settings: BM3_* and BM3_WORKER_* variables.")
    text = "say whether this machine can serve the models, how fast, and with which settings"
    add_options(
        roles.add_parser("check", help=text, description=f"{text}. Without models: those of BM3_WORKER_MODELS.")
    )
    text = "hold a part of a model that is split over several machines (see worker.split)"
    add_node_options(roles.add_parser("node", help=text, description=f"{text}."))
    child = roles.add_parser("child", help="the model child; started by gpu and cpu workers only")
    child.add_argument("control_fd", type=int)
    child.add_argument("data_fd", type=int)
    child.add_argument("parent_pid", type=int)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a role until it is told to stop. Each is imported alone: only the child may load torch."""
    chosen = parser().parse_args(arguments)
    from db.ops import logs

    logs.configure(chosen.role)
    if chosen.role == "child":
        from worker.child.main import run as run_child

        return run_child(chosen.control_fd, chosen.data_fd, chosen.parent_pid)
    package = NEEDS.get(chosen.role)
    if package is not None and find_spec(package) is None:
        print(f"the {chosen.role} worker needs {package}: pip install 'bm3-vl[worker]'", file=sys.stderr)
        return 2
    if chosen.role == "check":
        from worker.check.command import run as run_check
        from worker.settings import worker_settings as of_worker

        return run_check(of_worker().models, chosen)
    if chosen.role == "node":
        from worker.engines.pipeline.command import run as run_node

        return run_node(chosen)
    from prometheus_client import start_http_server

    from db.ops.migrate import wait_until_current
    from db.session import Database
    from db.settings import settings
    from worker import metrics
    from worker.settings import worker_settings

    common, own = settings(), worker_settings()  # a wrong one is told before anything is waited for
    wait_until_current(Database(common.database()))
    metrics.MODELS_CONFIGURED.set(len(own.models) if chosen.role == GPU else 0)
    metrics.GPU_HOUR_PRICE.set(own.gpu_hour_price)
    if own.metrics_port:
        start_http_server(own.metrics_port, own.metrics_host)
    if chosen.role == "dispatcher":
        from worker.dispatcher.loop import run as run_dispatcher

        return run_dispatcher(common)
    if chosen.role == LIGHT:
        from worker.light import run as run_light

        return run_light(common, own)
    from worker.supervisor.process import Process

    return Process(chosen.role, common, own).run()


if __name__ == "__main__":
    sys.exit(main())
