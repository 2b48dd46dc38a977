"""Texts in Chinese, at most 70 characters each."""
# ruff: noqa: RUF001 (its punctuation is its own)

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notices.wording import Calendar, Where, Wording

if TYPE_CHECKING:
    from typing import ClassVar


class Chinese(Wording):
    """The words of Chinese."""

    exercise: ClassVar[str] = "【演练】"
    return_phrase: ClassVar[str] = "已恢复供电"
    asking_phrase: ClassVar[str] = "现在有电吗"
    days: ClassVar[tuple[str, ...]] = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

    def power_out(self, where: Where, calendar: Calendar, *, since: int, expected: int | None, crew: bool) -> str:
        """Power is out."""
        began = f"{_at(where)}{self.time(since, calendar)}起停电"
        doing = "抢修人员正在赶来" if crew else "正在查找故障"
        if expected is None:
            return f"{began}，{doing}，有消息再通知您。回复退订停收。"
        when = f"预计{self.time(expected, calendar)}前恢复"
        return f"{began}，{doing}，{when}。回复退订停收。" if crew else f"{began}，{when}，届时短信通知。回复退订停收。"

    def initial_etr(self, where: Where, calendar: Calendar, *, expected: int) -> str:
        """There is an estimate now."""
        return f"{_at(where)}停电预计{self.time(expected, calendar)}前恢复，届时短信通知您。"

    def etr_change(self, where: Where, calendar: Calendar, *, expected: int, later: bool) -> str:
        """The estimate moved."""
        begin = "抢修时间延长" if later else "抢修进展较快"
        return f"{begin}，{_at(where)}停电现预计{self.time(expected, calendar)}前恢复。"

    def crew_enroute(self, where: Where, calendar: Calendar, *, arrival: int | None, expected: int | None) -> str:
        """A crew is on its way."""
        about = "" if arrival is None else f"，约{self.time(arrival, calendar)}到达"
        then = "" if expected is None else f"，预计{self.time(expected, calendar)}前恢复"
        return f"抢修人员正赶往{_at(where)}停电故障处{about}{then}。"

    def power_restored(self, where: Where, calendar: Calendar, *, since: int | None) -> str:
        """Power has returned."""
        when = "" if since is None else f"{self.time(since, calendar)}起"
        return f"{_at(where)}{when}{self.return_phrase}。如仍无电，请检查总开关后回复停电。"

    def noted(self, where: Where | None) -> str:
        """Answer a report of an outage that is not known yet."""
        if where is None:
            return "谢谢。我们没有您号码的登记，请致电告知停电地址。"
        return f"谢谢，已记录{_at(where)}停电，有消息会短信通知您。"

    def known(self, where: Where, calendar: Calendar, *, since: int, expected: int | None) -> str:
        """Answer with what is known of an outage."""
        then = "恢复时间尚不确定" if expected is None else f"预计{self.time(expected, calendar)}前恢复"
        return f"我们已知{_at(where)}{self.time(since, calendar)}起停电，{then}。"

    def no_outage(self, where: Where | None) -> str:
        """Answer that no outage is known."""
        if where is None:
            return "我们没有您号码的登记，请致电告知停电地址。"
        return f"未发现{_at(where)}停电。如无电，请回复停电。"

    def which(self, names: tuple[str, ...]) -> str:
        """Ask which premise is meant."""
        numbered = "、".join(f"{place}为{name}" for place, name in enumerate(names, 1))
        return f"哪里停电？请回复数字：{numbered}。"

    def question(self, where: Where) -> str:
        """Ask whether power is on."""
        return f"{_at(where)}{self.asking_phrase}？请回复有或没有，帮助我们查找附近故障。回复退订停收。"

    def noted_on(self) -> str:
        """Answer somebody who has power."""
        return "谢谢，您的回复有助于查找故障。如停电，请回复停电。"

    def stopped(self) -> str:
        """Answer that no more texts will come."""
        return "您已退订停电短信。如需再次接收，请回复恢复。"

    def started(self) -> str:
        """Answer that texts will come again."""
        return "您将继续收到停电短信。如需退订，请回复退订。"

    def help(self) -> str:
        """Answer what may be asked."""
        return "回复停电：报告停电；状态：查询进展；退订：不再接收；恢复：重新接收。"

    def safety(self) -> str:
        """Answer what to do in danger."""
        return "危险！请远离断落电线至少10米并提醒他人，立即拨打紧急电话。"

    def not_understood(self) -> str:
        """Answer that the text was not understood."""
        return "抱歉，未能理解您的短信。请回复帮助查看可用指令，或致电我们。"


def _at(where: Where) -> str:
    if where.only_one:
        return "您处"
    named = where.named("、", "和")
    return f"您{where.of}处中的{len(where.names)}处" if named is None else named
