"""A TCP proxy before the broker that does what networks do: connections die without a word, bytes get lost or repeated.

`python -m tests.faults.proxy LISTEN UPSTREAM`. SIGUSR1 makes the connections that are open now swallow everything for
ever, while new ones work. SIGUSR2 begins and ends a time of noise: of what clients send, some is lost together with its
connection, and some is sent twice, the second time over a connection of its own, so that only its effect is repeated (a
message put into a queue twice, or one taken from it by nobody). Each is told on stdout.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

LOST, REPEATED = 0.05, 0.2  # shares of what is sent in a time of noise
HEAR_OUT_S = 2.0


class Proxy:
    """Forwards connections until killed."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._links: list[Link] = []
        self._repeats: set[asyncio.Task[None]] = set()
        self._noisy = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link()
        self._links.append(link)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        await asyncio.gather(link.pump(reader, up_writer, self._loses), link.pump(up_reader, writer, lambda _: False))

    def kill_links(self) -> None:
        for link in self._links:
            link.dead = True
        self._links.clear()

    def toggle_noise(self) -> None:
        self._noisy = not self._noisy

    def _loses(self, data: bytes) -> bool:
        """The fate of what a client sends."""
        fate = random.random()
        if not self._noisy or fate > LOST + REPEATED:
            return False
        print("lost" if fate < LOST else "repeated", flush=True)
        if fate >= LOST:
            repeat = asyncio.create_task(self._send(data))
            self._repeats.add(repeat)
            repeat.add_done_callback(self._repeats.discard)
        return fate < LOST

    async def _send(self, data: bytes) -> None:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            writer.write(data)
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(65_536), HEAR_OUT_S)
            writer.close()


class Link:
    """One connection through the proxy."""

    def __init__(self) -> None:
        self.dead = False

    async def pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, loses: Callable[[bytes], bool]
    ) -> None:
        """Carry bytes one way; once dead, read on and pass nothing, not even the end."""
        try:
            while (data := await reader.read(65_536)) and not loses(data):
                if not self.dead:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass
        if not self.dead:
            writer.close()


async def serve(listen: int, upstream: int) -> None:
    """Forward connections until killed."""
    proxy, loop = Proxy(upstream), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, proxy.kill_links)
    loop.add_signal_handler(signal.SIGUSR2, proxy.toggle_noise)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", listen)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
