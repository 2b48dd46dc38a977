"""Which customers a phone and a hotline account stand for. Pure; read from a version of the utility folder by the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Premises:
    """The customers of every phone and of every hotline account, each tuple sorted."""

    phones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, phones: Iterable[tuple[str, str]], accounts: Iterable[tuple[str, str]]) -> Premises:
        """Return the premises in pairs of phone and customer, and of account and customer."""
        return cls(_grouped(phones), _grouped(accounts))


NONE = Premises()
"""No phone and no account stands for anybody."""


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for name, customer in pairs:
        found.setdefault(name, set()).add(customer)
    return {name: tuple(sorted(customers)) for name, customers in found.items()}
