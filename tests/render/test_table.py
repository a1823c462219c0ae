"""The table for people, in a CI system's log."""

from __future__ import annotations

import pytest

from shapecalc.render._escape import inert, printable
from tests.render import hostile


@pytest.mark.parametrize("format", ["table", "json"])
@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str, format: str) -> None:
    assert hostile.is_tame(hostile.rendered(name, format))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", ": :error::x"),
        ("a\n  ::error::x", "a\n  : :error::x"),
        ("\u3000::error::x", "\u3000: :error::x"),
        ("a ::b", "a ::b"),
        ("##[error]x ##vso[x]", "# #[error]x # #vso[x]"),
        ("###[x", "## #[x"),
        ("## heading", "## heading"),
    ],
)
def test_inert(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_printable() -> None:
    assert printable("a\x1b\u202e\ud800\U000e0041") == r"a\x1b\u202e\ud800\U000e0041"
    assert printable("é×→😀") == "é×→😀"
