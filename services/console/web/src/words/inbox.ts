/** Words of the inbox. */
import { codes, language, words } from "../lib/words.svelte";

export const t = words(
  {
    inbox: "Inbox", group: "Inbox", all: "All", nothing: "Nothing waits", nothingLong: "Everything that needed a person has been dealt with.", nothingOfKind: "Nothing of this kind waits.", since: "for {span}", onMap: "On the map", atIncident: "Incident",
    titleReport: "Report that could not be placed", titleHazard: "Danger that could not be placed: {what}", titleParked: "Message of {topic}", titleOrder: "Order of {crew}", titleText: "Text from {phone}", titleTextNobody: "Text", 
    keyNext: "Next row", keyBefore: "Row before", keyOpen: "First action of the row", keyTab: "Next kind", limited: "At most 500 of a kind are shown, the newest.",
    candidates: "Candidates", whereIsIt: "Where does it belong?", searchElse: "Search another customer or device", choose: "Choose a customer or a device from the list.", searching: "looking up", unknownCandidate: "no details found",
    whoGoes: "Who goes instead?", ruleChooses: "The order is taken back and the rule chooses", chooseCrew: "Choose a crew.", handledBy: "{by} dealt with this at {at}: {what}", kinds: "Kinds", settled: "It has settled itself.", sending: "on its way", actions: "Actions",
  },
  {
    inbox: "收件箱", group: "收件箱", all: "全部", nothing: "没有待办", nothingLong: "所有需要人工处理的事项均已处理。", nothingOfKind: "没有此类待办。", since: "已 {span}", onMap: "在地图上查看", atIncident: "故障",
    titleReport: "无法定位的报修", titleHazard: "无法定位的险情：{what}", titleParked: "{topic} 的消息", titleOrder: "{crew} 的工单", titleText: "来自 {phone} 的短信", titleTextNobody: "短信",
    keyNext: "下一条", keyBefore: "上一条", keyOpen: "该条的首个操作", keyTab: "下一类", limited: "每类最多显示最新的 500 条。",
    candidates: "候选", whereIsIt: "属于哪里？", searchElse: "搜索其他用户或设备", choose: "请从列表中选择用户或设备。", searching: "查询中", unknownCandidate: "没有详情",
    whoGoes: "改派谁？", ruleChooses: "收回工单，由规则选择", chooseCrew: "请选择抢修队。", handledBy: "{by} 已于 {at} 处理：{what}", kinds: "类别", settled: "该事项已自行解决。", sending: "发送中", actions: "操作",
  },
);
export const kindName = codes({ report: ["Reports", "报修"], parked: ["Messages", "消息"], crew: ["Crews", "抢修队"], order: ["Orders", "工单"], text: ["Texts", "短信"], call: ["Calls", "电话"] });
export const factName = codes({
  kind: ["kind", "类型"], state: ["state", "状态"], customer: ["customer", "用户"], meter: ["meter", "电表"], pole: ["pole", "电杆"], device: ["device", "设备"], account: ["account", "大客户"], hazard: ["danger", "险情"], phone: ["phone", "电话"], candidates: ["candidates", "候选"],
  topic: ["topic", "主题"], stage: ["stage", "阶段"], event: ["event", "事件"], detail: ["detail", "详情"], crew: ["crew", "抢修队"], order: ["order", "工单"], order_state: ["state", "状态"], priority: ["priority", "优先级"], sent_at_ms: ["sent", "发送于"], words: ["words", "内容"], premises: ["premises", "户数"], name: ["name", "名称"], calls: ["calls", "电话次数"], contacts: ["contacts", "联系人"],
});
export const reportKind = codes({ call: ["call", "来电"], text: ["text", "短信"], web: ["web", "网页"], powerRestored: ["power back", "复电"], noAnswer: ["meter silent", "电表未应答"], lastGasp: ["meter lost power", "电表失电"], powerBack: ["power back", "复电"], hotline: ["hotline", "热线"], meter: ["meter", "电表"] });
export const reportState = codes({ ambiguous: ["not clear where", "位置不明确"], unknown: ["nowhere known", "位置未知"], closedAccount: ["no supply any more", "已销户"], late: ["too late", "过时"], doubled: ["doubled", "重复"] });
const WHY: Record<string, readonly (readonly [string, string])[]> = {
  place: [["Found by the address", "按地址确定"], ["Called back", "已回电确认"]], dismiss: [["Not our customer", "非本企业用户"], ["Nothing wrong there", "现场正常"], ["Said twice", "重复报修"]], requeue: [["Cause is mended", "原因已排除"]], setAside: [["Cannot be used", "无法使用"]],
  acknowledge: [["Seen, nothing to do", "已知悉，无需处理"], ["Called them", "已电话联系"]], callAgain: [["They can be reached again", "已恢复联系"]], assignOther: [["No answer", "未应答"], ["Refused", "已拒绝"]], answer: [["Called back", "已回电"]], asReport: [["It says that power is out", "内容为报停电"]], handled: [["Called back", "已回电"], ["Nothing to do", "无需处理"]],
};
/** The usual reasons of an action. */
export function usualWhy(action: string): string[] {
  return (WHY[action] ?? []).map((both) => both[language.now === "zh" ? 1 : 0]);
}
