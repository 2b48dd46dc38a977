/** Words of the incident panel, its forms, and of what people do. */
import { span, hour } from "../lib/format";
import { codes, language, words } from "../lib/words.svelte";
import { reason } from "./reasons";
import { causeGroup, crewState, effectState, hazardState, incidentState, orderState } from "./states";

export const t = words(
  {
    incident: "Incident", group: "Incident", groupHazard: "Danger", aDanger: "Danger", customers: "Customers", customersOut: "customers out", customersN: "{n} {n:customer|customers}", lifeSupport: "life support",
    important: "important", accounts: "on the hotline", since: "since {at}", outFor: "began, {span} ago", heardN: "{n} {n:report|reports} heard", estimate: "estimate", noEstimate: "none yet", by: "by {by}", byRule: "reckoned", byPast: "from the past",
    expectedFrom: "Back from {low} to {high} in 8 cases of 10, most likely about {median}", restsOn: "{stage}; from {n} past {n:case|cases}", restsOnClass: "By the figures of the device class: too little is known of the past", changedN: "changed {n} {n:time|times}",
    overdueBy: "overdue by {span}", inSpan: "in {span}", wasDue: "was due {at}", dueAt: "by {at}", because: "— {reason}", placeHeard: "place heard {span} ago", arrives: "arrives {at}", arrivedAt: "arrival {at}",
    feederIs: "feeder {feeder}", upstreamOf: "upstream: {id}", mergedInto: "merged into {id}", nestedOne: "nested: {id}", looksHere: "{name} looks at this", doesHere: "{name} writes here: {what}",
    heldBadge: "held", noCrew: "no crew", crew: "Crew", cause: "Cause", note: "Note", restored: "restored", out: "out",
    timeline: "Timeline", hypotheses: "Hypotheses", switching: "Switching", orders: "Orders", texts: "Texts", calls: "Calls", actions: "Actions", notes: "Notes", nextTab: "Next tab", tabBefore: "Tab before",
    filterByKind: "Show these kinds", timelineOf: "The latest {shown} of {total} entries.", nFacts: "{n} {n:fact|facts}", oneFact: "1 fact", oneReport: "report", nReports: "{n} {n:report|reports}", oneText: "1 text", nTexts: "{n} {n:text|texts}", retracted: "taken back", undidIt: "Undone: {what}", nothingYet: "Nothing of this kind yet.", showEarlier: "Show earlier ones", tellsFrom: "It tells {device} from {other}.", tellsWhether: "It tells whether it is {device} or something else.",
    probability: "Probability", likely: "{percent} likely", notReckoned: "not reckoned", rankN: "Rank {n}", beliefMoved: "How belief moved", takenToHaveFailed: "taken to have failed", confirmThis: "Confirm this device",
    noHypothesis: "No other device comes into question.", hypothesesHelp: "The likeliest first. What was heard, and what was not, stands below each: + speaks for it, − against it.",
    nobodyOut: "Nobody is out under this incident.", backAt: "back {at}", outSince: "out since {at}", reportedItself: "reported", textIs: "text: {state}",
    attemptN: "attempt {n}", pinned: "sent by a person", arrivalBy: "arrival by", doneBy: "done by", found: "Found", noOrderYet: "No crew was sent yet.", textsOf: "{shown} of {total} texts.", when: "When", moment: "What", whom: "To", state: "State", noTexts: "No text was sent.",
    oneCall: "1 call", callsN: "{n} {n:call|calls}", acknowledgedBy: "acknowledged by {by}", noCalls: "No hotline account is affected.", noActions: "Nobody did anything here yet.", noNotes: "No notes yet.",
    why: "Why", whyOptional: "Why (may be left out)", whyHint: "for the record, and for your colleagues", whyMissing: "Say why, in three letters at least: it is kept with what you do.", usualReasons: "Usual reasons",
    changedBy: "{by} changed this at {at}.", changedByDecision: "A decision changed this at {at}.", changedWhile: "This changed since you opened the form.", nothingDone: "Nothing of yours was done. What you typed is kept.", decideAnew: "I have seen it, go on",
    awaySendAgain: "The server cannot be reached. It is not known whether this was done: send it again, it will not be done twice.", yes: "yes", no: "no", again: "Try again",
    whichFailed: "Which device has failed?", otherDevice: "Another device, by number or id", directlyBehind: "Directly behind the failed device", deviceBehind: "Split off what lies behind this device", chooseDevice: "Choose a device.",
    filterIncidents: "Filter open incidents of this area", mergeInto: "Merge into", noOtherIncident: "No other open incident in this area.", chooseIncident: "Choose the incident that this one is a part of.",
    powerBackBy: "Power is expected back by", in30: "in 30 min", inHours: "in {n} h", ownTime: "Own time", chooseTime: "Choose a time that lies ahead.", sameEstimate: "That is the estimate already.", chooseCause: "Choose a cause", writeNote: "Write the note.", noOrder: "There is no order any more.",
    filterCrews: "Filter crews", crewsByCost: "Crews by what sending them costs", drive: "Drive", min: "min", arrival: "There at", leaves: "Leaves", planLoses: "Plan loses", planLosesHelp: "customer-minutes without power more than by the plan, in the next 12 hours", obstacles: "Obstacles", hoursAfter: "Hours left after", nothingLeft: "nothing", nearestDepot: "nearest depot", byAir: "straight line", chooseCrew: "Choose a crew.", hasIt: "has it already: sending it again keeps it there",
    mayNotGo: "{crew} may not go: {why}", autoWhyBest: "Quickest crew, there in {min} min", autoWhyLater: "There in {min} min, {later} min later than the quickest",
    undo: "Undo", undoTitle: "Undo this?", undoLast: "Undo the last action", undoWhyUsual: "Entered by mistake", toldRefused: "Not done: {what}", toldUndecided: "Not decided yet: {what}",
    reportedSince: "Reported", reports: "Reports", place: "Place", noSuchDanger: "This danger is over, or there is none of this id.",
    customerIs: "Customer {id}", accountIs: "Account {id}", poleIs: "Pole {id}", deviceIs: "Device {id}", placeOnly: "Place only", wordsHidden: "What was said, and the whole number, are shown to dispatchers.", reportsOf: "The latest {shown} of {total} reports.", noReports: "No report of it is kept.",
  },
  {
    incident: "故障", group: "故障", groupHazard: "险情", aDanger: "险情", customers: "用户", customersOut: "户停电", customersN: "{n} 户", lifeSupport: "生命支持",
    important: "重要", accounts: "热线大客户", since: "自 {at}", outFor: "开始，已 {span}", heardN: "收到 {n} 条报修", estimate: "预计复电", noEstimate: "暂无", by: "来自 {by}", byRule: "规则推算", byPast: "据历史推算",
    expectedFrom: "十次有八次在 {low} 至 {high} 之间复电，最可能约 {median}", restsOn: "{stage}；依据 {n} 个历史样本", restsOnClass: "按设备类别的常用数值：历史数据不足", changedN: "已变更 {n} 次",
    overdueBy: "超时 {span}", inSpan: "还有 {span}", wasDue: "应于 {at}", dueAt: "至 {at}", because: "— {reason}", placeHeard: "{span} 前定位", arrives: "{at} 到达", arrivedAt: "到达 {at}",
    feederIs: "馈线 {feeder}", upstreamOf: "上级：{id}", mergedInto: "已并入 {id}", nestedOne: "下级：{id}", looksHere: "{name} 正在查看", doesHere: "{name} 正在填写：{what}",
    heldBadge: "已搁置", noCrew: "未派队", crew: "抢修队", cause: "原因", note: "备注", restored: "已恢复", out: "停电",
    timeline: "时间线", hypotheses: "推断", switching: "倒闸操作", orders: "工单", texts: "短信", calls: "电话", actions: "操作", notes: "备注", nextTab: "下一标签页", tabBefore: "上一标签页",
    filterByKind: "显示类别", timelineOf: "最近 {shown} 条，共 {total} 条。", nFacts: "{n} 条事实", oneFact: "1 条事实", oneReport: "报修", nReports: "{n} 条报修", oneText: "1 条短信", nTexts: "{n} 条短信", retracted: "已收回", undidIt: "撤销：{what}", nothingYet: "暂无此类记录。", showEarlier: "显示更早记录", tellsFrom: "可区分 {device} 与 {other}。", tellsWhether: "可判断是 {device} 还是别处。",
    probability: "概率", likely: "可能性 {percent}", notReckoned: "未计算", rankN: "第 {n} 位", beliefMoved: "推断的变化", takenToHaveFailed: "认定故障", confirmThis: "确认此设备",
    noHypothesis: "没有其他可能的设备。", hypothesesHelp: "可能性最大的在前。已听到和未听到的列于其下：+ 支持，− 不支持。",
    nobodyOut: "此故障下无停电用户。", backAt: "{at} 复电", outSince: "{at} 起停电", reportedItself: "已报修", textIs: "短信：{state}",
    attemptN: "第 {n} 次", pinned: "人工派单", arrivalBy: "预计到达", doneBy: "预计完成", found: "发现", noOrderYet: "尚未派队。", textsOf: "显示 {shown} / {total} 条短信。", when: "时间", moment: "内容", whom: "收件人", state: "状态", noTexts: "未发送短信。",
    oneCall: "1 次电话", callsN: "{n} 次电话", acknowledgedBy: "{by} 已确认", noCalls: "未影响热线大客户。", noActions: "尚无人工操作。", noNotes: "暂无备注。",
    why: "理由", whyOptional: "理由（可不填）", whyHint: "供记录和同事查阅", whyMissing: "请填写理由（至少三个字），将随操作一并保存。", usualReasons: "常用理由",
    changedBy: "{by} 已于 {at} 更改。", changedByDecision: "系统决策已于 {at} 更改。", changedWhile: "打开表单后情况有变。", nothingDone: "您的操作未执行，已填写的内容保留。", decideAnew: "已了解，继续",
    awaySendAgain: "无法连接服务器，是否完成未知：请重新发送，不会重复执行。", yes: "是", no: "否", again: "重试",
    whichFailed: "哪个设备故障？", otherDevice: "其他设备（编号）", directlyBehind: "故障设备的直接下游", deviceBehind: "将此设备下游拆分为独立故障", chooseDevice: "请选择设备。",
    filterIncidents: "筛选本区域的未结故障", mergeInto: "并入", noOtherIncident: "本区域没有其他未结故障。", chooseIncident: "请选择要并入的故障。",
    powerBackBy: "预计复电时间", in30: "30 分钟后", inHours: "{n} 小时后", ownTime: "自定时间", chooseTime: "请选择将来的时间。", sameEstimate: "与当前预计时间相同。", chooseCause: "选择原因", writeNote: "请填写备注。", noOrder: "工单已不存在。",
    filterCrews: "筛选抢修队", crewsByCost: "按派遣代价排列的抢修队", drive: "车程", min: "分", arrival: "到达", leaves: "放下", planLoses: "计划代价", planLosesHelp: "未来 12 小时内比原计划多出的停电户·分钟", obstacles: "障碍", hoursAfter: "之后剩余工时", nothingLeft: "无", nearestDepot: "最近驻点", byAir: "按直线估算", chooseCrew: "请选择抢修队。", hasIt: "已在此工作：再次派遣将固定该队",
    mayNotGo: "{crew} 不可派遣：{why}", autoWhyBest: "最快到达，{min} 分钟", autoWhyLater: "{min} 分钟到达，比最快晚 {later} 分钟",
    undo: "撤销", undoTitle: "撤销此操作？", undoLast: "撤销上一操作", undoWhyUsual: "误操作", toldRefused: "未执行：{what}", toldUndecided: "尚未决定：{what}",
    reportedSince: "报告于", reports: "报告数", place: "位置", noSuchDanger: "该险情已结束，或不存在。",
    customerIs: "用户 {id}", accountIs: "大客户 {id}", poleIs: "电杆 {id}", deviceIs: "设备 {id}", placeOnly: "仅有位置", wordsHidden: "报告内容和完整号码仅调度员可见。", reportsOf: "最近 {shown} 条报告，共 {total} 条。", noReports: "没有保留的报告。",
  },
);
/** What can be done, as a button says it. */
export const kindOf = codes({
  crewStatus: ["Crew's state", "队伍状态"], crewVisiting: ["Visiting crew", "登记支援队"], crewLeft: ["Send home", "送走支援队"], closeRoad: ["Close road", "封闭道路"], openRoad: ["Open road", "恢复道路"], assign: ["Assign", "派遣"], confirm: ["Confirm", "确认设备"], split: ["Split", "拆分"], merge: ["Merge", "合并"], reject: ["Reject", "否定"], estimate: ["Estimate", "预计时间"],
  cause: ["Cause", "原因"], note: ["Note", "备注"], hold: ["Hold", "搁置"], holdForSafety: ["Hold for safety", "安全暂停"], giveClearance: ["Give clearance", "许可工作"], endClearance: ["End clearance", "收回许可"], extendHours: ["Extend hours", "延长工时"], mode: ["How crews are sent", "派队方式"], forbid: ["Forbid crew", "禁派队伍"], allow: ["Allow crew again", "解除禁派"], first: ["Do first", "优先处理"], notFirst: ["In its turn", "取消优先"], secondCrew: ["Second crew", "增派第二队"], oneCrew: ["No second crew", "取消第二队"], release: ["Release", "恢复派工"], revoke: ["Revoke", "收回工单"], dismissHazard: ["Dismiss danger", "撤销险情"], deviceState: ["Device state", "设备状态"],
  undo: ["Undo", "撤销"], place: ["Place report", "定位报修"], dismiss: ["Dismiss", "忽略"], requeue: ["Process again", "重新处理"], setAside: ["Set aside", "搁置消息"], acknowledge: ["Acknowledge", "知悉"], callAgain: ["Call again", "再次呼叫"],
  assignOther: ["Assign another crew", "改派"], answer: ["Answer", "回复"], answerText: ["Answer", "回复"], stopTexts: ["Stop texts", "停止短信"], resumeTexts: ["Let texts go on", "恢复短信"], sendBroadcast: ["Broadcast", "群发"], askBroadcast: ["Ask for a broadcast", "申请群发"], approveBroadcast: ["Approve broadcast", "批准群发"], refuseBroadcast: ["Refuse broadcast", "拒绝群发"], asReport: ["Take as a report", "作为报修"], handled: ["Handled", "已处理"],
});
/** What was done, as a message and a list say it. */
export const did = codes({
  assign: ["Crew assigned", "已派遣抢修队"], confirm: ["Device confirmed", "设备已确认"], split: ["Incident split", "故障已拆分"], merge: ["Incidents merged", "故障已合并"], reject: ["Incident rejected", "故障已否定"], estimate: ["Estimate set", "已设定预计时间"],
  cause: ["Cause set", "已设定原因"], note: ["Note written", "已写备注"], hold: ["Work held", "工作已搁置"], holdForSafety: ["Work held for safety", "已安全暂停"], giveClearance: ["Clearance given", "已许可工作"], endClearance: ["Clearance ended", "已收回许可"], extendHours: ["Hours extended", "已延长工时"], mode: ["How crews are sent was chosen", "已选定派队方式"], forbid: ["Crew forbidden", "已禁派该队"], allow: ["Crew allowed again", "已解除禁派"], first: ["Put first", "已设为优先"], notFirst: ["Left to its turn", "已取消优先"], secondCrew: ["Second crew asked for", "已要求第二队"], oneCrew: ["Second crew not wanted any more", "已取消第二队"], release: ["Work released", "工作已恢复"], revoke: ["Order revoked", "工单已收回"], dismissHazard: ["Danger dismissed", "险情已撤销"], deviceState: ["Device state set", "已设定设备状态"],
  undo: ["Undone", "已撤销"], place: ["Report placed", "报修已定位"], dismiss: ["Dismissed", "已忽略"], requeue: ["Processed again", "已重新处理"], setAside: ["Set aside", "消息已搁置"], acknowledge: ["Acknowledged", "已知悉"], callAgain: ["Called again", "已再次呼叫"],
  assignOther: ["Another crew assigned", "已改派"], answer: ["Answered", "已回复"], answerText: ["Answered", "已回复"], stopTexts: ["Texts stopped", "已停止短信"], resumeTexts: ["Texts go on", "已恢复短信"], sendBroadcast: ["Broadcast sent", "已群发"], askBroadcast: ["Broadcast asked for", "已申请群发"], approveBroadcast: ["Broadcast approved", "已批准群发"], refuseBroadcast: ["Broadcast refused", "已拒绝群发"], asReport: ["Taken as a report", "已作为报修"], handled: ["Handled", "已处理"],
  crewVisiting: ["Visiting crew entered", "已登记支援队"], crewLeft: ["Visiting crew sent home", "支援队已离开"], crewLink: ["Link for the phone made", "已生成手机链接"], closeRoad: ["Road closed", "已封闭道路"], openRoad: ["Road opened again", "道路已恢复"], signedOn: ["Signed on", "已签到"], offDuty: ["Signed off", "已签退"], onBreak: ["On break", "已休息"], available: ["Available", "已待命"], crewStatus: ["Crew's state set", "已设定队伍状态"],
});
const leads = codes({
  split: ["What lies behind the device becomes an incident of its own.", "所选设备下游的用户将成为独立故障。"], merge: ["This incident becomes a part of the other one.", "本故障将成为所选故障的一部分。"], reject: ["Nothing has failed here: the reports are explained anew.", "此处没有故障：报修将重新解释。"],
  hold: ["Nobody is sent until it is released; whoever is under way goes on.", "恢复之前不再派队；已出发的队伍继续。"], forbid: ["No plan sends this crew here. If it is under way it is called back; on site it stays.", "计划不再派该队来此；在途则召回，在现场则留下。"], allow: ["The plan may send this crew here again.", "计划可再次派该队来此。"], first: ["The plan does it before all other work, whatever that costs the others.", "计划将其排在所有工作之前，不计其他用户的代价。"], notFirst: ["The plan does it in its turn again.", "计划恢复按序处理。"], secondCrew: ["A second crew is sent to share the work.", "派第二队共同作业。"], oneCrew: ["No second crew is sent; one on site stays.", "不再派第二队；已在现场的留下。"], release: ["The rules may send a crew again.", "规则可重新派队。"], revoke: ["The crew is called back, and the work waits for another one.", "召回队伍，工作等待另派。"],
  dismissHazard: ["There is no danger at this place: nobody is sent to make it safe.", "此处没有险情：不再派队排险。"], estimate: ["Customers who were told another time get a text.", "已获通知的用户会收到短信。"],
});
/** What an action does, where its name does not say it all. */
export function lead(kind: string): string {
  return known(leads, kind) ? leads(kind) : "";
}
const WHY: Record<string, readonly (readonly [string, string])[]> = {
  confirm: [["A crew saw it", "队伍已确认"], ["Seen in SCADA", "SCADA 可见"], ["Told by phone", "电话告知"]], split: [["Two faults", "两处故障"], ["Told by the crew", "队伍告知"]], merge: [["Same fault", "同一故障"], ["Told by the crew", "队伍告知"]],
  reject: [["Power is there", "现场有电"], ["Fault in the house", "用户内部故障"]], estimate: [["Told by the crew", "队伍告知"], ["Material is late", "物料延误"], ["Road is blocked", "道路不通"]], hold: [["Too dangerous now", "目前过于危险"], ["Waits for daylight", "等待天亮"], ["Waits for material", "等待物料"]],
  release: [["Danger is over", "险情已过"], ["Material is there", "物料已到"]], forbid: [["Road too narrow for its truck", "道路过窄"], ["Was there without success", "此前未能完成"]], first: [["Somebody is in danger there", "现场有人处境危险"], ["Asked for by the authorities", "应主管部门要求"]], secondCrew: [["Two spans are down", "两档断线"], ["Too much for one crew", "一队难以完成"]], assign: [["Knows the place", "熟悉现场"], ["Has the material", "有物料"]], revoke: [["Needed elsewhere", "另有任务"], ["Wrong place", "地点错误"]], dismissHazard: [["Checked by phone", "电话核实"], ["Not our line", "非我方线路"]],
};
export function usualWhy(kind: string): string[] {
  return (WHY[kind] ?? []).map((both) => both[language.now === "zh" ? 1 : 0]);
}
/** Titles of the forms, longer than their buttons. */
export const titleOf = codes({
  assign: ["Assign a crew", "派遣抢修队"], confirm: ["Confirm the device that failed", "确认故障设备"], split: ["Split the incident", "拆分故障"], merge: ["Merge into another incident", "并入其他故障"], reject: ["Reject the incident", "否定故障"], estimate: ["Set the estimate", "设定预计复电时间"],
  cause: ["Set the cause", "设定原因"], note: ["Write a note", "填写备注"], hold: ["Hold the work", "搁置工作"], forbid: ["Forbid a crew this work", "禁派队伍"], allow: ["Allow a crew this work again", "解除禁派"], first: ["Do this first", "优先处理此工作"], notFirst: ["Leave it to its turn", "取消优先"], secondCrew: ["Send a second crew", "增派第二队"], oneCrew: ["No second crew any more", "取消第二队"], release: ["Release the work", "恢复派工"], revoke: ["Revoke the order", "收回工单"], dismissHazard: ["Dismiss the danger", "撤销险情"],
});
/** What keeps a crew from being sent, said of that one crew. */
export const obstacle = codes({
  skillMissing: ["lacks the skill", "缺少技能"], certificateMissing: ["lacks the certificate", "缺少资质"], kitMissing: ["lacks the equipment", "缺少装备"], pairForbidden: ["forbidden by a dispatcher", "调度员禁派"], declined: ["refused it lately", "刚拒绝过"], unreachable: ["does not answer", "联系不上"], offDuty: ["off duty", "已下班"],
  offShift: ["no shift now", "不在班次"], onBreak: ["on a break", "休息中"], hoursUp: ["hours would run out", "工时将满"], busy: ["at work on site", "正在现场作业"], helpsAlready: ["has this order already", "已在执行该任务"], noGuide: ["has no local guide", "没有本地向导"],
});
/** What changed, by the code of an action or of a decision's reason. */
export function whatChanged(code: string): string {
  return known(did, code) ? did(code) : reason(code);
}
/** A cause by its code: a group, or a code of the list that is kept as it is. */
export function causeWords(code: string): string {
  return causeGroup(code) === FALLBACK(code) ? code : causeGroup(code);
}
export const field = codes({ state: ["State", "状态"], device: ["Device", "设备"], crew: ["Crew", "抢修队"], estimate: ["Estimate", "预计复电"], held: ["Held", "搁置"], order: ["Order", "工单"] });
export const timelineKind = codes({ fact: ["facts", "事实"], decision: ["decisions", "决策"], action: ["people", "人工"], text: ["texts", "短信"], call: ["calls", "电话"], order: ["orders", "工单"], remark: ["notes", "备注"] });
export const subjectKind = codes({
  incident: ["incident", "故障"], report: ["report", "报修"], order: ["order", "工单"], crew: ["crew", "抢修队"], job: ["work", "工作"], priority: ["class of work", "工作级别"], affected: ["told customers", "通知对象"], followed: ["texts", "短信"], momentary: ["momentary outage", "瞬时停电"], gathering: ["reports", "报修"], visitor: ["visiting crew", "支援队"], duty: ["crew", "抢修队"], closure: ["closed road", "封闭道路"], rules: ["rules of dispatch", "派队规则"], hazard: ["danger", "险情"], text: ["text", "短信"], notice: ["text", "短信"], customer: ["customer", "用户"], meter: ["meter", "电表"], question: ["question", "询问"],
  escalation: ["hotline", "热线"], call: ["call", "电话"], window: ["planned work", "计划工作"], position: ["switch", "开关"], device: ["device", "设备"], interruption: ["interruption", "停电记录"], phone: ["phone", "电话"], step: ["step", "分步恢复"], effect: ["message", "消息"], texts: ["all texts", "全部短信"], noticeStop: ["stop of texts", "短信停止"], broadcast: ["broadcast", "群发"],
});
export const actionState = codes({ sent: ["on its way", "发送中"], done: ["done", "已完成"], refused: ["not done", "未执行"], undone: ["undone", "已撤销"] });
export const callState = codes({ open: ["open", "进行中"], calling: ["being called", "呼叫中"], acknowledged: ["acknowledged", "已确认"], over: ["over", "已结束"], waiting: ["waiting", "等待"] });
const otherStates = codes({
  stopped: ["stopped", "已停止"], resumed: ["let go on", "已恢复"], warned: ["warned", "已警告"], linked: ["linked", "已绑定"], unlinked: ["linked no more", "已解除绑定"], text: ["text", "短信"], powerRestored: ["power back", "复电"], signedOn: ["signed on", "已签到"], position: ["told its place", "上报位置"], helpNeeded: ["needs help", "请求支援"], cleared: ["works under clearance", "许可下作业"], released: ["gave its clearance back", "已交还许可"], foundFault: ["found another fault", "发现另一故障"], "nearest-depot": ["from the nearest depot", "就近驻点派队"], plan: ["by the plan", "按计划派队"], advise: ["as a dispatcher accepts", "经调度员确认派队"], materialNeeded: ["needs material", "缺少物料"], ordered: ["ordered", "已派单"], verifying: ["being verified", "核实中"], gathering: ["gathering reports", "汇集报修"],
  placed: ["placed", "已拨出"], waits: ["waits", "等待"], untold: ["nobody told", "未通知"], followed: ["noted for texts", "已通知短信"], recalled: ["taken back", "已收回"], reported: ["reported", "已上报"], asked: ["asked back", "已询问"], active: ["under way", "进行中"], isolated: ["isolated", "已隔离"], overrun: ["overrun", "超期"], visiting: ["here to help", "前来支援"], left: ["left", "已离开"], forgotten: ["forgotten", "已清除"], given: ["given", "已给出"], ranked: ["ranked", "已排序"],
  lifeSupport: ["life support", "生命支持"], importantOrLarge: ["important or large", "重要或大客户"], feeder: ["feeder", "馈线"], lateral: ["lateral", "支线"], single: ["transformer or less", "配变及以下"],
  askedForPower: ["asked whether power is on", "询问是否有电"], noAnswer: ["meter did not answer", "电表未应答"], call: ["call", "来电"], lastGasp: ["meter lost power", "电表失电"], powerBack: ["power back", "复电"], meterPowerBack: ["meter has power", "电表复电"], hazard: ["danger", "险情"], retracted: ["taken back", "已收回"], unanswered: ["not answered", "未应答"], stays: ["stays", "不变"], announced: ["announced", "已公告"], started: ["started", "已开始"], completed: ["completed", "已完成"], cancelled: ["cancelled", "已取消"], changed: ["changed", "已变更"],
  located: ["located", "已定位"], counted: ["counted", "已计入"], muted: ["muted", "已静默"], answered: ["answered", "已应答"], ambiguous: ["ambiguous", "不明确"], unknown: ["unknown", "未知"], doubled: ["doubled", "重复"], late: ["late", "迟到"], received: ["received", "已收到"],
  waiting: ["waiting", "等待"], over: ["over", "已结束"], assigned: ["assigned", "已派"], held: ["held", "已搁置"], refused: ["not done", "未执行"], note: ["note", "备注"], opened: ["opened", "已开始"], ended: ["ended", "已结束"], acknowledged: ["acknowledged", "已确认"], open: ["open", "断开"], closed: ["closed", "已归档"], out: ["out", "停电"], restored: ["restored", "已恢复"], kept: ["unchanged", "不变"], called: ["called", "已呼叫"],
});
const switchStates = codes({ foundFault: ["found failed", "查明故障"], open: ["open", "断开"], closed: ["closed", "闭合"], stays: ["unchanged", "不变"], reclosed: ["reclosed", "已重合"] });
/** What something became: a state of whatever has states, or an action of a person. A switch that closes is another thing than an incident. */
export function became(code: string, subject_kind = ""): string {
  if (subject_kind === "device" || subject_kind === "position") return switchStates(code);
  for (const say of [incidentState, orderState, crewState, hazardState, effectState, otherStates, did]) if (known(say, code)) return say(code);
  return otherStates(code);
}
const FALLBACK = codes({});
function known(say: (code: string) => string, code: string): boolean {
  return say(code) !== FALLBACK(code);
}
/** What an action asked for, in a few words. */
export function saidWords(said: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(said)) {
    if (typeof value === "string" && value && ["words", "device", "crew", "cause", "into", "customer", "position"].includes(name)) parts.push(name === "words" ? `“${value}”` : value);
    else if (name === "estimate_ms" && typeof value === "number") parts.push(hour(value));
    else if (name === "for_ms" && typeof value === "number") parts.push(span(value));
  }
  return parts.join(" · ");
}
/** How far the work had come when it was reckoned when power is back. */
export const workStage = codes({ waiting: ["waits for a crew", "等待派队"], planned: ["a crew is planned", "已计划派队"], ordered: ["a crew is ordered", "已派队"], onSite: ["a crew is on site", "队伍在现场"], repaired: ["repaired", "已修复"] });
