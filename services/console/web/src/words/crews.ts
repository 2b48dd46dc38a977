/** Words of the crew board. */
import { asWords, codes, language, words } from "../lib/words.svelte";

export const t = words(
  {
    crews: "Crews", group: "Crews", crewIs: "Crew {crew}", closeCard: "Close", visiting: "visiting", membersN: "{n} {n:person|people}", membersOne: "1 person", customersN: "{n} {n:customer|customers}", lateBy: "overdue {span}", thereIn: "there in {span}", doneIn: "done in {span}",
    hoursLeft: "{span} left", hoursUp: "hours used up", placeHeard: "place heard {span} ago", placeUnknown: "taken to be at its depot", guideIs: "guided by {guide}", doneAt: "done {at}", thereAt: "there {at}", hours: "Hours", notOnDuty: "not on duty", shiftEnds: "shift ends {at}", dutySince: "on duty since {at}",
    skills: "Skills", certificates: "Certificates", kit: "Equipment", jobsN: "{n} {n:job|jobs} of the last 12 hours", deeds: "What can be done with this crew", way: "way there", planned: "planned", routeOf: "{n} {n:job|jobs}; last: {last}", routeNone: "no jobs",
    waitingWork: "Waiting work", nothingWaits: "No work waits for a crew.", chooseCrew: "Crew", waits: "for {span}", dropHint: "Drop {crew} on the work to send it there; Esc lets go.", asksCost: "asking what it costs", notThere: "belongs to another region", costUnknown: "cost not known now",
    mayNot: "may not go: {why}", leaves: "leaves {what} ({n} {n:customer|customers})", leavesOne: "leaves {what} (1 customer)", laterThanBest: "{n} min later than the quickest", chooseWork: "Where does {crew} go?", filterWork: "Filter", goOn: "Go on",
    nowIs: "Now: {state}", givesUp: "It gives up its order: the work waits for another crew.", linkTitle: "Link for the phone of {crew}", linkHelp: "Opens the page of this crew's phone. It works once, for 10 minutes: send it to the crew now.", linkAddress: "Address", linkExpires: "Works until {at}.", copy: "Copy", copied: "Copied",
    visitingTitle: "Visiting crew", visitingHelp: "A crew of another utility that comes to help. It is sent like one's own, but only with a guide who knows the area.", crewName: "Name of the crew", homeUtility: "Home utility", fromDepot: "Starts from", members: "People", guide: "Guide (a person or crew of ours)", untilWhen: "Stays until", nameMissing: "Say its name and its home utility.", skillMissing: "Choose what it can do.",
    untilPast: "That time is past.", guideNeeded: "Without a guide no rule sends it.", mutualAid: "Mutual aid", visitingSend: "Enter crew",
    search: "Crew, device, skill", depot: "Depot", allDepots: "All depots", anySkill: "Any skill or equipment", anyHours: "Any hours left", hoursAtLeast: "{n} h or more left", onlyOdd: "Only odd ones", groupBy: "Group by", sortBy: "Sort by", noCrewsShown: "No crew like this.", shownOf: "{shown} of {all}", freeOf: "{free} of {all} available", noDepot: "from a place of their own",
    who: "Crew", state: "State", doing: "Does", until: "Until", hoursHead: "Hours left", kitHead: "Skills, equipment", route: "Jobs", keyNext: "Next crew", keyBefore: "Crew before", keyVisiting: "Visiting crew", board: "Board", now: "now", workGone: "This work is no longer open.", filters: "Filters",
  },
  {
    crews: "抢修队", group: "抢修队", crewIs: "抢修队 {crew}", closeCard: "关闭", visiting: "支援队", membersN: "{n} 人", membersOne: "1 人", customersN: "{n} 户", lateBy: "超时 {span}", thereIn: "{span} 后到达", doneIn: "{span} 后完成",
    hoursLeft: "剩 {span}", hoursUp: "工时已满", placeHeard: "{span} 前定位", placeUnknown: "视为在驻点", guideIs: "向导 {guide}", doneAt: "{at} 完成", thereAt: "{at} 到达", hours: "工时", notOnDuty: "不在岗", shiftEnds: "{at} 下班", dutySince: "{at} 起在岗",
    skills: "技能", certificates: "资质", kit: "装备", jobsN: "近 12 小时 {n} 项任务", deeds: "可对该队执行的操作", way: "途中", planned: "计划", routeOf: "{n} 项任务；最近：{last}", routeNone: "无任务",
    waitingWork: "待派工作", nothingWaits: "没有待派工作。", chooseCrew: "派队", waits: "已等 {span}", dropHint: "将 {crew} 拖放到工作上即可派遣；Esc 取消。", asksCost: "正在计算代价", notThere: "属于其他区域", costUnknown: "暂无法计算代价",
    mayNot: "不可派遣：{why}", leaves: "放下 {what}（{n} 户）", leavesOne: "放下 {what}（1 户）", laterThanBest: "比最快晚 {n} 分钟", chooseWork: "派 {crew} 去哪里？", filterWork: "筛选", goOn: "继续",
    nowIs: "当前：{state}", givesUp: "将放弃其工单：工作等待另派。", linkTitle: "{crew} 的手机链接", linkHelp: "用于打开该队的手机页面，仅可使用一次，10 分钟内有效：请立即发送给该队。", linkAddress: "地址", linkExpires: "有效至 {at}。", copy: "复制", copied: "已复制",
    visitingTitle: "登记支援队", visitingHelp: "其他企业前来支援的队伍。与本企业队伍同样派遣，但须有熟悉当地的向导。", crewName: "队伍名称", homeUtility: "所属企业", fromDepot: "出发驻点", members: "人数", guide: "向导（本企业人员或队伍）", untilWhen: "停留至", nameMissing: "请填写队伍名称和所属企业。", skillMissing: "请选择技能。",
    untilPast: "该时间已过。", guideNeeded: "没有向导时规则不会派遣。", mutualAid: "互助支援", visitingSend: "登记",
    search: "队伍、设备、技能", depot: "驻点", allDepots: "全部驻点", anySkill: "任意技能或装备", anyHours: "任意剩余工时", hoursAtLeast: "剩余 {n} 小时以上", onlyOdd: "仅异常", groupBy: "分组", sortBy: "排序", noCrewsShown: "没有符合条件的队伍。", shownOf: "{shown} / {all}", freeOf: "{all} 队中 {free} 队待命", noDepot: "自有出发地",
    who: "队伍", state: "状态", doing: "任务", until: "至", hoursHead: "剩余工时", kitHead: "技能与装备", route: "任务条", keyNext: "下一队", keyBefore: "上一队", keyVisiting: "登记支援队", board: "看板", now: "现在", workGone: "该工作已结束。", filters: "筛选",
  },
);
export type Deed = "assign" | "revoke" | "hold" | "release" | "signedOn" | "offDuty" | "onBreak" | "available" | "link" | "leave";
export const deedOf = codes({
  assign: ["Assign", "派遣"], revoke: ["Revoke order", "收回工单"], hold: ["Hold its work", "搁置其工作"], release: ["Release its work", "恢复其工作"], signedOn: ["Sign on", "签到"], offDuty: ["Sign off", "签退"], onBreak: ["Break", "休息"], available: ["Available", "待命"],
  link: ["Link for the phone", "手机链接"], leave: ["Send home", "送走支援队"],
});
export const groupName = codes({ depot: ["depot", "驻点"], state: ["state", "状态"], region: ["region", "区域"], none: ["nothing", "不分组"] });
export const sortName = codes({ id: ["name", "名称"], state: ["state", "状态"], until: ["until when", "完成时间"], hours: ["hours left", "剩余工时"] });
export const odd = codes({ unanswered: ["no answer", "未应答"], overdue: ["overdue", "超时"], silent: ["silent", "无音讯"], jumped: ["left steps out", "跳过步骤"], noClearance: ["worked without clearance", "未经许可作业"], clearanceHeld: ["still holds its clearance", "仍持有许可"], unreachable: ["does not answer", "失联"] });
const KNOWN = codes({
  line: ["line", "线路"], service: ["service", "接户"], cable: ["cable", "电缆"], substation: ["substation", "变电站"], tree: ["tree", "清障"], "HV-switching": ["HV switching", "高压操作"], "live-working": ["live working", "带电作业"], "bucket-truck": ["bucket truck", "斗臂车"],
  "earthing-kit": ["earthing kit", "接地装备"], chainsaw: ["chainsaw", "油锯"], generator: ["generator", "发电机"],
});
/** Skills and equipment as the utility's folder names them; what is not known here is shown as it is. */
export function codeWords(code: string): string {
  const said = KNOWN(code);
  return said === asWords(code) ? code : said;
}
const WHY: Record<string, readonly (readonly [string, string])[]> = {
  signedOn: [["Called in", "临时召回"], ["Told by phone", "电话告知"]], offDuty: [["Shift is over", "班次结束"], ["Told by phone", "电话告知"]], onBreak: [["Rest after the night", "夜间后休息"], ["Told by phone", "电话告知"]], available: [["Back from the break", "休息结束"], ["Told by phone", "电话告知"]], leave: [["Help is over", "支援结束"]],
};
export function usualWhy(deed: string): string[] {
  return (WHY[deed] ?? []).map((both) => both[language.now === "zh" ? 1 : 0]);
}
