/** Asks what a change would come to. */
import { api } from "../lib/api";
import type { Comparison, WhatIf } from "../lib/types";

export function whatIf(region: string, change: WhatIf, signal?: AbortSignal): Promise<Comparison> {
  return api<Comparison>(`/api/dispatch/${encodeURIComponent(region)}/what-if`, { body: change, ...(signal ? { signal } : {}) });
}
