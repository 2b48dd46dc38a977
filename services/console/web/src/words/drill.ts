/** Words of the panel of an exercise. */
import { codes, words } from "../lib/words.svelte";

export const t = words(
  {
    title: "Exercise", open: "Open the panel of the exercise", close: "Close the panel", storm: "Storm {storm}, seed {seed}, on {utility}.", passed: "{over} of the storm have passed.",
    speed: "Speed", pause: "Pause", play: "Go on", times: "{n} x", handset: "Handset", account: "Account", truth: "Truth", breaking: "Break",
    findPhone: "Phone or customer", dark: "no power", texts: "{n} {n:text|texts}", noTexts: "No text yet", type: "Type a text", send: "Send", call: "Call: my power is out",
    called: "{customer} has called", sent: "The text is on its way", exampleTexts: "Try STATUS, OUT, HAZARD and words, 中文, STOP; from a phone of nobody: LINK and an account number", stranger: "nobody's",
    premises: "Premises", report: "Report {customer} without power", acknowledge: "Acknowledge", callsTo: "Calls to its contacts", acknowledged: "acknowledged", notAcknowledged: "nobody answered",
    noOutage: "No outage", reported: "{account} has reported", since: "since {at}", backBy: "back by {at}", crewBy: "crew {crew}, there by {at}", showTruth: "Show the truth on the map",
    truthHint: "What the world knows and the product has to find out.", customersTrue: "truly without power", customersKnown: "known to the product", faultsOpen: "faults open of {n}", hazardsOpen: "dangers open",
    found: "found", notFound: "not found yet", mendedAt: "mended {at}", nested: "behind another", kill: "Kill", cut: "Cut off for 20 s", breakHint: "Everything may be killed at any time. Nothing is lost, nothing is done twice: watch it heal.",
    restarts: "{n} {n:restart|restarts}", forSeconds: "for {n} s", broken: "{part} was killed", cutOff: "The operator is cut off: texts wait, and go out when it is back", made: "Made up for this exercise",
  },
  {
    title: "演练", open: "打开演练面板", close: "关闭面板", storm: "风暴 {storm}，种子 {seed}，网络 {utility}。", passed: "风暴已进行 {over}。",
    speed: "速度", pause: "暂停", play: "继续", times: "{n} 倍", handset: "手机", account: "大客户", truth: "真相", breaking: "破坏",
    findPhone: "电话或户号", dark: "停电", texts: "{n} 条短信", noTexts: "尚无短信", type: "输入短信", send: "发送", call: "来电：我家停电了",
    called: "{customer} 已来电", sent: "短信已发出", exampleTexts: "可试：状态、停电、危险加描述、ENGLISH、退订；用陌生手机：关联加户号", stranger: "陌生手机",
    premises: "用电地点", report: "上报 {customer} 停电", acknowledge: "确认知悉", callsTo: "给其联系人的电话", acknowledged: "已确认", notAcknowledged: "无人应答",
    noOutage: "无停电", reported: "{account} 已上报", since: "自 {at}", backBy: "预计 {at} 恢复", crewBy: "{crew} 队，{at} 到达", showTruth: "在地图上显示真相",
    truthHint: "模拟世界的真实情况，系统需自行发现。", customersTrue: "户实际停电", customersKnown: "户系统已知", faultsOpen: "处故障未修复（共 {n}）", hazardsOpen: "处险情未排除",
    found: "已发现", notFound: "尚未发现", mendedAt: "{at} 修复", nested: "位于另一故障之后", kill: "终止", cut: "断开 20 秒", breakHint: "任何进程可随时终止：不丢失、不重复，请观察其自愈。",
    restarts: "重启 {n} 次", forSeconds: "{n} 秒", broken: "{part} 已终止", cutOff: "运营商已断开：短信等待，恢复后发出", made: "为演练补充的内容",
  },
);
export const partState = codes({
  starting: ["starting", "启动中"], ready: ["running", "运行"], backingOff: ["starting again", "重启中"], stopping: ["stopping", "停止中"], stopped: ["away", "已停止"], finished: ["finished", "已结束"], failed: ["failed", "失败"],
});
export const breakageState = codes({ wished: ["asked for", "已请求"], broken: ["cut off", "已断开"], mended: ["done", "完成"], refused: ["refused", "被拒绝"] });
