/** How work is called on the pages of the plan: by the device that people know it by. */
import { plain } from "../lib/naming";
import { live } from "../lib/live.svelte";
import { short } from "../lib/format";
import { t } from "../words/plan";
import { deviceClass, hazardKind } from "../words/states";

interface About { incident: string | null; hazard: string | null; device?: string | null }
export function workName(about: About): string {
  if (about.hazard) {
    const hazard = live.hazards.get(about.hazard);
    return hazard ? hazardKind(hazard.kind) : t("aDanger");
  }
  const row = live.incidents.get(about.incident);
  if (row) return `${deviceClass(row.device_class)} ${row.device_number || plain(row.device)}`;
  return about.device ? plain(about.device) : short(about.incident ?? "");
}
export function workPath(about: About): string {
  return about.hazard ? `/hazards/${encodeURIComponent(about.hazard)}` : `/incidents/${encodeURIComponent(about.incident ?? "")}`;
}
