/** Words of the page for administration. */
import { codes, words } from "../lib/words.svelte";
import { did } from "./incidents";

export const t = words(
  {
    title: "Administration", users: "Users", sessions: "Sessions", keys: "Access keys", actions: "What was done",
    usersSay: "Who may sign in. Nobody is deleted: what somebody did keeps the name of who did it.",
    sessionsSay: "Who is signed in now, people and crews. An ended session stops within two seconds.",
    keysSay: "For systems that speak to Lamplighter over HTTP. A key is shown once, when it is made.",
    actionsSay: "Everything that people did, with the reason that they gave and what became of it.",
    newUser: "New user", newKey: "New key", refresh: "Read anew", asOf: "as of {at}", change: "Change", changeOf: "Change {name}", changeUser: "Change user",
    user: "User name", userHint: "2 to 40 of a–z 0–9 . _ -", name: "Name", nameHint: "as colleagues know the person", role: "Role", state: "State", lastSeen: "Last seen", never: "never", open: "Signed in",
    openIn: "{count}×", notIn: "no", active: "active", disabled: "disabled", locked: "locked out until {at}", mustChange: "has to change the password", you: "you",
    keepOut: "Keep this person out", keepOutSays: "Ends the open sessions. It can be taken back.", drawPassword: "Draw a new password", drawSays: "Ends the open sessions. The new one must be changed at the first sign-in.",
    unlock: "Let in again at once", unlockSays: "Forgets the wrong passwords.", ownPassword: "Your own password is changed by signing in, not here.", whyOptional: "Why (for the record)",
    endsSessions: "This ends {count} open sessions of {name}.", nothingChanged: "Nothing is changed yet", saved: "{name} was changed", made: "{name} may sign in now",
    secretPassword: "Password of {name}", secretPasswordSays: "It is shown this once, and must be changed at the first sign-in. Give it to the person in a safe way.",
    secretKey: "Key of {name}", secretKeySays: "It is shown this once; only its hash is kept.", copy: "Copy", copied: "Copied", done: "Done",
    who: "Who", opened: "Signed in at", seen: "Last request", closes: "Ends by itself", browser: "Browser", thisOne: "this one", end: "End", endOf: "End the session of {name}",
    endTitle: "End session", endSays: "{name} must sign in again. What is not sent yet in that browser is lost.", endOwn: "This is your own session: you sign out with it.", ended: "The session of {name} is over", noSessions: "Nobody is signed in",
    keyId: "Id", scopes: "May", account: "Hotline account", accountHint: "only for the scope hotline", noAccount: "none", valid: "valid", revoked: "revoked", revoke: "Revoke", revokeOf: "Revoke the key of {name}", revokeTitle: "Revoke key",
    revokeSays: "Whoever uses it is refused from now on. It cannot be taken back.", revokedNow: "The key of {name} is refused from now on", noKeys: "There are no keys yet", keyName: "Who holds it", keyNameHint: "a system or an organisation", scopeMissing: "Choose what it may do",
    when: "When", what: "What", on: "On", why: "Why", became: "Became", everybody: "Everybody", everything: "Everything", subject: "On (whole id)", subjectHint: "incident, crew, user, …", more: "Show earlier ones", noActions: "Nothing of this kind was done", clear: "Show all",
    keysGroup: "Administration", toPart: "{part}", shownOf: "{count} shown", terminal: "command line", from: "With", cannotRead: "This cannot be read now",
  },
  {
    title: "管理", users: "用户", sessions: "会话", keys: "访问密钥", actions: "操作记录",
    usersSay: "可登录的人员。用户不会被删除：操作记录始终保留执行人姓名。",
    sessionsSay: "当前已登录的人员和抢修队。结束的会话两秒内失效。",
    keysSay: "供通过 HTTP 接入的系统使用。密钥仅在创建时显示一次。",
    actionsSay: "所有人工操作，含理由和结果。",
    newUser: "新建用户", newKey: "新建密钥", refresh: "重新读取", asOf: "截至 {at}", change: "修改", changeOf: "修改{name}", changeUser: "修改用户",
    user: "用户名", userHint: "2 至 40 个字符：a–z 0–9 . _ -", name: "姓名", nameHint: "同事所知的姓名", role: "角色", state: "状态", lastSeen: "最近活动", never: "从未", open: "已登录",
    openIn: "{count} 处", notIn: "否", active: "正常", disabled: "已停用", locked: "锁定至 {at}", mustChange: "须修改密码", you: "本人",
    keepOut: "停用此用户", keepOutSays: "将结束其会话，可恢复。", drawPassword: "生成新密码", drawSays: "将结束其会话；首次登录时须修改。",
    unlock: "立即解除锁定", unlockSays: "清除错误密码记录。", ownPassword: "本人密码请在登录页修改。", whyOptional: "理由（供记录）",
    endsSessions: "将结束{name}的 {count} 个会话。", nothingChanged: "尚无更改", saved: "{name}已修改", made: "{name}现可登录",
    secretPassword: "{name}的密码", secretPasswordSays: "仅显示一次，首次登录时须修改。请通过安全方式转交本人。",
    secretKey: "{name}的密钥", secretKeySays: "仅显示一次，系统只保存其散列值。", copy: "复制", copied: "已复制", done: "完成",
    who: "人员", opened: "登录时间", seen: "最近请求", closes: "自动结束", browser: "浏览器", thisOne: "当前会话", end: "结束", endOf: "结束{name}的会话",
    endTitle: "结束会话", endSays: "{name}须重新登录，该浏览器中未发送的内容将丢失。", endOwn: "这是您自己的会话：结束后您将退出登录。", ended: "{name}的会话已结束", noSessions: "当前无人登录",
    keyId: "编号", scopes: "权限", account: "热线账户", accountHint: "仅用于 hotline 权限", noAccount: "无", valid: "有效", revoked: "已吊销", revoke: "吊销", revokeOf: "吊销{name}的密钥", revokeTitle: "吊销密钥",
    revokeSays: "使用该密钥的一方将立即被拒绝，且不可恢复。", revokedNow: "{name}的密钥已失效", noKeys: "尚无密钥", keyName: "持有方", keyNameHint: "系统或单位", scopeMissing: "请选择权限",
    when: "时间", what: "操作", on: "对象", why: "理由", became: "结果", everybody: "所有人", everything: "全部操作", subject: "对象（完整编号）", subjectHint: "故障、抢修队、用户等", more: "显示更早的记录", noActions: "没有此类操作", clear: "显示全部",
    keysGroup: "管理", toPart: "{part}", shownOf: "已显示 {count} 条", terminal: "命令行", from: "内容", cannotRead: "暂时无法读取",
  },
);
/** What each role may do, in a sentence. */
export const roleSays = codes({
  viewer: ["Sees everything, with names and telephone numbers masked; changes nothing.", "可查看全部内容（姓名和电话已遮蔽），不能操作。"],
  dispatcher: ["Sees everything, decides on incidents and crews, works through the inbox.", "可查看全部内容，处理故障、抢修队和收件箱。"],
  operations: ["Sees everything with names and numbers masked, exports figures, sends parked messages again.", "可查看全部内容（姓名和电话已遮蔽），导出指标，重新处理搁置消息。"],
  administrator: ["May do everything, and administers users, sessions and keys.", "可执行全部操作，并管理用户、会话和密钥。"],
});
export const scope = codes({
  "reports:write": ["send reports", "提交报修"], "maintenance:write": ["announce planned work", "公告计划检修"], "crew-status:write": ["say what crews do", "上报队伍状态"], hotline: ["speak for a hotline account", "代表热线账户"],
});
const KINDS: Record<string, readonly [string, string]> = {
  createUser: ["User made", "新建用户"], changeUser: ["User changed", "修改用户"], endSession: ["Session ended", "结束会话"], createKey: ["Key made", "新建密钥"], revokeKey: ["Key revoked", "吊销密钥"],
};
const administered = codes(KINDS);
/** What was done, of administration and of everything else. */
export function deed(kind: string): string {
  return kind in KINDS ? administered(kind) : did(kind);
}
export const subjectOf = codes({ user: ["user", "用户"], session: ["session", "会话"], key: ["key", "密钥"] });
export const said = codes({
  role: ["role", "角色"], name: ["name", "姓名"], disabled: ["kept out", "停用"], unlock: ["let in again", "解除锁定"], new_password: ["new password", "新密码"], sessions_ended: ["sessions ended", "结束的会话"],
  scopes: ["may", "权限"], account: ["account", "账户"], crew: ["crew", "抢修队"], device: ["device", "设备"], incident: ["incident", "故障"], hazard: ["danger", "险情"], into: ["into", "并入"], order: ["order", "工单"],
  cause: ["cause", "原因"], estimate_ms: ["estimate", "预计复电"], note: ["note", "备注"], words: ["words", "内容"], position: ["position", "位置"], undoes: ["undoes", "撤销对象"], customer: ["customer", "用户"], action: ["action", "操作"], status: ["status", "状态"],
  phones: ["phones", "号码数"], customers: ["customers", "用户数"], segments: ["segments", "段数"], recalled: ["texts taken back", "收回的短信"], premises: ["premises", "户数"], canned: ["prepared answer", "预设回复"], area: ["supply area", "供电区域"], feeder: ["feeder", "馈线"], all: ["all customers", "全部用户"], languages: ["languages", "语言"],
});
