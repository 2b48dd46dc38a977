/** States, kinds and classes in words. Reasons are in reasons.ts. */
import { codes } from "../lib/words.svelte";

export const role = codes({ viewer: ["viewer", "查看员"], dispatcher: ["dispatcher", "调度员"], operations: ["operations", "运营"], administrator: ["administrator", "管理员"], crew: ["crew", "抢修队"] });
export const incidentState = codes({
  predicted: ["predicted", "推断"], confirmed: ["confirmed", "已确认"], partiallyRestored: ["partly restored", "部分恢复"], restored: ["restored", "已恢复"],
  closed: ["closed", "已归档"], merged: ["merged", "已合并"], dismissed: ["dismissed", "已撤销"],
});
export const hazardKind = codes({
  wireDown: ["wire down", "导线落地"], fire: ["fire", "火灾"], sparking: ["sparking", "放电打火"], poleDown: ["pole down", "倒杆"], treeOnLine: ["tree on line", "树障压线"], other: ["danger", "险情"],
});
export const hazardState = codes({ reported: ["reported", "待处置"], madeSafe: ["made safe", "已排除"], dismissed: ["dismissed", "已撤销"] });
export const crewState = codes({
  available: ["available", "待命"], ordered: ["ordered", "已派单"], enroute: ["on the way", "途中"], onSite: ["on site", "在现场"], onBreak: ["on break", "休息"], offDuty: ["off duty", "下班"], unreachable: ["unreachable", "失联"],
});
export const orderState = codes({
  sent: ["sent", "已发送"], accepted: ["accepted", "已接受"], enroute: ["on the way", "途中"], arrived: ["arrived", "已到达"], assessing: ["assessing", "勘查中"], repaired: ["repaired", "已修复"],
  done: ["done", "已完成"], refused: ["refused", "已拒绝"], revoked: ["revoked", "已收回"], handedOver: ["handed over", "已移交"],
});
export const work = codes({ repair: ["repair", "抢修"], makeSafe: ["make safe", "排险"], assist: ["help another crew", "支援"] });
export const deviceClass = codes({
  breaker: ["breaker", "断路器"], recloser: ["recloser", "重合器"], sectionalizer: ["sectionaliser", "分段器"], fuse: ["fuse", "熔断器"], switch: ["switch", "开关"], transformer: ["transformer", "变压器"],
  lv_fuse: ["LV fuse", "低压熔断器"], lvFuse: ["LV fuse", "低压熔断器"], service: ["service line", "接户线"], regulator: ["regulator", "调压器"],
});
export const tier = codes({ residential: ["residential", "居民"], commercial: ["commercial", "商业"], important: ["important", "重要"], large: ["large", "大客户"] });
export const priority = codes({
  hazard: ["danger", "险情"], lifeSupport: ["life support", "生命支持"], importantOrLarge: ["important or large", "重要或大客户"], important: ["important", "重要用户"], feeder: ["feeder", "馈线"], lateral: ["lateral", "支线"], single: ["transformer or less", "配变及以下"],
});
export const next = codes({
  sendCrew: ["Send a crew", "派出抢修队"], crewAnswers: ["Crew answers", "等待应答"], crewArrives: ["Crew arrives", "队伍到达"], crewAssesses: ["Crew looks", "现场勘查"], crewRepairs: ["Crew repairs", "正在抢修"],
  verifyRestoration: ["Verify restoration", "核实复电"], waitsForMaterial: ["Waits for material", "等待物料"], held: ["Held", "已搁置"], upstreamFirst: ["Upstream first", "先修上级"], windowEnds: ["Planned work ends", "计划工作结束"],
  dangerFirst: ["Danger first", "先排险"], close: ["Close", "归档"], nothing: ["Nothing", "无"],
});
export const networkState = codes({ out: ["out", "停电"], uncertain: ["uncertain", "不确定"], planned: ["planned work", "计划停电"], tieFed: ["fed by a tie", "联络供电"], open: ["open", "断开"], closed: ["closed", "闭合"], fed: ["fed", "有电"] });
export const foundKind = codes({
  incident: ["incident", "故障"], hazard: ["danger", "险情"], customer: ["customer", "用户"], account: ["account", "大客户"], pole: ["pole", "电杆"], device: ["device", "设备"], crew: ["crew", "抢修队"], feeder: ["feeder", "馈线"], depot: ["depot", "驻点"], place: ["place", "地点"],
});
export const causeGroup = codes({
  EQUIPMENT: ["equipment", "设备"], LIGHTNING: ["lightning", "雷击"], PLANNED: ["planned", "计划"], POWER_SUPPLY: ["power supply", "上级电源"], PUBLIC: ["public", "外力"], VEGETATION: ["vegetation", "植被"],
  WEATHER: ["weather", "天气"], WILDLIFE: ["wildlife", "动物"], UNKNOWN: ["unknown", "不明"], OTHER: ["other", "其他"],
});
export const noticeMoment = codes({
  powerOut: ["power out", "停电"], initialEtr: ["first estimate", "首次预计"], etrChange: ["estimate changed", "预计变更"], informDispatched: ["crew on its way", "队伍出发"], powerRestored: ["power restored", "恢复供电"], stillOut: ["needs another repair", "另需抢修"],
  plannedAnnounced: ["planned work", "计划工作"], plannedReminder: ["reminder of planned work", "计划工作提醒"], plannedChanged: ["planned work changed", "计划工作变更"], plannedCancelled: ["planned work cancelled", "计划工作取消"], plannedOver: ["planned work over", "计划工作结束"],
  safety: ["danger nearby", "附近险情"], question: ["asked whether power is on", "询问是否有电"], answer: ["answer", "回复"], link: ["code to link a phone", "绑定验证码"], broadcast: ["broadcast", "群发"],
});
export const effectState = codes({
  due: ["due", "待发"], attempting: ["being sent", "发送中"], done: ["sent", "已发送"], failed: ["failed", "失败"], expired: ["expired", "已过期"], superseded: ["superseded", "已被取代"], unknown: ["unknown", "未知"], delivered: ["delivered", "已送达"],
});
