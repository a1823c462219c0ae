"""LaTeX tables: nothing of a spec is a command."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc import render
from tests import gallery
from tests.render import hostile

#: The commands that the format itself writes.
COMMANDS = {
    "begin", "end", "centering", "caption", "toprule", "midrule", "bottomrule", "hspace", "times",
    "to", "geq", "ldots", "textbackslash", "textasciicircum", "textasciitilde", "textless",
    "textgreater", "textbar", "textasciigrave", *"\\{}$&#_%",
}  # fmt: skip


def body(text: str) -> list[str]:
    """The lines that are no comments."""
    return [line for line in text.splitlines() if not line.startswith("%")]


def test_a_network() -> None:
    report = shapecalc.check(gallery.FOLDER.parent / "lenet5.yaml")
    text = render.render(report, "latex")
    assert r"\caption{LeNet{-}5}" in text
    assert r"    conv2d c1 & 6$\times$28$\times$28 & 156 \\" in text
    assert r"    Total & 10 & 61{,}706 \\" in text


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    text = hostile.rendered(name, "latex")
    assert hostile.is_tame(text)
    lines = body(text)
    report = hostile.report(name)
    assert lines.count(r"\begin{table}") == lines.count(r"\end{table}") == len(report.models)
    for line in lines:
        commands = re.findall(r"\\([A-Za-z]+|.)", line)
        assert set(commands) <= COMMANDS, line
        bare = re.sub(r"\\([A-Za-z]+|.)", "", line)
        assert bare.count("{") == bare.count("}")
        assert not set(bare) & set("#%^_~"), line
        assert set(re.findall(r"\$([^$]*)\$", re.sub(r"\\[^a-z]", "", line))) <= {
            r"\times", r"\to", r"\geq",
        }  # fmt: skip
        if line.endswith(r"\\"):
            assert bare.count("&") == 2
