// What a user of the generated types writes: it compiles only while results, events and webhooks are typed.
import createClient from "openapi-fetch";
import type { components, paths, webhooks } from "./api";

type Job = components["schemas"]["JobView"];
type Caption = components["schemas"]["VideoCaptionResult"];

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080", headers: { Authorization: "Bearer bm3_..." } });

export async function captioned(url: string): Promise<number> {
  const { data, error } = await client.POST("/v1/jobs", {
    body: { kind: "video.caption", params: { video: { url }, fps: 1 } },
  });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  const job: Job = data;
  const result = job.result as Caption;
  return (result.gaps ?? []).length + job.progress.done_ms;
}

export function told(event: components["schemas"]["JobWebhook"]): string {
  const failure: components["schemas"]["Failure"] | null | undefined = event.data.code;
  return `${event.type} ${event.data.job_id} ${failure ?? ""}`;
}

export type Failed = webhooks["job.failed"]["post"]["requestBody"]["content"]["application/json"];
export const cue = (data: string): string => (JSON.parse(data) as components["schemas"]["Cue"]).text;

// @ts-expect-error a kind that there is not
export const wrong: components["schemas"]["VideoCaptionRequest"]["kind"] = "video.paint";
