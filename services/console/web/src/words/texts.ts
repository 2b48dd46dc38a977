/** Words of the page of texts: the ledger, the gateways, broadcasts, the wording, and of answers to texts. */
import { codes, language, words } from "../lib/words.svelte";
import { reason } from "./reasons";

export const t = words(
  {
    title: "Texts", group: "Texts", views: "Views of texts", ledger: "Ledger", gateways: "Gateways", broadcast: "Broadcast", wording: "Wording", nextView: "Next view", nextRow: "Next text", rowBefore: "Text before", openRow: "Open or close the text", stopKey: "Stop or resume all texts",
    ledgerOf: "Texts, the newest first", when: "When", what: "What", whom: "To", said: "Words", became: "What became of it", answered: "Answer", incident: "Incident", customer: "Customer", state: "State", moment: "Moment", anyIncident: "All incidents", anyState: "All states", anyMoment: "All moments", customerHint: "Number",
    filters: "Filter", clear: "Show all", lastDay: "Last 24 hours:", inAll: "In all:", nothing: "No text fits.", nothingYet: "Nobody was told anything yet.", more: "Show earlier ones", oneWeek: "The page looks back a week at a time.", asOf: "as of {at}", frozen: "So long a list is not refreshed by itself.", refresh: "Refresh",
    and: "+{n}", handedOver: "handed over", receiptAt: "arrived {at}", noReply: "no answer", replied: "“{words}”", answeredAt: "Answered {at}", wordsHidden: "Words and whole numbers are shown to dispatchers.", wordsGone: "The words are not kept any more.",
    channel: "Way", attempts: "Attempts", gateway: "Gateway", receipt: "Receipt", noReceipt: "none yet", reason: "Reason", estimate: "Estimate told", expires: "Not sent after", customers: "Customers", none: "none", length: "Length", wrote: "Wrote at {at}", toldBy: "Answered by {name}", byRule: "Answered by a rule", reply: "Answer of the customer",
    conversation: "Conversation", showConversation: "Show the conversation", conversationOf: "Conversation with {phone}", noConversation: "Nothing was written from or to this phone.", us: "We", them: "Customer", noCustomer: "This phone belongs to no customer.", standsFor: "Customers: {names}",
    segmentsN: "{n} {n:segment|segments}", unitsN: "{n} characters", unitsLeft: "{n} left in this segment", aboveOne: "{n} segments: every phone costs {n} times as much.", costs: "Counted as the network counts", measuring: "counting", noWords: "Write the words.", mixed: "Characters that the short alphabet lacks make it longer: {letters}",
    connected: "connected", quiet: "nothing handed over lately", away: "not connected", perMin: "a minute", sent: "handed over", delivered: "arrived", failed: "failed", unknown: "unknown", throttled: "put off", waiting: "waiting", oldest: "oldest waits", lastHour: "The last hour", failures: "Why texts failed", noFailures: "None failed in the last hour.", noGateways: "No text was handed over in the last hour, and none waits.",
    perMinute: "Texts a minute", asTable: "Show as a table", minute: "Minute", nobodyYet: "not begun", exercise: "exercise", tries: "tried again",
    stopAll: "Stop all texts", resumeAll: "Let texts go on", stopOf: "Stop texts of this incident", resumeOf: "Let texts of this incident go on", allStopped: "All texts are stopped: {by}, since {at} ({span}).", stoppedOf: "Texts of this incident are stopped: {by}, since {at} ({span}).", stopWhy: "“{why}”", recalled: "{n} {n:text|texts} taken back", stopsNow: "Stopped incidents", toIncident: "Incident {id}", toDanger: "The danger",
    stopAllSays: "Nothing leaves any more: what waits is taken back, warnings of danger wait too. Who was told nothing is told what holds once texts go on.", stopOfSays: "What has not left is taken back. Nobody is told of this incident until texts go on; then customers are told what holds.", resumeSays: "Whoever waited is told what holds now. Nothing old is sent.", stopBadge: "texts stopped",
    toWhom: "To whom", kind_incident: "An incident's customers who are out", kind_area: "A supply area", kind_feeder: "A feeder", kind_device: "All behind a device", kind_all: "All customers", chooseIncident: "Choose an incident", chooseArea: "Choose an area", feeder: "Feeder, by number or name", device: "Device, by number or id", customersOut: "{n} out", incidentOver: "{id} (over)",
    languages: "Languages", writeIn: "Write in", only: "Only to those who read {languages}", others: "Whoever reads another language gets it in {language}.", wordsIn: "Words in {language}", audience: "Who would get it", reckoning: "Reckoning who would get it", fillIn: "Choose to whom, and write the words: then it is reckoned who would get it.", phones: "phones", customersIs: "customers", inLanguage: "in {language}", withoutConsent: "want no texts", withoutPhone: "have no phone", segments: "segments", cost: "cost", nobody: "Nobody of them has a phone and wants texts.", second: "From {n} phones on a second person has to approve it.", notSecond: "It is sent at once: a second person is asked from {n} phones on.",
    send: "Send it", ask: "Ask for approval", sendTitle: "Send this to {n} phones?", askTitle: "Ask a second person to send this to {n} phones?", sentNow: "Sent to {n} {n:phone|phones}", askedNow: "Asked for: a second person has to approve it", changed: "Meanwhile it would reach {n} phones. Look again.", latest: "Broadcasts", noBroadcasts: "Nobody sent a broadcast yet.", askedBy: "{name}, {at}", approvedBy: "approved by {name}, {at}", refusedBy: "refused by {name}, {at}", until: "may be approved until {at}", ranOut: "ran out: ask for it anew", ofYours: "Somebody else has to approve what you asked for.", approve: "Approve and send", refuse: "Refuse", takeBack: "Take back", approveTitle: "Send this to {n} phones?", refuseTitle: "Do not send this?", approvedNow: "Approved and sent", refusedNow: "Refused", toN: "{phones} phones, {customers} customers", draftGone: "It would reach others by now",
    previewOf: "Texts in", onlyLong: "Only those above one segment", longOf: "{n} of {all} texts take more than one segment.", allShort: "Each of the {all} texts fits into one segment.", sample: "With made-up premises and times, as they are sent; the words stand in one file a language.", variant: "Case",
    answerTitle: "Answer {phone}", prepared: "Prepared answers", ownWords: "Answer", answerIn: "Language of the answers", sendAnswer: "Send the answer", wordsMissing: "Write the answer, or take a prepared one.", tooLong: "At most 1,000 characters.", loading: "Reading", textsOf: "Texts of {id}", tellThem: "Write to these customers",
  },
  {
    title: "短信", group: "短信", views: "短信视图", ledger: "台账", gateways: "网关", broadcast: "群发", wording: "文案", nextView: "下一视图", nextRow: "下一条短信", rowBefore: "上一条短信", openRow: "展开或收起", stopKey: "停止或恢复全部短信",
    ledgerOf: "短信，最新在前", when: "时间", what: "内容", whom: "收件人", said: "文字", became: "结果", answered: "回复", incident: "故障", customer: "用户", state: "状态", moment: "时机", anyIncident: "全部故障", anyState: "全部状态", anyMoment: "全部时机", customerHint: "编号",
    filters: "筛选", clear: "显示全部", lastDay: "最近 24 小时：", inAll: "总计：", nothing: "没有符合的短信。", nothingYet: "尚未通知任何人。", more: "显示更早的", oneWeek: "每次回溯一周。", asOf: "截至 {at}", frozen: "列表过长时不自动刷新。", refresh: "刷新",
    and: "+{n}", handedOver: "已提交", receiptAt: "{at} 送达", noReply: "未回复", replied: "“{words}”", answeredAt: "{at} 回复", wordsHidden: "内容和完整号码仅调度员可见。", wordsGone: "内容已不再保留。",
    channel: "方式", attempts: "尝试次数", gateway: "网关", receipt: "回执", noReceipt: "尚无", reason: "原因", estimate: "告知的预计复电", expires: "过期时间", customers: "用户", none: "无", length: "长度", wrote: "{at} 来信", toldBy: "由 {name} 回复", byRule: "由规则回复", reply: "用户的回复",
    conversation: "往来短信", showConversation: "显示往来短信", conversationOf: "与 {phone} 的往来短信", noConversation: "该号码没有往来短信。", us: "我方", them: "用户", noCustomer: "该号码不属于任何用户。", standsFor: "用户：{names}",
    segmentsN: "{n} 段", unitsN: "{n} 个字符", unitsLeft: "本段还可写 {n} 个", aboveOne: "共 {n} 段：每个号码按 {n} 条计费。", costs: "按网络计数", measuring: "计数中", noWords: "请填写内容。", mixed: "短字母表之外的字符会增加长度：{letters}",
    connected: "已连接", quiet: "近期没有提交", away: "未连接", perMin: "每分钟", sent: "已提交", delivered: "已送达", failed: "失败", unknown: "未知", throttled: "推迟", waiting: "等待", oldest: "最久等待", lastHour: "最近一小时", failures: "失败原因", noFailures: "最近一小时没有失败。", noGateways: "最近一小时没有提交短信，也没有等待。",
    perMinute: "每分钟短信", asTable: "以表格显示", minute: "时刻", nobodyYet: "尚未开始", exercise: "演练", tries: "将重试",
    stopAll: "停止全部短信", resumeAll: "恢复短信", stopOf: "停止此故障的短信", resumeOf: "恢复此故障的短信", allStopped: "全部短信已停止：{by}，自 {at} 起（{span}）。", stoppedOf: "此故障的短信已停止：{by}，自 {at} 起（{span}）。", stopWhy: "“{why}”", recalled: "收回 {n} 条", stopsNow: "已停止短信的故障", toIncident: "故障 {id}", toDanger: "该险情",
    stopAllSays: "不再发出任何短信：等待中的收回，险情警告也暂停。恢复后，未获通知的用户将收到当时有效的信息。", stopOfSays: "未发出的短信将收回。恢复之前不再通知此故障；恢复后用户将收到当时有效的信息。", resumeSays: "等待的用户将收到现在有效的信息，不发送旧内容。", stopBadge: "短信已停止",
    toWhom: "发给谁", kind_incident: "某故障的停电用户", kind_area: "供电区域", kind_feeder: "馈线", kind_device: "某设备下游全部用户", kind_all: "全部用户", chooseIncident: "选择故障", chooseArea: "选择区域", feeder: "馈线编号或名称", device: "设备编号", customersOut: "停电 {n} 户", incidentOver: "{id}（已结束）",
    languages: "语言", writeIn: "撰写语言", only: "仅发给使用{languages}的用户", others: "使用其他语言的用户将收到{language}。", wordsIn: "{language}内容", audience: "发送对象", reckoning: "正在计算发送对象", fillIn: "选择对象并填写内容后，将计算发送对象。", phones: "个号码", customersIs: "户", inLanguage: "{language}", withoutConsent: "户不接收短信", withoutPhone: "户没有号码", segments: "段", cost: "费用", nobody: "其中没有愿意接收短信的号码。", second: "{n} 个号码及以上须由第二人批准。", notSecond: "将立即发送：{n} 个号码及以上才需第二人批准。",
    send: "发送", ask: "申请批准", sendTitle: "发送给 {n} 个号码？", askTitle: "请第二人批准发送给 {n} 个号码？", sentNow: "已发送给 {n} 个号码", askedNow: "已申请：须由第二人批准", changed: "现在将发给 {n} 个号码，请重新确认。", latest: "群发记录", noBroadcasts: "尚无群发。", askedBy: "{name}，{at}", approvedBy: "{name} 于 {at} 批准", refusedBy: "{name} 于 {at} 拒绝", until: "{at} 前可批准", ranOut: "已过期：请重新申请", ofYours: "您申请的群发须由他人批准。", approve: "批准并发送", refuse: "拒绝", takeBack: "撤回", approveTitle: "发送给 {n} 个号码？", refuseTitle: "不发送？", approvedNow: "已批准并发送", refusedNow: "已拒绝", toN: "{phones} 个号码，{customers} 户", draftGone: "发送对象已变化",
    previewOf: "短信语言", onlyLong: "仅显示超过一段的", longOf: "{all} 条短信中有 {n} 条超过一段。", allShort: "全部 {all} 条短信均在一段之内。", sample: "以虚构的地点和时间显示实际发送的样子；每种语言的文案为一个文件。", variant: "情形",
    answerTitle: "回复 {phone}", prepared: "预设回复", ownWords: "回复", answerIn: "回复语言", sendAnswer: "发送回复", wordsMissing: "请填写回复，或选用预设回复。", tooLong: "最多 1000 个字符。", loading: "读取中", textsOf: "{id} 的短信", tellThem: "给这些用户发短信",
  },
);
export const channelName = codes({ text: ["text", "短信"], email: ["e-mail", "电子邮件"], webhook: ["webhook", "网络回调"], voice: ["spoken", "语音"], voiceNotice: ["spoken", "语音"] });
const gateways = codes({ smpp: ["SMPP", "SMPP"], kannel: ["Kannel", "Kannel"], http: ["HTTP provider", "HTTP 服务商"], email: ["E-mail", "电子邮件"], webhook: ["Webhook", "网络回调"], voice: ["Voice", "语音"] });
/** A gateway by its name; that of an exercise is named like the real one. */
export function gatewayName(name: string): string {
  return gateways(name.replace(/^drill:/, ""));
}
const receipts = codes({
  delivrd: ["Arrived", "已送达"], delivered: ["Arrived", "已送达"], sent: ["Handed over", "已提交"], expired: ["Not delivered in time", "超过有效期未送达"], undeliv: ["Could not be delivered", "无法送达"], undelivered: ["Could not be delivered", "无法送达"],
  rejectd: ["Refused by the operator", "运营商拒绝"], deleted: ["Deleted by the operator", "被运营商删除"], failed: ["Failed", "失败"], canceled: ["Cancelled", "已取消"], nack: ["Refused by the operator", "运营商拒绝"], unknown: ["The operator does not know", "运营商未知"],
});
const numbered = codes({
  operatorCode: ["Unknown code of the operator", "运营商未知代码"], providerCode: ["Unknown code of the provider", "服务商未知代码"], providerFailed: ["The provider failed", "服务商故障"], refused: ["Refused", "被拒绝"], serverSaid: ["The mail server refused it", "邮件服务器拒绝"], kannelAnswer: ["Unknown answer of Kannel", "Kannel 未知应答"],
});
/** Why something became of a text: a reason of ours, or the code of an operator in words, with the code. */
export function whyText(code: string): string {
  if (!code) return "";
  const receipt = /^([A-Za-z]+):(\S+)$/.exec(code) ?? /^([A-Z]{4,})$/.exec(code);
  if (receipt) return receipt[2] ? `${receipts(receipt[1]!.toLowerCase())} (${receipt[2]})` : receipts(receipt[1]!.toLowerCase());
  const known = /^(operatorCode|providerCode|providerFailed|refused|serverSaid|kannelAnswer)(\d\w*)$/.exec(code);
  return known ? `${numbered(known[1]!)} (${known[2]})` : reason(code);
}
export const alphabetName = codes({ gsm7: ["7-bit alphabet", "7 位字母表"], ucs2: ["UCS-2", "UCS-2"] });
export const broadcastState = codes({ asked: ["waits for approval", "待批准"], approved: ["approved", "已批准"], refused: ["refused", "已拒绝"], sent: ["sent", "已发送"] });
const LANGUAGES: Record<string, readonly [string, string]> = { en: ["English", "英文"], zh: ["Chinese", "中文"] };
/** A language by its code (ISO 639-1), in the language of the page. */
export function languageName(code: string): string {
  const known = LANGUAGES[code];
  return known ? known[language.now === "zh" ? 1 : 0] : (new Intl.DisplayNames([language.locale], { type: "language", fallback: "code" }).of(code) ?? code);
}
/** Texts by their names in the words of a language (services/notices/words). */
export const textName = codes({
  power_out: ["Power out", "停电"], initial_etr: ["First estimate", "首次预计"], etr_change: ["Estimate changed", "预计变更"], crew_enroute: ["Crew on its way", "队伍出发"], power_restored: ["Power restored", "恢复供电"], still_out: ["Needs another repair", "另需抢修"],
  planned_announced: ["Planned work", "计划工作"], planned_reminder: ["Reminder of planned work", "计划工作提醒"], planned_changed: ["Planned work changed", "计划工作变更"], planned_cancelled: ["Planned work cancelled", "计划工作取消"], planned_over: ["Planned work over", "计划工作结束"], safety: ["Danger nearby", "附近险情"],
  noted: ["Report noted", "已记录报修"], known: ["Outage is known", "已知停电"], no_outage: ["No outage known", "未知停电"], which: ["Which premise?", "询问哪处"], which_known: ["Which premise to tell of?", "询问查询哪处"], question: ["Is your power on?", "询问是否有电"], noted_on: ["Power is on: thanks", "回复有电致谢"],
  link_how: ["How to link a phone", "如何绑定号码"], link_code: ["Code to link a phone", "绑定验证码"], link_unknown: ["No such account", "户号不存在"], link_often: ["Too many codes", "验证码过多"], link_already: ["Linked already", "已绑定"], link_wrong: ["Wrong code", "验证码错误"], link_over: ["Code is over", "验证码失效"], linked: ["Linked", "绑定成功"], unlinked: ["Link ended", "解除绑定"],
  language: ["Language chosen", "已选语言"], stopped: ["Texts stopped", "已退订"], started: ["Texts wanted again", "恢复订阅"], help: ["Help", "帮助"], danger: ["Danger reported", "险情回复"], not_understood: ["Not understood", "无法识别"],
});
/** The cases of a text. */
export const textCase = codes({
  plain: ["", ""], crew: ["a crew comes", "已派队"], estimate: ["with an estimate", "有预计"], crew_estimate: ["a crew comes, with an estimate", "已派队，有预计"], later: ["later", "推迟"], sooner: ["sooner", "提前"], arrival: ["with its arrival", "有到达时间"], arrival_estimate: ["with arrival and estimate", "有到达时间和预计"],
  now: ["just now", "刚刚"], since: ["a while ago", "已有一段时间"], ahead: ["ahead", "提前"], open: ["without an end", "未定结束"], time: ["other time", "改时间"], end: ["other end", "改结束时间"], overrun: ["takes longer", "延期"], near: ["wire down", "导线落地"], known: ["known phone", "已知号码"], stranger: ["unknown phone", "未知号码"],
  page: ["of many", "多处"], told: ["to the first phone", "告知首个号码"], own: ["own phone", "本机"], others: ["other phones", "其他号码"], nothing: ["none was linked", "无绑定"], place: ["of several", "多处之一"],
});
const WHY: Record<string, readonly (readonly [string, string])[]> = {
  stopAll: [["Wrong words went out", "发出了错误内容"], ["Wrong customers were told", "通知了错误的用户"], ["The provider asked for it", "运营商要求"]], stopOf: [["The incident is not what it seems", "故障判断有误"], ["Wrong words went out", "发出了错误内容"], ["Told by another way", "另行通知"]],
  resume: [["The cause is mended", "原因已排除"], ["Checked again", "已复核"]], broadcast: [["Told by the crew", "队伍告知"], ["Asked by management", "管理层要求"]], approve: [["Read and agreed", "已阅同意"]], refuse: [["Wording", "措辞"], ["Wrong audience", "对象有误"], ["Overtaken by events", "情况已变"]],
};
/** The usual reasons. */
export function usualWhy(of: string): string[] {
  return (WHY[of] ?? []).map((both) => both[language.now === "zh" ? 1 : 0]);
}
