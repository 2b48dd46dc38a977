/** Words of what speaks for a hypothesis or against it, and of how belief fared. */
import { count, moment, percent, span } from "../lib/format";
import { plain } from "../lib/naming";
import type { Argument, NamedDevice, Score } from "../lib/types";
import { asWords, words } from "../lib/words.svelte";
import { deviceClass } from "./states";

export const t = words(
  {
    for: "Speaks for it", against: "Speaks against it",
    crewFound: "A crew found that it failed", dispatcherConfirmed: "A dispatcher says that it failed", foundElsewhere: "What had failed was found to be {device}",
    measuredOpen: "Telemetry shows it open since {at}", toldOpen: "It was said to stand open at {at}", measuredClosed: "Telemetry showed it closed at {at}",
    openAbove: "Nearer to the source, {device} stands open since {at}", closedAbove: "Nearer to the source, {device} was measured closed at {at}",
    metersLost: "{lost} of {meters} {meters:meter|meters} behind it lost power within {within}", metersLostAtOnce: "{lost} of {meters} {meters:meter|meters} behind it lost power",
    metersSilent: "{silent} {silent:meter|meters} that should have been heard {silent:is|are} silent, {usual} would be usual", metersUnanswered: "{meters} {meters:meter|meters} behind it did not answer when asked",
    called: "{called} of {customers} {customers:customer|customers} behind it called, {expected} would be expected by now", powerBehind: "{powered} of {customers} {customers:customer|customers} behind it have power",
    neighboursPowered: "{powered} {powered:neighbour|neighbours} behind {device} still {powered:has|have} power", explainsAll: "All {heard} who reported lie behind it", lieOutside: "{outside} of {heard} who reported {outside:lies|lie} outside it",
    branches: "Reports come from {heard} of the {branches} branches below it", oneBranch: "All reports come from one of the {branches} branches below it: {device}",
    both: "{last}; {first}", fared: "The true device had {percent} {by} (rank {rank})", faredUnnamed: "The true device was not among the hypotheses {by}",
    byCrew: "before the crew found it", byDispatcher: "before a dispatcher confirmed it", byTelemetry: "before telemetry showed it", atFirst: "at first {percent}, rank {rank}", atFirstUnnamed: "at first it was not named",
  },
  {
    for: "支持", against: "不支持",
    crewFound: "抢修队确认其故障", dispatcherConfirmed: "调度员确认其故障", foundElsewhere: "查明故障设备为 {device}",
    measuredOpen: "遥信显示自 {at} 断开", toldOpen: "{at} 报告其断开", measuredClosed: "{at} 遥信显示闭合",
    openAbove: "上级 {device} 自 {at} 断开", closedAbove: "上级 {device} 于 {at} 遥测闭合",
    metersLost: "下游 {meters} 块电表中 {lost} 块在 {within} 内失电", metersLostAtOnce: "下游 {meters} 块电表中 {lost} 块失电",
    metersSilent: "{silent} 块应有消息的电表无音讯，通常为 {usual} 块", metersUnanswered: "下游 {meters} 块电表询问后无应答",
    called: "下游 {customers} 户中 {called} 户来电，此时预计 {expected} 户", powerBehind: "下游 {customers} 户中 {powered} 户有电",
    neighboursPowered: "{device} 下游 {powered} 户相邻用户仍有电", explainsAll: "全部 {heard} 户报修均在其下游", lieOutside: "{heard} 户报修中 {outside} 户不在其下游",
    branches: "报修来自其下 {branches} 条分支中的 {heard} 条", oneBranch: "报修均来自其下 {branches} 条分支中的一条：{device}",
    both: "{last}；{first}", fared: "{by}，真实故障设备的推断概率为 {percent}（第 {rank} 位）", faredUnnamed: "{by}，真实故障设备不在推断之列",
    byCrew: "抢修队查明前", byDispatcher: "调度员确认前", byTelemetry: "遥信显示前", atFirst: "最初 {percent}，第 {rank} 位", atFirstUnnamed: "最初未列出",
  },
);
type Key = Parameters<typeof t>[0];
const KNOWN: ReadonlySet<string> = new Set<Key>([
  "crewFound", "dispatcherConfirmed", "foundElsewhere", "measuredOpen", "toldOpen", "measuredClosed", "openAbove", "closedAbove", "metersLost", "metersSilent",
  "metersUnanswered", "called", "powerBehind", "neighboursPowered", "explainsAll", "lieOutside", "branches", "oneBranch",
]);
const BY: Record<Score["known_by"], Key> = { crew: "byCrew", dispatcher: "byDispatcher", telemetry: "byTelemetry" };

/** A device by its class and number. */
export function named(one: NamedDevice): string {
  return `${deviceClass(one.device_class)} ${one.device_number || plain(one.device)}`.trim();
}
/** A probability as people read it: nothing is certain before somebody has seen it. */
export function chance(probability: number): string {
  if (probability >= 0.995) return `> ${percent(0.99)}`;
  return probability > 0 && probability < 0.005 ? `< ${percent(0.01)}` : percent(probability);
}
/** An argument as a sentence, its times as of `now`. */
export function argumentWords(one: Argument, now: number): string {
  if (!KNOWN.has(one.code)) return asWords(one.code);
  const { at_ms, within_s, ...numbers } = one.numbers;
  const key = one.code === "metersLost" && !within_s ? "metersLostAtOnce" : (one.code as Key);
  return t(key, {
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, count(value)])),
    at: moment(at_ms, now), within: span((within_s ?? 0) * 1000), device: one.device ? named(one.device) : "",
  });
}
/** How belief in what had failed fared, as a sentence. */
export function scoreWords(score: Score): string {
  const by = t(BY[score.known_by]);
  const last = score.rank === null ? t("faredUnnamed", { by }) : t("fared", { by, percent: chance(score.probability), rank: score.rank });
  const first = score.first_rank === null ? t("atFirstUnnamed") : t("atFirst", { percent: chance(score.first_probability), rank: score.first_rank });
  return t("both", { last, first });
}
