/** Words of the page on a crew's phone. */
import { codes, words } from "../lib/words.svelte";

export const t = words(
  {
    title: "Crew {crew}", upToDate: "Up to date, {at}", lost: "No connection since {since} ({ago})", lostShown: "What you see is from then.", never: "No connection yet", connecting: "Connecting",
    needsLink: "Ask the dispatcher for a link", needsLinkLong: "This phone is not signed in. The dispatcher opens the page of your crew with a link that works once.",
    spent: "This link was used, or is too old", spentLong: "Ask the dispatcher for a new one.", gone: "This crew is not here any more", goneLong: "The dispatcher has ended it. Call the control room.",
    keptHere: "{n} messages are kept on this phone. They are sent once you are signed in again.",
    waits: "{n} messages wait for the network", waitsOne: "1 message waits for the network", sendingNow: "Sending", tryNow: "Try now", queued: "Waiting messages", notTaken: "Not taken", dismiss: "Close", retimed: "This phone's clock is wrong: some messages were given the present time.",
    order: "Order", noOrder: "No order", noOrderLong: "An order appears here by itself. Keep this page open.", back: "Given back", backLong: "The dispatcher is being told.", takenBack: "Your order was taken back", takenBackLong: "The control room needs you elsewhere, or nobody is needed there any more.", takenBackOther: "Another one has come: it is below.", finished: "Finished", finishedLong: "The next order appears here by itself.",
    customersOut: "customers without power", oneOut: "customer without power", lifeSupport: "{n} on life support", important: "{n} important", since: "since {at}", arriveBy: "expected there {at}", doneBy: "you said: done by {at}", feeder: "feeder {feeder}", sentBecause: "Why you: {reason}", notes: "From the control room", attempt: "order {n} for this work", helps: "You help another crew here", pinned: "The dispatcher chose you",
    noDevice: "No device: a place", numberOf: "No. {number}", place: "{lat}, {lon}", openMap: "Open in the map app", mapOf: "Map around the goal", mapLegend: "Dashed red: without power. Green: with power. Circle: goal. Square: you. Triangle: danger.", nearer: "Nearer", farther: "Farther", noLines: "The lines around here are not loaded yet.", dangersNear: "Danger near the goal", metres: "{m} m", away: "{km} km to drive",
    others: "More", close: "Close", say: "Send", cancel: "Back", note: "Note", noteHint: "if the control room should know more", choose: "Choose", required: "Choose one",
    found: "What had failed?", foundOrder: "As in the order", foundOther: "Another device near here", cause: "Why?", causeMore: "More exactly", notKnown: "not known more exactly", foundKept: "Noted: {device}. It goes along when you say repaired or done.",
    estimate: "When will it be done?", inTime: "in {span}", skill: "Help with what?", anySkill: "anybody", material: "What is missing?", materialHint: "for example 12 m pole, fuse link 40 A", whyRefuse: "Why not?", whyHand: "What is left to do?", hazardKind: "What is dangerous?", hazardWhere: "It is reported at the place of your order; with \"share my place\" where you stand.", hazardHere: "It is reported where you were last; with \"share my place\" where you stand.",
    sure: "Really?", signOffSure: "Your duty ends now.", inOrderSure: "You say that nothing has failed here and power is on.", doneAssist: "Your help here is done.", madeSafeSure: "You say that nobody is in danger here any more.",
    share: "Share my place", hours: "{span} of work left", duty: "on duty since {at}", language: "中文", dark: "Dark", light: "Light", offlineReady: "This page opens without a network.",
  },
  {
    title: "抢修队 {crew}", upToDate: "已更新 {at}", lost: "{since} 起无连接（{ago}）", lostShown: "所示为当时的状态。", never: "尚未连接", connecting: "正在连接",
    needsLink: "请向调度员索取链接", needsLinkLong: "本手机未登录。调度员用一次性链接打开您队伍的页面。",
    spent: "该链接已使用或已过期", spentLong: "请向调度员索取新的链接。", gone: "该队伍已不在编", goneLong: "调度员已结束其任务，请致电调度室。",
    keptHere: "本手机保存着 {n} 条消息，重新登录后发送。",
    waits: "{n} 条消息等待网络", waitsOne: "1 条消息等待网络", sendingNow: "正在发送", tryNow: "立即重试", queued: "待发消息", notTaken: "未被接收", dismiss: "关闭", retimed: "本手机时钟有误：部分消息按当前时间记录。",
    order: "工单", noOrder: "没有工单", noOrderLong: "新工单会自动出现，请保持本页打开。", back: "已交回", backLong: "正在通知调度员。", takenBack: "您的工单已被收回", takenBackLong: "调度室另有安排，或该处已不需要人员。", takenBackOther: "新工单见下方。", finished: "已完成", finishedLong: "下一张工单会自动出现。",
    customersOut: "户停电", oneOut: "户停电", lifeSupport: "{n} 户依赖生命支持", important: "{n} 户重要用户", since: "自 {at}", arriveBy: "预计 {at} 到达", doneBy: "您预计 {at} 完成", feeder: "馈线 {feeder}", sentBecause: "派您的原因：{reason}", notes: "调度室备注", attempt: "该任务第 {n} 张工单", helps: "您在此支援另一支队伍", pinned: "由调度员指定",
    noDevice: "无设备，仅地点", numberOf: "编号 {number}", place: "{lat}, {lon}", openMap: "在地图应用中打开", mapOf: "目的地周边地图", mapLegend: "红色虚线：停电。绿色：有电。圆圈：目的地。方块：您。三角：险情。", nearer: "放大", farther: "缩小", noLines: "周边线路尚未加载。", dangersNear: "目的地附近有险情", metres: "{m} 米", away: "车程约 {km} 公里",
    others: "更多", close: "关闭", say: "发送", cancel: "返回", note: "备注", noteHint: "需要调度室知道的其他情况", choose: "选择", required: "请选择一项",
    found: "什么发生了故障？", foundOrder: "与工单一致", foundOther: "附近的其他设备", cause: "原因？", causeMore: "更具体", notKnown: "无法更具体", foundKept: "已记下：{device}，将随“已修复”或“完成”一并发送。",
    estimate: "何时完成？", inTime: "{span} 后", skill: "需要哪种支援？", anySkill: "均可", material: "缺什么？", materialHint: "例如 12 米电杆、40 A 熔丝", whyRefuse: "为何不能去？", whyHand: "还剩什么工作？", hazardKind: "什么险情？", hazardWhere: "按工单地点上报；打开“共享位置”则按您所在位置。", hazardHere: "按您最近的位置上报；打开“共享位置”则按您所在位置。",
    sure: "确定吗？", signOffSure: "您的值班到此结束。", inOrderSure: "您确认此处无故障，供电正常。", doneAssist: "您在此的支援已完成。", madeSafeSure: "您确认此处已无人身危险。",
    share: "共享我的位置", hours: "剩余工时 {span}", duty: "{at} 起值班", language: "English", dark: "深色", light: "浅色", offlineReady: "没有网络也能打开本页。",
  },
);
/** A step as its button says it. */
export const step = codes({
  accept: ["Accept", "接受"], refuse: ["Refuse", "拒绝"], enroute: ["On the way", "出发"], arrived: ["Arrived", "已到达"], look: ["I see what it is", "已查明情况"], repaired: ["Repaired", "已修复"], done: ["Done", "完成"], madeSafe: ["Made safe", "险情已排除"],
  inOrder: ["Nothing has failed", "没有故障"], estimate: ["New estimate", "更新预计"], found: ["Found something else", "发现其他故障"], hazard: ["Report danger", "上报险情"], help: ["Need help", "需要支援"], material: ["Need material", "需要物料"], handOver: ["Hand over", "移交"],
  signOn: ["Sign on", "上班"], signOff: ["Sign off", "下班"], break: ["Take a break", "休息"], available: ["Break is over", "休息结束"],
});
/** A status as it stands in the list of what waits. */
export const said = codes({
  accepted: ["Accepted", "接受"], refused: ["Refused", "拒绝"], enroute: ["On the way", "出发"], arrived: ["Arrived", "到达"], assessing: ["Looked at it", "勘查"], repaired: ["Repaired", "已修复"], done: ["Done", "完成"], handedOver: ["Handed over", "移交"], helpNeeded: ["Need help", "需要支援"], materialNeeded: ["Need material", "需要物料"],
  signedOn: ["Signed on", "上班"], offDuty: ["Signed off", "下班"], onBreak: ["Break", "休息"], available: ["Available", "待命"], position: ["Place", "位置"], hazard: ["Danger", "险情"],
});
/** Why something was not taken. */
export const notTaken = codes({
  notYourOrder: ["this order is not yours", "不是您的工单"], unknownDevice: ["there is no such device", "没有该设备"], unknownCause: ["there is no such cause", "没有该原因"], insaneEstimate: ["that time makes no sense", "该时间不合理"], noOrder: ["there is no order", "没有工单"], noPlace: ["no place", "没有位置"], noDevice: ["no device", "未选设备"], noHazard: ["no kind of danger", "未选险情"], unknownStatus: ["not understood", "无法识别"], invalid: ["not understood", "无法识别"],
});
/** Ready reasons, each as it is sent. */
export const refusals = codes({
  roadBlocked: ["The road is blocked", "道路不通"], hoursUp: ["Our hours are nearly up", "工时将满"], equipment: ["We lack equipment or skill", "缺少装备或技能"], vehicle: ["The vehicle has broken down", "车辆故障"], other: ["Another reason", "其他原因"],
});
export const handOvers = codes({
  hoursUp: ["Our hours are up", "工时已满"], equipment: ["We lack equipment or skill", "缺少装备或技能"], material: ["Material comes later", "物料稍后到"], unsafe: ["Not safe to go on", "继续作业不安全"], other: ["Another reason", "其他原因"],
});
export const skills = codes({ line: ["line work", "线路作业"], service: ["service, low voltage", "低压与接户"] });
/** Why this crew, as one says it to the crew itself. */
export const whyYou = codes({
  nearestDepot: ["nearest suitable crew", "最近的合适队伍"], nearestDepotPastShift: ["nearest, though your shift ends", "最近，虽将超出班次"], redirected: ["danger goes first", "险情优先"], dispatcherAssigned: ["chosen by the dispatcher", "由调度员指定"],
});
