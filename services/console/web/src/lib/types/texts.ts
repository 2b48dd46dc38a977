/** services/console/api_texts.py, api_broadcasts.py, api_conversations.py */
import type { Ms } from "./session";

export interface SaidBack { words: string; at_ms: Ms }
/** A row of the ledger. Phone and words as the person may see them; `by`: a person answered, `asked`: what an answer answers. */
export interface TextRow {
  key: string; at_ms: Ms; channel: string; moment: string; incident: string; customer: string; customers: string[]; phone: string; words: string; state: string; reason: string;
  segments: number; estimate_ms: Ms | null; expires_at_ms: Ms | null; gateway: string; attempts: number; receipt_at_ms: Ms | null; by: string; asked: SaidBack | null; reply: SaidBack | null;
}
/** GET /api/texts?incident=&customer=&state=&moment=&before=&limit= . Without an incident or a customer: rows of a week, counts of the last day. */
export interface TextLedger { rows: TextRow[]; counts: Record<string, number>; next_before: string | null; now_ms: Ms }
export interface GatewayRow {
  gateway: string; kind: string; connected: boolean | null; per_min: number; sent: number; delivered: number; failed: number; unknown: number; throttled: number; waiting: number; oldest_waiting_s: number;
  failures: { reason: string; count: number }[];
}
/** A stop that holds; incident null: of all texts. */
export interface StopRow { incident: string | null; since_ms: Ms; by: string; why: string; recalled: number }
export interface MinuteRow { at_ms: Ms; sent: number; delivered: number; failed: number }
/** GET /api/texts/gateways: the last hour. */
export interface Gateways { stopped: StopRow | null; stops: StopRow[]; gateways: GatewayRow[]; series: MinuteRow[]; now_ms: Ms }
/** POST /api/texts/measure {words, language?} */
export interface Measured { alphabet: "gsm7" | "ucs2"; units: number; segments: number; left: number }
/** GET /api/texts/preview?language= */
export interface Preview { language: string; languages: string[]; rows: PreviewRow[] }
export interface PreviewRow { moment: string; text: string; words: string; alphabet: "gsm7" | "ucs2"; units: number; segments: number }
/** GET /api/inbox/canned */
export interface CannedAnswer { canned: string; words: Record<string, string> }
/** GET /api/texts/conversation?text=|key= , the oldest first. */
export interface Conversation { phone: string; customers: string[]; language: string; rows: ConversationLine[] }
export interface ConversationLine { id: string; at_ms: Ms; inbound: boolean; words: string; moment: string; state: string; reason: string; by: string }
/** Whom a broadcast is for: exactly one of the first five. */
export interface AudienceAsked { incident?: string; area?: string; feeder?: string; device?: string; all?: boolean; languages: string[]; words: Record<string, string> }
export interface AudienceShown {
  customers: number; phones: number; by_language: Record<string, number>; without_consent: number; without_phone: number; segments: number; cost: number; currency: string; second_person: boolean;
}
export interface BroadcastRow {
  id: string; state: "asked" | "approved" | "refused" | "sent"; audience: Record<string, unknown>; words: Record<string, string>; why: string; customers: number; phones: number; segments: number; cost: number; currency: string;
  second_person: boolean; asked_by: string; asked_by_name: string; asked_at_ms: Ms; approved_by: string | null; approved_by_name: string | null; approved_at_ms: Ms | null; expires_at_ms: Ms;
}
/** GET /api/broadcasts */
export interface Broadcasts { rows: BroadcastRow[]; second_from: number; areas: { area: string; substations: string[] }[]; languages: string[] }
