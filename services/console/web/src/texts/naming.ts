/** Which states and moments a text may have, in the order in which they are shown. */
export const STATES = ["delivered", "done", "due", "attempting", "failed", "unknown", "expired", "superseded"] as const;
export const MOMENTS = [
  "powerOut", "initialEtr", "etrChange", "informDispatched", "powerRestored", "stillOut", "plannedAnnounced", "plannedReminder", "plannedChanged", "plannedCancelled", "plannedOver", "safety", "question", "answer", "link", "broadcast",
] as const;
