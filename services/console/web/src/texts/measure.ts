/** What words cost, asked of the server, which counts as the network does. */
import { api } from "../lib/api";
import type { Measured } from "../lib/types";

export function measured(words: string, language: string, signal: AbortSignal): Promise<Measured> {
  return api<Measured>("/api/texts/measure", { body: { words, language }, signal });
}
/** The language whose words these are, as the server tells it when it frames an answer. */
export function languageOf(words: string): string {
  return /[\u4e00-\u9fff]/.test(words) ? "zh" : "en";
}
