/** Words of the plan of dispatch: who goes where and why, what a dispatcher's word costs, and what would be. */
import { codes, words } from "../lib/words.svelte";

export const t = words(
  {
    plan: "Plan", group: "Plan", region: "Region", modeIs: "Crews are sent: {mode}", changeMode: "Change", storm: "Storm: crews are kept ready for what is larger", noStorm: "Crews keep up with the work", search: "Crew, device, depot",
    crewsN: "{n} {n:crew|crews}", waitingN: "Waiting work", nothingWaits: "No work waits for a crew.", proposals: "Proposals", noProposals: "Nothing is proposed now.", accept: "Accept", acceptWhy: "Accepted as proposed",
    crew: "Crew", route: "What it does, and what next", free: "free", drive: "drives", work: "works", stopSays: "{what}: there {at}, done {done}, {n} {n:customer|customers}", pinned: "sent by a dispatcher", first: "first", second: "second crew", held: "held", forbiddenTo: "forbidden to {crews}",
    atWork: "{n} {n:customer|customers}, back about {done}", thenN: "then {n} more", onlyBusy: "Only with work", toIncident: "{n} {n:customer|customers}, there {at}, back {done}", waitsSince: "waits for {span}",
    goesFirst: "{crew} goes there first: {n} {n:customer|customers} back in {min} min, before {other}: {m} {m:customer|customers} in {more} min.", goesAlone: "{crew} goes there: {n} {n:customer|customers} back in {min} min. Nothing else is planned for it.", goesDanger: "{crew} goes there first, a danger: there {at}, before {other}.", goesDangerAlone: "{crew} goes to the danger: there {at}.",
    comesAfter: "Waits: {crew} comes about {at}, after {other} ({m} {m:customer|customers}, done {done}). Back about {back}.", comesNext: "Waits: {crew} comes about {at}. Back about {back}.", noCrewBefore: "Waits: no crew free before {at}.", nobody: "Waits, and no crew can go:", becauseAt: "decided {at}", goesOut: "{crew} was sent.",
    whatIf: "What if …", whatIfHelp: "Tried on the plan as it stands. Nothing is changed by it.", change: "Change", moreCrews: "How many", depot: "Depot", which: "Which work", whichCrew: "Which crew", tryIt: "Try", trying: "Trying …", chooseAll: "Choose what to change.",
    without: "As it is", withIt: "With it", customerMinutes: "customer-minutes out", nextHours: "in the next 12 hours", withoutCrew: "customers to whom nobody can go", dangersLate: "dangers reached late", crewsPlanned: "crews planned with", better: "{n} customer-minutes fewer", worse: "{n} customer-minutes more", same: "It makes no difference.",
    ordersChange: "Crews that would turn", backSooner: "Back sooner or later", soonerBy: "{n} min sooner", laterBy: "{n} min later", nothing: "nothing", noneChange: "None.", aDanger: "danger", costs: "What it costs", costsMore: "It costs {n} customer-minutes in the next 12 hours.", costsNothing: "It costs no customer-minutes.", saves: "It saves {n} customer-minutes in the next 12 hours.", costUnknown: "What it costs cannot be reckoned now.", alsoLate: "{n} more {n:danger|dangers} would be reached late.",
    modeTitle: "How crews are sent in {region}", bySettings: "As the settings say", whyThis: "Why", none: "none", allowCrew: "Which crew may go again?", forbidCrew: "Which crew must not go?", now: "now", older: "The plan cannot be read now. What you see is as of {at}.",
  },
  {
    plan: "派工计划", group: "派工计划", region: "区域", modeIs: "派队方式：{mode}", changeMode: "更改", storm: "风暴：为更大停电保留队伍", noStorm: "队伍可以应付", search: "队伍、设备、驻点",
    crewsN: "{n} 队", waitingN: "待派工作", nothingWaits: "没有待派工作。", proposals: "派队建议", noProposals: "目前没有建议。", accept: "采纳", acceptWhy: "按建议采纳",
    crew: "队伍", route: "当前及后续工作", free: "空闲", drive: "行驶", work: "作业", stopSays: "{what}：{at} 到达，{done} 完成，{n} 户", pinned: "人工派单", first: "优先", second: "第二队", held: "已搁置", forbiddenTo: "禁派 {crews}",
    atWork: "{n} 户，约 {done} 复电", thenN: "其后还有 {n} 项", onlyBusy: "仅有工作的", toIncident: "{n} 户，{at} 到达，{done} 复电", waitsSince: "已等 {span}",
    goesFirst: "{crew} 先去此处：{n} 户 {min} 分钟后复电，之后去 {other}：{m} 户 {more} 分钟后复电。", goesAlone: "{crew} 前往：{n} 户 {min} 分钟后复电。该队没有其他工作。", goesDanger: "{crew} 先去排险：{at} 到达，之后去 {other}。", goesDangerAlone: "{crew} 前往排险：{at} 到达。",
    comesAfter: "等待：{crew} 约 {at} 到达，先处理 {other}（{m} 户，{done} 完成）。约 {back} 复电。", comesNext: "等待：{crew} 约 {at} 到达，约 {back} 复电。", noCrewBefore: "等待：{at} 之前没有空闲队伍。", nobody: "等待，没有队伍可派：", becauseAt: "{at} 决定", goesOut: "已派 {crew}。",
    whatIf: "假设推演", whatIfHelp: "在当前计划上推演，不作任何改变。", change: "变化", moreCrews: "数量", depot: "驻点", which: "哪项工作", whichCrew: "哪个队伍", tryIt: "推演", trying: "正在推演…", chooseAll: "请选择变化内容。",
    without: "现状", withIt: "变化后", customerMinutes: "停电户·分钟", nextHours: "未来 12 小时", withoutCrew: "无队可派的户数", dangersLate: "迟到的险情", crewsPlanned: "参与计划的队伍", better: "减少 {n} 户·分钟", worse: "增加 {n} 户·分钟", same: "没有差别。",
    ordersChange: "改派的队伍", backSooner: "复电提前或推迟", soonerBy: "提前 {n} 分钟", laterBy: "推迟 {n} 分钟", nothing: "无", noneChange: "无。", aDanger: "险情", costs: "代价", costsMore: "未来 12 小时内多停电 {n} 户·分钟。", costsNothing: "不增加停电户·分钟。", saves: "未来 12 小时内少停电 {n} 户·分钟。", costUnknown: "目前无法计算代价。", alsoLate: "另有 {n} 处险情将迟到。",
    modeTitle: "{region} 的派队方式", bySettings: "按设置", whyThis: "原因", none: "无", allowCrew: "解除哪个队伍？", forbidCrew: "禁派哪个队伍？", now: "现在", older: "暂时读不到计划，所示为 {at} 的状态。",
  },
);
export const modeName = codes({ plan: ["by the plan", "按计划"], advise: ["only when a dispatcher accepts", "调度员采纳后"], "nearest-depot": ["from the nearest depot", "就近驻点"] });
export const modeSays = codes({
  plan: ["The plan that brings most people back soonest sends crews by itself.", "使最多用户最早复电的计划自动派队。"], advise: ["Nobody is sent until a dispatcher accepts a proposal.", "调度员采纳建议后才派队。"], "nearest-depot": ["The nearest depot with a free crew sends it; dangers first.", "由最近的有空闲队伍的驻点派队，险情优先。"],
});
export const changeName = codes({
  crews: ["More crews from the neighbour", "邻区增援队伍"], depotClosed: ["A depot closed", "某驻点关闭"], first: ["This work first", "某工作优先"], assign: ["A crew sent to this work", "指定队伍"], forbid: ["A crew kept from this work", "禁派队伍"], hold: ["This work held", "搁置工作"], secondCrew: ["A second crew at this work", "增派第二队"],
});
