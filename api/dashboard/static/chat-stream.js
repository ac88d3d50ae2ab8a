// An answer of /v1/chat/completions, piece by piece.
import { csrf, Refused } from "./api.js";

// Yields { text } for new words, { reason } for why they ended, { usage, timings } at the end. Raises Refused.
export async function* completion(request, signal, onJob) {
  const answer = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!answer.ok) throw refusal(answer.status, (await answer.json().catch(() => ({}))).error ?? { message: answer.statusText });
  onJob(answer.headers.get("X-Job-Id"));
  for await (const data of events(answer.body)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw refusal(500, chunk.error);
    const [choice] = chunk.choices;
    if (choice?.delta.content) yield { text: choice.delta.content };
    if (choice?.finish_reason) yield { reason: choice.finish_reason };
    if (chunk.usage) yield { usage: chunk.usage, timings: chunk.timings };
  }
  throw new Error("The connection ended before the answer did.");
}

// The data of server-sent events; pieces of the network may end anywhere.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    const whole = waiting.split("\n\n");
    waiting = whole.pop();
    for (const event of whole) if (event.startsWith("data: ")) yield event.slice("data: ".length);
  }
}

function refusal(status, error) {
  return new Refused(status, { detail: error.message, code: error.code });
}
