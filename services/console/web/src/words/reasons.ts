/** Reasons in words, by their stable codes (docs/reference/reasons.md): short, as one dispatcher would say it to another. */
import { codes } from "../lib/words.svelte";
import { dispatch } from "./reasons/dispatch";
import { outages } from "./reasons/outages";
import { texts } from "./reasons/texts";

export const reason = codes({ ...dispatch, ...outages, ...texts });
