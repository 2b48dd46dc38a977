/** One way to ask the server: JSON in, JSON out, and every refusal as an error with its stable code. */
import type { Refusal } from "./types";

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly more: Record<string, unknown>) {
    super(`${status} ${code}: ${detail}`);
  }
}
/** The network or the server is away: nothing is known of what became of the request. */
export class AwayError extends Error {}

type Asked = { method?: "GET" | "POST" | "PATCH" | "DELETE"; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal };
const signedOut = new EventTarget();
/** Calls back when the server says that nobody is signed in any more. */
export function onSignedOut(run: () => void): void {
  signedOut.addEventListener("out", run);
}

export async function api<Answer>(path: string, asked: Asked = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...asked.headers };
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method: asked.method ?? (asked.body === undefined ? "GET" : "POST"),
      headers,
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      signal: asked.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new AwayError(String(error));
  }
  const text = await response.text();
  let answer: unknown = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    throw new AwayError(`not JSON: ${response.status}`);
  }
  if (response.ok) return answer as Answer;
  const { code = "unknown", detail = "", ...more } = (answer as Refusal | null)?.error ?? {};
  if (response.status === 401 && code === "notSignedIn") signedOut.dispatchEvent(new Event("out"));
  throw new ApiError(response.status, String(code), String(detail), more);
}
/** A key that lets the server know a request that is sent again. */
export function onceKey(): string {
  return crypto.randomUUID();
}
