"""The runtimes of others, each in an environment of its own under build/peers: `python -m tests.bench.cpu.peers`.

llama.cpp comes as the source distribution of llama-cpp-python and is compiled for this processor, which takes half an hour
of processor time, and as the wheel of xllamacpp, which was compiled for AVX2. openvino-genai comes as a wheel. Once made,
they stay.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PEERS = ROOT / "build" / "peers"
READY = ".ready"
BUILT = "-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF"
REASON_CHARACTERS = 300


class PeerMissing(Exception):
    """A peer cannot take part; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One runtime: its packages, the one that is compiled, and the programs that this needs."""

    name: str
    packages: tuple[str, ...]
    compiled: str | None = None
    needs: tuple[tuple[str, ...], ...] = ()

    @property
    def folder(self) -> Path:
        """Its environment."""
        return PEERS / self.name

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "bin" / "python"

    def ensure(self) -> Path:
        """The interpreter, whose environment is made when it is not there. Raises PeerMissing."""
        if not (self.folder / READY).exists():
            self._make()
        return self.python

    def _make(self) -> None:
        for names in self.needs:
            if not any(map(shutil.which, names)):
                raise PeerMissing(f"no {' or '.join(names)} on this machine to compile {self.compiled} with")
        uv = Path(sys.executable).with_name("uv")
        self._run(str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(self.folder))
        choice = [] if self.compiled is None else ["--no-binary", self.compiled]
        self._run(str(uv), "pip", "install", "--quiet", "--python", str(self.python), *choice, *self.packages)
        (self.folder / READY).touch()

    def _run(self, *command: str) -> None:
        environment = {**os.environ, "CMAKE_ARGS": BUILT}
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        except OSError as error:
            raise PeerMissing(f"{self.name} cannot be installed: {error}") from error
        except subprocess.CalledProcessError as error:
            raise PeerMissing(
                f"{self.name} cannot be installed: {error.stderr.strip()[-REASON_CHARACTERS:]}"
            ) from error


LLAMA = Peer("llama", ("llama-cpp-python>=0.3.36", "gguf"), "llama-cpp-python", (("cmake",), ("c++", "g++", "clang++")))
LLAMA_WHEEL = Peer("llama-wheel", ("xllamacpp>=2026.10", "gguf"))
OPENVINO = Peer("openvino", ("openvino-genai>=2026.4", "gguf"))


def main() -> int:
    """Make all; the exit code says whether it could be done."""
    missing = 0
    for peer in (OPENVINO, LLAMA_WHEEL, LLAMA):
        try:
            print(f"{peer.name}: {peer.ensure()}")
        except PeerMissing as error:
            print(f"{peer.name}: {error}", file=sys.stderr)
            missing += 1
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())
