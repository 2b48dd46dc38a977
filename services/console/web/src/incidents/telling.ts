/** A row of the timeline in words: who, what became of what, and what was said. */
import { count } from "../lib/format";
import type { TimelineRow } from "../lib/types";
import { actionState, became, did, subjectKind, t } from "../words/incidents";
import { reason } from "../words/reasons";
import { noticeMoment } from "../words/states";

export interface Told { who: string; soft: string; main: string; because: string; words: string; bad: boolean }

export function tell(row: TimelineRow): Told {
  const because = row.reason ? reason(row.reason) : "", n = Number(row.words) || 0;
  switch (row.kind) {
    case "action": {
      const [kind = "", state = ""] = row.became.split(" ");
      return { who: row.by ?? "", soft: state === "done" ? "" : actionState(state), main: did(kind), because, words: row.words, bad: state === "refused" };
    }
    case "remark":
      return { who: row.by ?? "", soft: "", main: row.became === "retracted" ? t("retracted") : did(row.became), because: row.became === "cause" ? became(row.reason) : because, words: row.words, bad: false };
    case "text":
      return { who: "", soft: n === 1 ? t("oneText") : t("nTexts", { n: count(n) }), main: noticeMoment(row.became), because, words: "", bad: false };
    case "fact":
      if (row.subject_kind === "report") return { who: "", soft: n > 1 ? t("nReports", { n: count(n) }) : t("oneReport"), main: became(row.became, row.subject_kind), because, words: "", bad: false };
      return { who: "", soft: `${subjectKind(row.subject_kind)} ${row.subject}`, main: became(row.became, row.subject_kind), because, words: row.words, bad: false };
    default:
      if (row.became === "askedForPower") {
        const [device = "", other = ""] = row.words.split("|");
        return { who: "", soft: `${subjectKind(row.subject_kind)} ${row.subject}`, main: became(row.became), because: "", words: t(other ? "tellsFrom" : "tellsWhether", { device, other }), bad: false };
      }
      return { who: "", soft: subjectKind(row.subject_kind), main: became(row.became, row.subject_kind), because, words: row.words, bad: false };
  }
}
