"""Publishes a moving bar in H.264 to an RTMP server until it is ended: rtmp_publisher.py URL."""

from __future__ import annotations

import sys
import time

import av
import numpy as np

WIDTH, HEIGHT, RATE = 320, 240, 15


def main() -> None:
    with av.open(sys.argv[1], "w", format="flv") as container:
        stream = container.add_stream(
            "libx264", RATE, options={"preset": "ultrafast", "tune": "zerolatency", "g": "15"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        begun, number = time.monotonic(), 0
        while True:
            image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            image[:, 4 * number % WIDTH :] = (200, 80, 20)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image)):
                container.mux(packet)
            number += 1
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))


if __name__ == "__main__":
    main()
