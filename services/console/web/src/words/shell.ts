/** Words around every page. */
import { words } from "../lib/words.svelte";

export const t = words(
  {
    live: "Live", crews: "Crews", plan: "Plan", figures: "Figures", inbox: "Inbox", texts: "Texts", textsOfCustomer: "Texts of {id}", admin: "Administration", drill: "Drill",
    exercise: "EXERCISE", exerciseLong: "This is an exercise. Nothing reaches a real customer or crew.",
    search: "Search", searchHint: "Account, pole, device, place, crew", nothingFound: "Nothing found",
    lost: "Connection lost since {since}. What you see is as of {at}.", stale: "The database is away since {since}. What you see is as of {at}.",
    connected: "Live", connecting: "Connecting", away: "The server cannot be reached. It is not known whether this was done.",
    keys: "Keys", keysTitle: "Keys of the keyboard", close: "Close", cancel: "Cancel", save: "Save", why: "Why", whyHint: "for the record, and for your colleagues",
    light: "Light", dark: "Dark", theme: "Light or dark", language: "Language", signOut: "Sign out", me: "password and sign-out", password: "Password", user: "User name",
    signIn: "Sign in", signInTitle: "Sign in to Lamplighter", newPassword: "New password", oldPassword: "Present password", changePassword: "Change password",
    passwordRule: "At least 12 characters, and not your name.", passwordChanged: "The password was changed", mustChange: "Choose a password of your own first.",
    signedInAs: "{name} ({role})", goTo: "Go to", everywhere: "Everywhere", menu: "Menu", loading: "Loading", speedTimes: "{speed} x",
    paused: "paused", utilityTime: "Time of the utility", undo: "Undo", reason: "Reason", details: "Details", noRight: "Your role does not show this page.",
    customersOut: "{n:customer|customers} out", incidentsOpen: "{n:incident|incidents}", hazardsOpen: "{n:danger|dangers}", crewsBusy: "crews busy", lifeSupport: "on life support",
    heldAfterRestore: "The database was restored from a back-up: texts and calls wait until operations release them (lamplighter restored --release).",
    lag: "Reports are decided {lag} late",
    intakeLag: "Reports are taken in {lag} late",
  },
  {
    live: "实时", crews: "抢修队", plan: "派工计划", figures: "指标", inbox: "收件箱", texts: "短信", textsOfCustomer: "{id} 的短信", admin: "管理", drill: "演练",
    exercise: "演练", exerciseLong: "当前为演练，不会触及真实用户或抢修队。",
    search: "搜索", searchHint: "户号、杆号、设备、地点、抢修队", nothingFound: "没有结果",
    lost: "连接已中断 {since}。所示为 {at} 的状态。", stale: "数据库已中断 {since}。所示为 {at} 的状态。",
    connected: "实时", connecting: "正在连接", away: "无法连接服务器，操作是否完成未知。",
    keys: "快捷键", keysTitle: "键盘快捷键", close: "关闭", cancel: "取消", save: "保存", why: "理由", whyHint: "供记录和同事查阅",
    light: "浅色", dark: "深色", theme: "浅色或深色", language: "语言", signOut: "退出登录", me: "密码与退出", password: "密码", user: "用户名",
    signIn: "登录", signInTitle: "登录 Lamplighter", newPassword: "新密码", oldPassword: "当前密码", changePassword: "修改密码",
    passwordRule: "至少 12 个字符，且不同于用户名。", passwordChanged: "密码已修改", mustChange: "请先设置您自己的密码。",
    signedInAs: "{name}（{role}）", goTo: "前往", everywhere: "通用", menu: "菜单", loading: "加载中", speedTimes: "{speed} 倍速",
    paused: "已暂停", utilityTime: "供电企业当地时间", undo: "撤销", reason: "原因", details: "详情", noRight: "您的角色无权查看此页。",
    customersOut: "户停电", incidentsOpen: "故障", hazardsOpen: "险情", crewsBusy: "支队伍出勤", lifeSupport: "户依赖生命支持设备",
    heldAfterRestore: "数据库由备份恢复：短信和电话暂停，待运维放行（lamplighter restored --release）。",
    lag: "报修处理延迟 {lag}",
    intakeLag: "报修接收延迟 {lag}",
  },
);
