"""The first line of each file of figures: what a column holds and its unit, in English and Chinese."""

# ruff: noqa: RUF001 - Chinese has its own brackets

from __future__ import annotations

from typing import Literal, TypeAlias

Name: TypeAlias = Literal["incidents", "feeders", "customers", "series"]
"""A file, without its ending."""

HEADINGS: dict[Name, tuple[tuple[str, str], ...]] = {
    "incidents": (
        ("incident", "故障编号"),
        ("feeder", "馈线"),
        ("device", "设备"),
        ("state", "状态"),
        ("cause", "原因"),
        ("began in the period (1 = yes)", "始于所选时段（1 = 是）"),
        ("customers", "停电用户（户）"),
        ("sustained interruptions begun (customers)", "始于此故障的持续停电（户次）"),
        ("time without power (customer-minutes)", "停电时间（户·分钟）"),
        ("started (local time)", "开始（当地时间）"),
        ("defined (local time)", "确定（当地时间）"),
        ("dispatched (local time)", "派工（当地时间）"),
        ("arrived (local time)", "到达（当地时间）"),
        ("restored (local time)", "恢复（当地时间）"),
        ("first estimate (local time)", "首次预计恢复（当地时间）"),
        ("last estimate (local time)", "最后预计恢复（当地时间）"),
        ("estimates (number)", "预计次数（次）"),
        ("restored after first estimate (minutes)", "比首次预计晚（分钟）"),
    ),
    "feeders": (
        ("feeder", "馈线"),
        ("name", "名称"),
        ("customers served", "用户数（户）"),
        ("sustained interruptions (customers)", "持续停电（户次）"),
        ("time without power (customer-minutes)", "停电时间（户·分钟）"),
        ("SAIFI (interruptions per customer)", "SAIFI（次/户）"),
        ("SAIDI (minutes per customer)", "SAIDI（分钟/户）"),
        ("CAIDI (minutes per interruption)", "CAIDI（分钟/次）"),
        ("incidents (number)", "故障（起）"),
        ("longest interruption (seconds)", "最长停电（秒）"),
    ),
    "customers": (
        ("interruption", "停电编号"),
        ("customer", "用户"),
        ("feeder", "馈线"),
        ("tier", "等级"),
        ("began (local time)", "开始（当地时间）"),
        ("ended (local time)", "结束（当地时间）"),
        ("counted (seconds)", "计入（秒）"),
        ("sustained (1 = yes)", "持续停电（1 = 是）"),
        ("planned (1 = yes)", "计划停电（1 = 是）"),
        ("start rests on", "开始时间依据"),
        ("held by", "所属故障"),
    ),
    "series": (
        ("series", "序列"),
        ("from (local time)", "起（当地时间）"),
        ("until (local time)", "止（当地时间）"),
        ("customers out at the end (customers)", "期末停电用户（户）"),
        ("time without power (customer-minutes)", "停电时间（户·分钟）"),
        ("sustained interruptions begun (customers)", "开始的持续停电（户次）"),
        ("sustained interruptions restored (customers)", "恢复的持续停电（户次）"),
        ("incidents open at the end (number)", "期末未结故障（起）"),
    ),
}
"""By file and column: English, Chinese."""
