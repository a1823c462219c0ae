"""Amounts and their units."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.budget import AmountError, format_amount, parse_amount


@pytest.mark.parametrize(
    ("figure", "value", "expected"),
    [
        ("params", 5, 5),
        ("params", "5M", 5_000_000),
        ("params", "5m", 5_000_000),
        ("params", "1.2G", 1_200_000_000),
        ("params", "1.2 B", 1_200_000_000),
        ("params", "250K", 250_000),
        ("params", "2T", 2 * 10**12),
        ("params", 4.2e9, 4_200_000_000),
        ("params", "4.2e9", 4_200_000_000),
        ("params", "1_000_000", 1_000_000),
        ("params", "0.0015K", 1),
        ("params", 0, 0),
        ("macs", "600M", 600_000_000),
        ("memory", "200MiB", 200 * 2**20),
        ("memory", "200MB", 200 * 10**6),
        ("memory", "1.5gib", 3 * 2**29),
        ("memory", "64 kB", 64_000),
        ("memory", "12B", 12),
        ("memory", 1024, 1024),
    ],
)
def test_amounts(figure: str, value: Any, expected: int) -> None:
    assert parse_amount(figure, value) == expected


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("params", "5X"), ("params", "5MiB"), ("params", "-5"), ("params", -5), ("params", ""),
        ("params", "M"), ("params", True), ("params", None), ("params", "5 M M"),
        ("params", float("nan")), ("params", float("inf")), ("params", "1e99"),
        ("params", "9" * 1000), ("params", "5e-3"), ("params", "1,000"), ("params", "٣"),
        ("memory", "200M"), ("memory", "1Q"), ("params", "9e30"),
    ],
)  # fmt: skip
def test_what_is_no_amount(figure: str, value: Any) -> None:
    with pytest.raises(AmountError) as error:
        parse_amount(figure, value)
    assert error.value.help.startswith("write a number")


@pytest.mark.parametrize(
    ("figure", "value", "expected"),
    [
        ("params", 1234567, "1,234,567"),
        ("memory", 12, "12 bytes"),
        ("memory", 2048, "2.0 KiB"),
        ("memory", 200 * 2**20, "200.0 MiB"),
        ("memory", 2**50, "1,024.0 TiB"),
    ],
)
def test_shown(figure: str, value: int, expected: str) -> None:
    assert format_amount(figure, value) == expected
