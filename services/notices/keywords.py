"""What somebody means who writes to us: one of a few words, in English or Chinese, however it is typed.

Case, spaces, punctuation and full-width letters do not count, and one slip of the finger is forgiven in a word of four
letters or more. What is not understood is left to people.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import unicodedata
from typing import Final

from schemas.events import HazardKind
from services.notices.languages import WORDINGS


class Keyword(enum.Enum):
    """What a text asks for, or says."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    OUT = "out"
    STATUS = "status"
    UNLINK = "unlink"


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """Whoever writes wants his phone linked to this account number, as it was typed; empty: he does not say to which."""

    account: str


@dataclasses.dataclass(frozen=True, slots=True)
class Language:
    """Whoever writes wants texts in this language (ISO 639-1)."""

    code: str


Meaning = Keyword | HazardKind | Link | Language | int
"""What a text means. A number chooses, 0 asks for more to choose from."""

MORE: Final = 0


_WORDS: Final = {
    "stop": Keyword.STOP, "stopall": Keyword.STOP, "unsubscribe": Keyword.STOP, "cancel": Keyword.STOP,
    "quit": Keyword.STOP, "optout": Keyword.STOP, "end": Keyword.STOP, "td": Keyword.STOP, "t": Keyword.STOP,
    "退订": Keyword.STOP, "退訂": Keyword.STOP, "取消": Keyword.STOP, "取消订阅": Keyword.STOP, "停止": Keyword.STOP,
    "start": Keyword.START, "unstop": Keyword.START, "subscribe": Keyword.START, "optin": Keyword.START,
    "resume": Keyword.START, "恢复": Keyword.START, "恢復": Keyword.START, "订阅": Keyword.START, "訂閱": Keyword.START,
    "help": Keyword.HELP, "info": Keyword.HELP, "帮助": Keyword.HELP, "幫助": Keyword.HELP,
    "out": Keyword.OUT, "outage": Keyword.OUT, "nopower": Keyword.OUT, "poweroff": Keyword.OUT, "blackout": Keyword.OUT,
    "停电": Keyword.OUT, "停電": Keyword.OUT, "没电": Keyword.OUT, "沒電": Keyword.OUT,
    "status": Keyword.STATUS, "状态": Keyword.STATUS, "狀態": Keyword.STATUS, "查询": Keyword.STATUS,
    "查詢": Keyword.STATUS, "eta": Keyword.STATUS, "etr": Keyword.STATUS,
    "unlink": Keyword.UNLINK, "取消关联": Keyword.UNLINK, "取消關聯": Keyword.UNLINK, "解除关联": Keyword.UNLINK,
    "解除關聯": Keyword.UNLINK, "解绑": Keyword.UNLINK, "解綁": Keyword.UNLINK,
}  # fmt: skip
"""Words that are understood when they are the whole text."""

_FIRST: Final = {
    "stop": Keyword.STOP, "start": Keyword.START, "out": Keyword.OUT, "status": Keyword.STATUS, "unlink": Keyword.UNLINK,
}  # fmt: skip
"""Words that are understood as the first of several."""

_MORE: Final = frozenset({"more", "next", "更多", "下一页", "下一頁", "零"})
_LINK: Final = re.compile(
    r"(?:link|account|关联|關聯|绑定|綁定|户号|戶號)(?:\s*(?:to|my|account|number|no|户号|戶號))*\s*(.*)"
)
"""A wish to be linked, and what follows it."""
_HAZARD: Final = re.compile(r"(?:hazard|danger|dangerous|危险|危險|险情|險情)")
"""What a text about danger begins with, whatever it is."""
_GUESSES: Final = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\bflames?\b|\bburn|火|烟|煙", HazardKind.FIRE),
        (r"\btrees?\b|\bbranch|树|樹", HazardKind.TREE_ON_LINE),
        (r"\bpoles?\b|\bpost\b|杆", HazardKind.POLE_DOWN),
        (r"\bspark|\bflash|\barc\b", HazardKind.SPARKING),
        (r"\bwires?\b|\blines?\b|\bcables?\b|[线線]", HazardKind.WIRE_DOWN),
    )
)
"""What is dangerous, as far as one word of a text tells that begins with the word for danger."""
_HAZARD_WORD: Final = "hazard"
_ALIASES: Final = {
    "en": "en", "eng": "en", "英文": "en", "英语": "en", "英語": "en",
    "zh": "zh", "chinese": "zh", "mandarin": "zh", "中文": "zh", "汉语": "zh", "漢語": "zh", "华语": "zh", "華語": "zh",
}  # fmt: skip
_LANGUAGES: Final = {
    word: code
    for word, code in (
        *_ALIASES.items(),
        *((wording.templates.name.casefold(), code) for code, wording in WORDINGS.items()),
    )
    if code in WORDINGS
}
"""How languages are called, beside their own names, of those that there are words for."""

_PHRASES_FIRST: Final = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (
            (
                r"\b(wires?|lines?|cables?) (is |are )?(down|on (the )?ground|hanging|fallen)|\bfallen (wire|line)"
                r"|[断斷落掉][电電]?[线線]|[电電][线線](断|斷|掉|落)"
            ),
            HazardKind.WIRE_DOWN,
        ),
        (r"\bfire\b|\bburning\b|\bsmoke\b|着火|起火|冒烟|冒煙", HazardKind.FIRE),
        (r"\bspark(s|ing)?\b|\barcing\b|火花|打火", HazardKind.SPARKING),
        (r"\bpole (is )?(down|fallen|broken|leaning)|[电電]杆(倒|断|斷)|倒杆", HazardKind.POLE_DOWN),
        (r"\btree (is )?on (the |a )?(wire|line)|树(倒|压)|樹(倒|壓)", HazardKind.TREE_ON_LINE),
        (
            (
                r"\b(please stop|stop (it|please|texting|texts|sending|messages)|unsubscribe)\b"
                r"|退[订訂]|(别|別|不要|勿)再?(给我|給我)?[发發]"
            ),
            Keyword.STOP,
        ),
    )
)
"""What is understood wherever it stands, before single words are looked at."""

_PHRASES: Final = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\bwhen\b|\bhow long\b|几点|幾點|什么时候|什麼時候|何时|何時|多久|多长时间", Keyword.STATUS),
        (
            (
                r"\bno (power|electricity|lights?)\b"
                r"|\b(power|electricity|lights?) (is |are |went |has gone )?(still )?(out|off|gone|failed)\b"
                r"|\bpower (cut|failure|outage)\b|\bblackout\b"
                r"|停[电電]|[没無无沒]有?[电電](?![话話梯视視脑腦])|断电|斷電|跳闸"
            ),
            Keyword.OUT,
        ),
    )
)
"""What is understood wherever it stands, after single words."""

_ON: Final = frozenset(
    {"y", "yes", "yeah", "yep", "yup", "on", "ok", "是", "是的", "有", "有的", "有电", "有電", "对", "對"}
)
_OFF: Final = frozenset({"n", "no", "nope", "off", "否", "不是", "没有", "沒有", "没", "沒", "无", "無"})
"""What answers our question whether power is on, as the whole text or as the first word of several."""

_CHINESE_NUMBERS: Final = "一二三四五六七八九"
_LEAST_FOR_A_SLIP: Final = 4


def read(words: str) -> Meaning | None:  # noqa: PLR0911 (one way out for each kind of meaning)
    """Return what a text means: a keyword, a kind of danger, a wish, the number that chooses, or None: not understood.

    Danger goes before everything else; the wish for no more texts before the rest.
    """
    plain = _plain(words)
    compact = plain.replace(" ", "")
    for pattern, meaning in _PHRASES_FIRST:
        if pattern.search(plain):
            return meaning
    if _HAZARD.match(plain) or _is_like_hazard(plain):
        return next((kind for pattern, kind in _GUESSES if pattern.search(plain)), HazardKind.OTHER)
    number = _number(compact)
    if number is not None:
        return number
    if compact in _LANGUAGES:
        return Language(_LANGUAGES[compact])
    exact = _WORDS.get(compact) or _FIRST.get(plain.partition(" ")[0])
    if exact is not None:
        return exact
    said = next((meaning for pattern, meaning in _PHRASES if pattern.search(plain)), None)
    wish = _LINK.fullmatch(plain) if said is None else None
    if wish is not None and (not wish[1] or any(map(str.isdigit, wish[1]))):
        return Link(wish[1])
    return said or _with_a_slip(compact)


def _is_like_hazard(plain: str) -> bool:
    """Say whether a text begins with the word for danger, with a slip of the finger, and says more."""
    first, _, rest = plain.partition(" ")
    return bool(rest) and _one_slip(first, _HAZARD_WORD)


def said_of_power(words: str) -> bool | None:
    """Return what a text that answers our question says: power is on, or it is off; None: it does not answer it.

    To be asked only where `read` understands nothing, and while a question is open: nobody else means by `Y` that he has power.
    """
    plain = _plain(words)
    for said in (plain.replace(" ", ""), plain.partition(" ")[0]):
        if said in _ON or said in _OFF:
            return said in _ON
    return None


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", words).casefold().replace("_", " ")))


def _number(compact: str) -> int | None:
    if compact in _MORE:
        return MORE
    if compact.isascii() and compact.isdecimal() and len(compact) <= 3:  # noqa: PLR2004 (nobody is asked to count further)
        return int(compact)
    if len(compact) == 1 and compact in _CHINESE_NUMBERS:
        return _CHINESE_NUMBERS.index(compact) + 1
    return None


def _with_a_slip(compact: str) -> Keyword | None:
    near = {
        keyword
        for word, keyword in _WORDS.items()
        if word.isascii() and len(word) >= _LEAST_FOR_A_SLIP and _one_slip(compact, word)
    }
    return near.pop() if len(near) == 1 else None


def _one_slip(typed: str, word: str) -> bool:
    """Say whether one letter was left out, put in, mistaken, or changed places with the next."""
    if abs(len(typed) - len(word)) > 1:
        return False
    place = next((n for n, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b), min(len(typed), len(word)))
    rest, wanted = typed[place:], word[place:]
    swapped = wanted[1:2] + wanted[:1] + wanted[2:]
    return rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:] or rest == swapped
