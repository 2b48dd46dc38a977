/** Words of switching: the steps that isolate a fault and feed the rest another way. */
import { words } from "../lib/words.svelte";

export const t = words(
  {
    where: "Where does the fault lie?", notKnown: "not known yet", sectionN: "behind {device} · {length} of line", wouldReturn: "{n} back by switching", steps: "Steps", done: "Done", refused: "Not closed, though they could feed somebody",
    open: "Open {device}", close: "Close {device}", verify: "See that these stand open: {devices}", opened: "{device} opened", closed: "{device} closed", byHand: "by hand", byRemote: "by remote control",
    back: "+{n} back", lifeSupport: "{n} on life support", inAll: "{n} in all", after: "after step {steps}", line: "line {id}", carries: "{branch}: {load} of {rated} {unit}", unrated: "{n} without a rating", doneButton: "Done …", doneTitle: "Say that this step was done",
    usually: "Switching step {n}: {what}", stands: "From now on {device} counts as {state}. Customers count as back once meters show power, or after the wait for signs.", isOpen: "open", isClosed: "closed",
    leftOut: "Without power until the repair", help: "Reckoned from how the switches stand now. Nothing is switched by this page: a person switches, then says so here.",
  },
  {
    where: "故障在哪个区段？", notKnown: "尚不清楚", sectionN: "{device} 之后 · 线路 {length}", wouldReturn: "操作后可恢复 {n} 户", steps: "操作步骤", done: "已完成", refused: "可供电但不合闸的开关",
    open: "断开 {device}", close: "合上 {device}", verify: "确认以下开关已断开：{devices}", opened: "{device} 已断开", closed: "{device} 已合上", byHand: "就地操作", byRemote: "遥控",
    back: "恢复 {n} 户", lifeSupport: "生命支持 {n} 户", inAll: "累计 {n} 户", after: "在第 {steps} 步之后", line: "线路 {id}", carries: "{branch}：{load} / {rated} {unit}", unrated: "{n} 处额定值未知", doneButton: "已执行…", doneTitle: "登记此步骤已执行",
    usually: "操作步骤 {n}：{what}", stands: "此后 {device} 视为{state}。电表显示有电或等待核实后，用户计为已恢复。", isOpen: "断开", isClosed: "闭合",
    leftOut: "修复前仍停电", help: "按开关当前状态计算。本页面不执行任何操作：由人员操作后在此登记。",
  },
);
