"""A small OpenAI-compatible server: `python -m tests.worker.engines.model_server ANSWERS.json` prints its port, then serves.

ANSWERS.json maps the title of the asked schema, or "chat", to the text to answer with. The model's name says how it behaves:

    plain    answers in pieces of 7 characters
    busy     503 with a reason;  denied  401;  narrow  400 as vLLM words a prompt that is too long
    broken   breaks the connection off in the middle;  mute  ends without a finish reason
    short    says that it ran into the token limit
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODELS = ("plain", "busy", "denied", "narrow", "broken", "mute", "short")
REFUSALS = {
    "busy": (503, "the queue is full"),
    "denied": (401, "no such key"),
    "narrow": (400, "This model's maximum context length is 4096 tokens"),
}


class Handler(BaseHTTPRequestHandler):
    answers: dict[str, str] = {}

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model", "max_model_len": 4096} for name in MODELS]
        self._whole(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = asked["model"]
        if model in REFUSALS:
            status, reason = REFUSALS[model]
            self._whole(status, {"error": {"message": reason}})
            return
        schema = (asked.get("response_format") or {}).get("json_schema")
        title = schema["name"] if schema else "chat"
        if title not in self.answers:  # said, not broken off: what asked for it was renamed, or asks too much
            self._whole(
                400, {"error": {"message": f"the test gave no answer to {title}, only to {sorted(self.answers)}"}}
            )
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self._stream(model, self.answers[title].replace("ASKED", json.dumps(described(asked))))

    def _stream(self, model: str, text: str) -> None:
        for at in range(0, len(text), 7):
            self._event({"choices": [{"delta": {"content": text[at : at + 7]}, "finish_reason": None}]})
            if model == "broken":
                self.wfile.write(b'data: {"choi')
                return
        if model != "mute":
            reason = "length" if model == "short" else "stop"
            self._event({"choices": [{"delta": {}, "finish_reason": reason}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.flush()

    def _whole(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


def described(asked: dict[str, Any]) -> dict[str, Any]:
    """What the server was asked, without the pixels."""
    kinds = [[p["type"] for p in m["content"]] if isinstance(m["content"], list) else "text" for m in asked["messages"]]
    return {"roles": [m["role"] for m in asked["messages"]], "parts": kinds, "max_tokens": asked["max_tokens"]}


def main() -> None:
    Handler.answers = json.loads(Path(sys.argv[1]).read_text())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
