"""What somebody means who writes to us, however it is typed."""
# ruff: noqa: RUF001 (full-width letters are what is tested)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import HazardKind
from services.notices.keywords import MORE, Keyword, Language, Link, Meaning, read

MEANT: dict[Meaning | None, list[str]] = {
    Keyword.STOP: ["STOP", " stop. ", "Stop!!", "S T O P", "ＳＴＯＰ", "stpo", "stopp", "STOP please", "please stop texting me",
                   "unsubscribe", "退订", "退 订。", "退訂", "TD", "请退订", "不要再发了", "停电短信别再发了", "停止"],
    Keyword.START: ["start", "START!", "unstop", "satrt", "恢复", "恢復", "「恢复」"],
    Keyword.HELP: ["help", "Help?", "hlep", "帮助", "幫助", "帮 助"],
    Keyword.OUT: ["OUT", "out", "Out.", "ｏｕｔ", "out at number 5", "Power is out", "the power went off", "no power here",
                  "Power out!", "blackout", "停电", "停電", "停 电", "停电了!", "我家没电了",
                  "没有电", "断电了", "still no electricity"],
    Keyword.STATUS: ["status", "STATUS?", "statsu", "状态", "狀態", "查询", "when will it be back?", "什么时候来电",
                     "停电什么时候恢复", "how long will the power be out"],
    HazardKind.WIRE_DOWN: ["Wire down in Mill Lane", "a line is on the ground", "电线断了", "电线掉在路上"],
    HazardKind.FIRE: ["the transformer is on FIRE", "变压器着火了"],
    HazardKind.SPARKING: ["it sparks", "有火花"],
    HazardKind.POLE_DOWN: ["pole is leaning", "电杆倒了"],
    HazardKind.TREE_ON_LINE: ["a tree on the line", "树倒在线上"],
    1: ["1", " 1. ", "#1", "1", "一"],
    12: ["12"],
    300: ["300"],
    MORE: ["0", "more", "MORE.", "更多", "下一页"],
    Keyword.UNLINK: ["UNLINK", "unlnik", "unlink my phone", "取消关联", "解绑"],
    Link(""): ["LINK", "关联"],
    Link("c 100"): ["link C-100", "Link to account C-100", "关联 C 100"],
    Link("100"): ["户号100", "LINK 100"],
    Language("en"): ["ENGLISH", "english.", "英文", "EN"],
    Language("zh"): ["中文", " 中 文 ", "Chinese", "漢語"],
    HazardKind.OTHER: ["HAZARD", "hazard something smells", "hzard something smells", "危险", "险情 变压器有响声"],
    None: ["", "?", "thank you", "没有电话", "谢谢", "hello", "1234", "about", "our", "shut up", "🙂"],
}  # fmt: skip


@pytest.mark.parametrize(("meaning", "words"), [(meaning, words) for meaning, many in MEANT.items() for words in many])
def test_a_word_is_understood_however_it_is_typed(meaning: Meaning | None, words: str) -> None:
    assert read(words) == meaning


@given(st.text(max_size=60))
def test_no_text_is_too_odd_to_be_read(words: str) -> None:
    read(words)
