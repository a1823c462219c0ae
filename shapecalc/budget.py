"""Budgets: upper limits for the figures of a model, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from shapecalc.spec.source import Extent

#: What can be limited, and what it counts.
FIGURES = {
    "params": "parameters",
    "trainable_params": "trainable parameters",
    "macs": "multiply-accumulates",
    "element_ops": "element operations",
    "memory": "bytes",
    "training_memory": "bytes",
    "layers": "layers",
    "depth": "layers",
    "layer_params": "parameters",
    "layer_macs": "multiply-accumulates",
    "dense_share": "% of the parameters",
}

IN_BYTES = ("memory", "training_memory")
_COUNTS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
_BYTES = {
    "": 1, "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?a)(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+]?\d{1,2})?)\s*(?P<unit>[A-Za-z]*)"
)
_PERCENT = re.compile(r"(?a)(?P<number>\d{1,3})\s*%")
_MOST = 10**24


class AmountError(ValueError):
    """An amount that cannot be read; ``help`` says how to write one."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class Limit(NamedTuple):
    """An upper limit: its value, how it was written, and where."""

    value: int
    written: str
    #: Where it stands in the spec; ``None`` for one from elsewhere.
    extent: Extent | None
    #: Who says so, where it is not the spec: ``--max-params``, ``pyproject.toml``.
    origin: str = ""


Limits = Mapping[str, Limit]


def parse_amount(figure: str, value: Any) -> int:
    """``5M``, ``1.2G``, ``200MiB`` or a number as a whole number, ``60%`` as 60.

    Raises :class:`AmountError`.
    """
    if figure == "dense_share":
        return _parse_percent(figure, value)
    units = _BYTES if figure in IN_BYTES else _COUNTS
    help = "write a number, or one with KB, MB, GB, KiB, MiB, GiB: 200MiB"
    if figure not in IN_BYTES:
        help = "write a number, or one with K, M, G, T: 5M"
    text = repr(value) if isinstance(value, float) else str(value).strip()
    match = None if isinstance(value, bool) or len(text) > 40 else _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountError(f"{figure} cannot be {text[:40]!r}", help)
    unit = match["unit"]
    if unit.lower() not in units:
        raise AmountError(f"{figure} cannot be {text!r}: there is no unit {unit!r}", help)
    amount = Decimal(match["number"].replace("_", "")) * units[unit.lower()]
    if amount > _MOST:
        raise AmountError(f"{figure} cannot be {text!r}: that is too large to mean anything", help)
    return int(amount)


def _parse_percent(figure: str, value: Any) -> int:
    match = _PERCENT.fullmatch(str(value).strip()[:40])
    if match is None or int(match["number"]) > 100:
        raise AmountError(f"{figure} cannot be {str(value)[:40]!r}", "write a percentage: 60%")
    return int(match["number"])


def format_amount(figure: str, value: int) -> str:
    """``5,000,000``; bytes with a unit of their own: ``200.0 MiB``."""
    if figure not in IN_BYTES or value < 1024:
        return f"{value:,}" + (" bytes" if figure in IN_BYTES else "")
    power = min((value.bit_length() - 1) // 10, 4)
    return f"{value / 1024**power:,.1f} {'KMGT'[power - 1]}iB"
