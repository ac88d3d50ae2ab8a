"""A TCP proxy whose open connections can go dead without a word: what a half-open broker connection looks like.

`python -m tests.faults.proxy LISTEN UPSTREAM`; SIGUSR1 makes the connections that are open now swallow everything for
ever, while new ones work.
"""

from __future__ import annotations

import asyncio
import signal
import sys


class Link:
    """One connection through the proxy."""

    def __init__(self) -> None:
        self.dead = False

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way; once dead, read on and pass nothing, not even the end."""
        try:
            while data := await reader.read(65_536):
                if not self.dead:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass
        if not self.dead:
            writer.close()


async def serve(listen: int, upstream: int) -> None:
    """Forward connections until killed."""
    links: list[Link] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link()
        links.append(link)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(link.pump(reader, up_writer), link.pump(up_reader, writer))

    def kill_links() -> None:
        for link in links:
            link.dead = True
        links.clear()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, kill_links)
    server = await asyncio.start_server(accept, "127.0.0.1", listen)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
