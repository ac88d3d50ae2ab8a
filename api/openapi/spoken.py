"""Examples of bodies that no schema describes: caption files, OpenAI's answers, forms, bytes."""

from __future__ import annotations

from typing import Any

ID = "01947e2a-7c1b-7d3e-9f50-3b8a6c2d4e1f"
JSON = "application/json"
ASKED = [{"role": "user", "content": "What do you see?"}]
VTT = "WEBVTT\n\n1\n00:00:00.000 --> 00:00:02.000\nA green circle enters from the left.\n"
SRT = "1\n00:00:00,000 --> 00:00:02,000\nA green circle enters from the left.\n"
COMPLETION = {
    "id": f"chatcmpl-{ID}",
    "object": "chat.completion",
    "created": 1_796_040_000,
    "model": "nano",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A green circle.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
    "timings": {"first_token_s": 0.21, "tokens_per_second": 31.5},
}
RESPONSE = {
    "id": f"resp_{ID}",
    "object": "response",
    "created_at": 1_796_040_000,
    "model": "nano",
    "status": "completed",
    "output": [
        {
            "id": f"msg_{ID}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "A green circle.", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17},
}
MODEL = {"id": "nano", "object": "model", "created": 0, "owned_by": "bm3-vl"}
CUE = {"seq": 0, "start_ms": 0, "end_ms": 2000, "text": "A green circle enters from the left."}

SPOKEN: dict[str, dict[tuple[str, str], Any]] = {
    "submit_job": {
        ("request", "multipart/form-data"): {"kind": "video.caption", "params": '{"fps": 1}', "file": "the bytes"}
    },
    "put_asset": {("request", "application/octet-stream"): "the bytes"},
    "append_bytes": {("request", "application/offset+octet-stream"): "the bytes"},
    "prometheus": {("response", "text/plain"): "# TYPE bm3_jobs_queued gauge\nbm3_jobs_queued 3\n"},
    "result_document": {("response", JSON): {"text": "A green circle.", "finish_reason": "stop"}},
    "get_file": {
        ("response", JSON): {"pads": [{"number": "1", "x": -1.45, "y": -0.75, "w": 0.6, "h": 0.24}]},
        ("response", "application/octet-stream"): "(footprint TSSOP-8 ...)",
    },
    "get_track": {
        ("response", JSON): {"cues": [CUE]},
        ("response", "text/vtt"): VTT,
        ("response", "application/x-subrip"): SRT,
    },
    "upload_offset": {("response", JSON): None},
    "chat_completions": {("request", JSON): {"model": "nano", "messages": ASKED}, ("response", JSON): COMPLETION},
    "create_response": {
        ("request", JSON): {"model": "nano", "input": "What do you see?"},
        ("response", JSON): RESPONSE,
    },
    "openai_model": {("response", JSON): MODEL},
    "openai_models": {("response", JSON): {"object": "list", "data": [MODEL]}},
    "submit_batch": {
        ("request", JSON): {
            "jobs": [{"kind": "video.caption", "params": {"video": {"url": "https://example.com/talk.mp4"}}}],
            "on_error": "skip",
        }
    },
    "retry_job": {("request", JSON): {"start": "zero", "params": {"fps": 1}}},
}
"""Operation -> (request or response, media type) -> what is sent."""
