/** Words of the page of figures. */
import { codes, words } from "../lib/words.svelte";

export const t = words(
  {
    title: "Figures", period: "Period", storm: "Storm so far", today: "Today", yesterday: "Yesterday", week: "7 days", own: "From … until",
    from: "From", until: "Until", apply: "Show", feeder: "Feeder", region: "Region", tier: "Tier", all: "All", planned: "With planned work",
    compare: "Compare with", none: "Nothing earlier", dayEarlier: "A day earlier", weekEarlier: "A week earlier", stormOf: "Storm of {at} ({count})",
    asOf: "As of {at}", updating: "Updating", print: "Print", csv: "CSV", download: "{name} as a CSV file", since: "{from} until {until}", untilNow: "now", start: "the beginning",
    out: "Customers out now", restored: "Restored", saidi: "SAIDI", saifi: "SAIFI", caidi: "CAIDI", asai: "ASAI", median: "Median restoration", p90: "90 % restored within", maifi: "MAIFI",
    saidiSays: "minutes without power a customer", saifiSays: "sustained interruptions a customer", caidiSays: "minutes an interruption", asaiSays: "of the time with power", asaiLong: "interruptions last longer than the period", maifiSays: "momentary interruptions a customer",
    outSays: "of {count} served", outUnplanned: "of {count} served, without planned work", restoredSays: "of {count} sustained interruptions", medianSays: "{count} incidents, from start to the last customer", opens: "opens what is behind it", before: "{value} then",
    customersOut: "Customers out", customerMin: "Customer-minutes lost", nowLine: "now", dayLine: "a day earlier", weekLine: "a week earlier", stormLine: "storm of {at}", minutesOf: "{count} min", perBucket: "in {bucket} each", dragHint: "Drag over a chart to choose a period",
    asTable: "As a table", time: "Time", begun: "Begun", back: "Restored", incidentsOpen: "Incidents open", noData: "Nothing in this period",
    feeders: "By feeder", served: "Served", interruptions: "Interruptions", incidents: "Incidents", longest: "Longest", onlyFeeder: "Only feeder {feeder}", moreFeeders: "Show all {count}", fewerFeeders: "Show fewer",
    times: "Restoration times", timesSays: "from an incident's start", moment: "Until", reached: "Reached", half: "Median", ninety: "90 %", ninetyFive: "95 %",
    estimates: "First estimate against actual", lateShare: "later than told by more than 30 min", offBy: "off by, at the median", changes: "changes of an estimate", withinInterval: "within the interval of 80 % ({count} told with one)", estimatesOf: "of {count} restored incidents", noEstimates: "No restored incident in this period",
    calibration: "Hypotheses against what had failed", calibrationOf: "of {count} restored {count:incident|incidents} where it was seen", noCalibration: "No restored incident where somebody saw what had failed", rankedFirst: "ranked first just before", rankedFirstAtFirst: "ranked first at once", named: "among the hypotheses", meanOfTrue: "probability of the true device, at the mean",
    probability: "Probability", hypotheses: "Hypotheses", saidMean: "Said, mean", cameTrue: "True", calibrationKey: "Bars show the share that was true, the line what was said. They can be believed where both agree.",
    earlier: "earlier", later: "later", overMin: "over {min}", bin: "{from} to {until}",
    behind: "Behind it", incidentsBehind: "Incidents", incident: "Incident", device: "Device", state: "State", cause: "Cause", customers: "Customers", minutes: "Customer-minutes", started: "Started",
    defined: "Defined", dispatched: "Sent", arrived: "Arrived", restoredAfter: "Restored", error: "Against estimate", others: "Besides", sortBy: "Sort by {name}",
    showing: "{shown} of {total}", more: "Show more", customersOf: "Customers of {incident}", customersAll: "Customers behind it", sum: "{rows} interruptions, {time} customer-hours", customer: "Customer", since2: "Since", ended: "Until", counted: "Counted", basis: "Start rests on", held: "Held by",
    lasts: "lasts", allIncidents: "All incidents", beforePeriod: "began before", estimatesTold: "{count} estimates were told", showCustomers: "Customers of {incident}", onTime: "as told", planned2: "planned",
    of_sustained: "What SAIDI, SAIFI and CAIDI count", of_restored: "Sustained interruptions that are over", of_momentary: "Momentary interruptions", of_out: "Who is out now", of_all: "All interruptions",
    keysGroup: "Figures", toBehind: "What is behind the figures", stale: "Could not be updated; what you see is as of {at}",
  },
  {
    title: "指标", period: "时段", storm: "本次停电事件", today: "今天", yesterday: "昨天", week: "近 7 天", own: "自定义",
    from: "起", until: "止", apply: "查看", feeder: "馈线", region: "区域", tier: "等级", all: "全部", planned: "含计划停电",
    compare: "对比", none: "不对比", dayEarlier: "前一天", weekEarlier: "前一周", stormOf: "{at} 的事件（{count}）",
    asOf: "截至 {at}", updating: "更新中", print: "打印", csv: "CSV", download: "下载 CSV 文件：{name}", since: "{from} 至 {until}", untilNow: "现在", start: "最初",
    out: "当前停电用户", restored: "已恢复", saidi: "SAIDI", saifi: "SAIFI", caidi: "CAIDI", asai: "ASAI", median: "恢复时间中位数", p90: "90% 恢复时间", maifi: "MAIFI",
    saidiSays: "户均停电分钟", saifiSays: "户均持续停电次数", caidiSays: "每次停电分钟", asaiSays: "供电可用率", asaiLong: "停电时长超过所选时段", maifiSays: "户均短时停电次数",
    outSays: "共 {count} 户", outUnplanned: "共 {count} 户，不含计划停电", restoredSays: "共 {count} 户次持续停电", medianSays: "{count} 起故障，从开始到最后一户恢复", opens: "打开其明细", before: "当时 {value}",
    customersOut: "停电用户", customerMin: "停电户·分钟", nowLine: "本期", dayLine: "前一天", weekLine: "前一周", stormLine: "{at} 的事件", minutesOf: "{count} 分钟", perBucket: "每 {bucket}", dragHint: "在图上拖动可选择时段",
    asTable: "以表格显示", time: "时间", begun: "新增", back: "恢复", incidentsOpen: "未结故障", noData: "此时段内无数据",
    feeders: "按馈线", served: "用户数", interruptions: "停电户次", incidents: "故障", longest: "最长", onlyFeeder: "仅馈线 {feeder}", moreFeeders: "显示全部 {count} 条", fewerFeeders: "收起",
    times: "恢复时间", timesSays: "自故障开始", moment: "至", reached: "已达", half: "中位数", ninety: "90%", ninetyFive: "95%",
    estimates: "首次预计与实际", lateShare: "比预计晚 30 分钟以上", offBy: "偏差中位数", changes: "次预计变更", withinInterval: "落在 80 % 区间内（{count} 起带区间）", estimatesOf: "共 {count} 起已恢复故障", noEstimates: "此时段内无已恢复故障",
    calibration: "推断与真实故障", calibrationOf: "共 {count} 起已恢复且已查明的故障", noCalibration: "没有已恢复且已查明的故障", rankedFirst: "查明前排第一", rankedFirstAtFirst: "最初即排第一", named: "在推断之列", meanOfTrue: "真实设备的平均概率",
    probability: "概率", hypotheses: "推断数", saidMean: "平均推断", cameTrue: "属实", calibrationKey: "条形为属实比例，竖线为推断概率；两者一致时推断可信。",
    earlier: "提前", later: "推迟", overMin: "超过 {min}", bin: "{from} 至 {until}",
    behind: "明细", incidentsBehind: "故障", incident: "故障", device: "设备", state: "状态", cause: "原因", customers: "用户", minutes: "户·分钟", started: "开始",
    defined: "确定", dispatched: "派工", arrived: "到达", restoredAfter: "恢复", error: "与预计相比", others: "其他", sortBy: "按{name}排序",
    showing: "{shown} / {total}", more: "显示更多", customersOf: "{incident} 的用户", customersAll: "所涉用户", sum: "{rows} 户次停电，{time} 户·小时", customer: "用户", since2: "自", ended: "至", counted: "计入", basis: "开始依据", held: "所属",
    lasts: "持续中", allIncidents: "全部故障", beforePeriod: "始于时段前", estimatesTold: "共预计 {count} 次", showCustomers: "{incident} 的用户", onTime: "与预计一致", planned2: "计划",
    of_sustained: "SAIDI、SAIFI、CAIDI 所计的停电", of_restored: "已恢复的持续停电", of_momentary: "短时停电", of_out: "当前停电用户", of_all: "全部停电",
    keysGroup: "指标", toBehind: "指标明细", stale: "无法更新；所示为 {at} 的数据",
  },
);
export const momentName = codes({ defined: ["defined", "确定故障"], dispatched: ["crew sent", "派工"], arrived: ["crew on site", "到达现场"], restored: ["last customer restored", "全部恢复"] });
export const basisName = codes({ meter: ["own meter", "本户电表"], call: ["own call", "本户来电"], presumed: ["the incident it lies behind", "所属故障"], switching: ["switching", "开关操作"] });
export const otherName = codes({
  window: ["planned work", "计划工作"], momentary: ["over before an incident was opened", "故障建立前已恢复"], merged: ["merged incidents", "已合并的故障"],
  dismissed: ["dismissed incidents", "已撤销的故障"], unknown: ["not known", "不明"],
});
export const fileName = codes({ incidents: ["Incidents", "故障"], feeders: ["Feeders", "馈线"], customers: ["Customers", "用户"], series: ["Over time", "时序"] });
