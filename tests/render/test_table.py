"""The table for people, in a CI system's log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

import shapecalc
from shapecalc import render
from shapecalc.render import table
from shapecalc.render._escape import inert, printable
from shapecalc.render._page import Page
from tests import gallery
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


LAYERS = [
    {"type": "multihead_attention", "name": "one", "num_heads": 2},
    {"type": "multihead_attention", "name": "two", "num_heads": 2, "share": "one"},
    {"type": "sequential", "repeat": 2, "layers": [{"type": "rms_norm", "normalized_shape": 8}]},
]


@pytest.mark.parametrize("format", ["table", "markdown", "latex"])
def test_weights_are_shown_where_they_are_asked_for(format: str) -> None:
    report = shapecalc.check({"input": [5, 8], "layers": LAYERS})
    assert report.ok, report.diagnostics
    options = render.Options(weights=True)
    assert "bias" not in render.render(report, format)
    text = re.sub(r"&#95;|\\_", "_", render.render(report, format, options))
    text = text.replace(r"$\times$", "×")
    assert text.count("in_proj_weight 24×8") == 2
    assert text.count("out_proj.weight 8×8 (shared)") == 1
    # Rows that look the same, weights included, are one.
    assert len(re.findall(r"weight 8\b(?!×)", text)) == 1


@given(
    st.lists(
        st.tuples(*[st.text(st.sampled_from("ab ×└─wW漢字é"), max_size=9)] * 3),
        min_size=1,
        max_size=6,
    )
)
def test_rows_that_fit_look_as_rich_would_set_them(cells: list[tuple[str, ...]]) -> None:
    titles, right = ["Layer", "Output", "Params", ""], [False, True, False, False]
    rows = [[*(Text(cell.strip()) for cell in row), Text("")] for row in cells]
    columns = zip([Text(title) for title in titles], *rows, strict=True)
    widths = [max(map(table.measured, column)) for column in columns]
    lines = table._lines([[Text(title) for title in titles], *rows], widths, right)
    options = render.Options(width=200)
    page = Page(options)
    table._print_folded(page, options, ["output", "params"], titles, right, rows)
    assert [line.plain for line in lines] == page.stream.getvalue().splitlines()


@pytest.mark.parametrize("spec", gallery.specs(), ids=lambda spec: spec.stem)
def test_colours_change_no_text(spec: Path) -> None:
    report = gallery.report(spec)
    plain = render.render(report, "table", render.Options(notes=True))
    coloured = render.render(report, "table", render.Options(notes=True, color=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
