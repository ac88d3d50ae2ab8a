"""Two things at once about one asset: whoever comes first, no accepted job may be without its input or wait for ever."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from PIL import Image
from sqlalchemy import update

from db.schema.tables import Asset
from tests.faults.campaign.customers import PATIENT_S, Customer, stubborn
from tests.faults.cluster import Cluster, now
from tests.faults.retrying_client import AGAIN, BROKEN

OLD = timedelta(days=30)
SWEEP_S = 6.0  # from one sweep of the dispatcher to the next
HEAD_START_S = 0.02
OFFSET = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


class Racer:
    """Uploads pictures for a customer, and asks about two of them while one is deleted, settled or swept."""

    def __init__(self, cluster: Cluster, customer: Customer, die: random.Random) -> None:
        self._cluster, self._customer, self._die = cluster, customer, die

    def against_delete(self) -> None:
        """A chat about two pictures is submitted beside a DELETE of the second."""
        first, second = self._uploaded(), self._uploaded()
        self._at_once(
            lambda: self._ask(first, second),
            lambda: self._customer.client.ask("DELETE", f"/v1/assets/{second[0]}", PATIENT_S),
        )

    def against_settling(self) -> None:
        """A chat is submitted beside the end of the upload of its second picture."""
        first, second = self._uploaded(), self._sent()
        self._at_once(lambda: self._ask(first, second), lambda: self._complete(second[0]))

    def against_sweep(self) -> None:
        """A chat is submitted for pictures that the dispatcher is about to sweep away."""
        first, second = self._uploaded(), self._uploaded()
        stubborn(lambda: self._age(first[0], second[0]))
        time.sleep(self._die.uniform(0, SWEEP_S))
        self._ask(first, second)

    def _at_once(self, *parts: Callable[[], object]) -> None:
        with ThreadPoolExecutor(len(parts)) as pool:
            begun = []
            for part in self._die.sample(parts, len(parts)):
                begun.append(pool.submit(part))
                time.sleep(self._die.uniform(0, HEAD_START_S))
        for one in begun:
            one.result()

    def _ask(self, *pictures: tuple[UUID, str]) -> None:
        """A chat about pictures; refused where one is gone, otherwise it has to be answered about all of them."""
        content: list[dict[str, Any]] = [{"type": "text", "text": "what?"}]
        content += [{"type": "image", "image": {"asset_id": str(asset_id)}} for asset_id, _ in pictures]
        params = {"messages": [{"role": "user", "content": content}]}
        answer = self._customer.client.offer(params, f"chat-{pictures[0][0]}", PATIENT_S, "chat.complete")
        if answer.is_success:
            seen = " | ".join(f"an image of mean colour {colour}" for _, colour in pictures)
            self._customer.chats[UUID(answer.json()["id"])] = f"You said: what? | {seen}"

    def _uploaded(self) -> tuple[UUID, str]:
        picture = self._sent()
        self._complete(picture[0])
        return picture

    def _sent(self) -> tuple[UUID, str]:
        """A new picture of one colour, all of whose bytes have arrived."""
        colour = tuple(self._die.randrange(256) for _ in range(3))
        file = io.BytesIO()
        Image.fromarray(np.full((16, 16, 3), colour, np.uint8)).save(file, "PNG")
        client, body = self._customer.client, file.getvalue()
        declared = {"filename": f"{uuid4()}.png", "media_type": "image/png", "size_bytes": len(body)}
        asset_id = client.ask("POST", "/v1/uploads", PATIENT_S, json=declared).json()["asset"]["id"]
        # 409: these bytes had arrived already before the answer was lost.
        client.ask("PATCH", f"/v1/uploads/{asset_id}", PATIENT_S, BROKEN, content=body, headers=OFFSET)
        return UUID(asset_id), ",".join(map(str, colour))

    def _complete(self, asset_id: UUID) -> None:
        self._customer.client.ask("POST", f"/v1/uploads/{asset_id}/complete", PATIENT_S, AGAIN)

    def _age(self, *asset_ids: UUID) -> None:
        with self._cluster.database.write() as session:
            old = update(Asset).where(Asset.id.in_(asset_ids)).values(created_at=now() - OLD)
            session.execute(old)
