"""Live sources for tests: real servers that can be cut off and started again at the same address."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import need
from tests.servers import _die_with_parent
from tests.waiting import until

GSTREAMER = 'import gi; gi.require_version("GstRtspServer", "1.0")'
SRT = (
    'import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst; Gst.init(None); '
    'raise SystemExit(Gst.ElementFactory.find("srtsink") is None)'
)
HERE = Path(__file__).parent
SERVER = HERE / "rtsp_server.py"
NGINX_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
NGINX = """
load_module {module}; daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; application app {{ live on; }} }} }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RtspServer:
    """GStreamer's RTSP server in a process of its own."""

    def __init__(self, *login: str) -> None:
        found = subprocess.run(["/usr/bin/python3", "-c", GSTREAMER], capture_output=True, check=False)
        need(found.returncode == 0, "GStreamer's RTSP server (tests/debian.sh)")
        self.port = free_port()
        self._login = login
        self.process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        user = ":".join(self._login) + "@" if self._login else ""
        return f"rtsp://{user}127.0.0.1:{self.port}/ball"

    def start(self) -> None:
        """Serve, and wait until it does."""
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(SERVER), str(self.port), *self._login],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_die_with_parent(signal.SIGKILL),
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def order(self, line: str) -> None:
        """Change the stream while it is watched."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def cut(self) -> None:
        """Kill it: whoever watches is cut off."""
        assert self.process is not None
        with self.process:
            self.process.kill()

    @contextmanager
    def away(self, seconds: float) -> Iterator[None]:
        """Cut off for a while."""
        self.cut()
        time.sleep(seconds)
        yield
        self.start()


class SrtServer:
    """GStreamer's SRT sender as a listener, in a process of its own."""

    def __init__(self, passphrase: str = "") -> None:
        found = subprocess.run(["/usr/bin/python3", "-c", SRT], capture_output=True, check=False)
        need(found.returncode == 0, "GStreamer's SRT sink (tests/debian.sh)")
        self.port = free_port()
        self._secret = [passphrase] if passphrase else []
        self._process = _process("/usr/bin/python3", str(HERE / "srt_server.py"), str(self.port), *self._secret)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    @property
    def url(self) -> str:
        return f"srt://127.0.0.1:{self.port}" + "".join(f"?passphrase={word}" for word in self._secret)

    def cut(self) -> None:
        _kill(self._process)


class RtmpServer:
    """nginx with its RTMP module, and a publisher to it."""

    def __init__(self, folder: Path) -> None:
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        need(nginx is not None and NGINX_MODULE.exists(), "nginx with RTMP (tests/debian.sh)")
        self.port = free_port()
        settings = folder / "nginx.conf"
        settings.write_text(NGINX.format(module=NGINX_MODULE, folder=folder, port=self.port))
        self._server = _process(str(nginx), "-c", str(settings), "-e", str(folder / "log"))
        until(self._listens, "nginx does not listen", seconds=60)
        self._publisher = _process(sys.executable, str(HERE / "rtmp_publisher.py"), self.url)

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/app/stream-key"

    def cut(self) -> None:
        _kill(self._publisher)
        _kill(self._server)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True


def _process(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=_die_with_parent(signal.SIGKILL),
    )


def _kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()
