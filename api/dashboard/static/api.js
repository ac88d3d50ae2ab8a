// Calls to the API with the login of this page.
export const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

export class Refused extends Error {
  constructor(status, problem) {
    super([problem.detail ?? problem.title, ...(problem.errors ?? []).map((one) => `${one.pointer}: ${one.detail}`)].join(" — "));
    this.status = status;
    this.code = problem.code;
  }
}

export async function call(method, url, body, headers = {}) {
  const isJson = body !== undefined && !(body instanceof Blob);
  const answer = await fetch(url, {
    method,
    headers: { "X-CSRF-Token": csrf, ...(isJson ? { "Content-Type": "application/json" } : {}), ...headers },
    body: isJson ? JSON.stringify(body) : body,
  });
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({ title: answer.statusText })));
  return answer.status === 204 ? answer : answer.json();
}
