"""Markdown for a comment: what a spec says is text, whatever it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import shapecalc
from shapecalc import render
from shapecalc.render.markdown import MAX_LENGTH
from tests import gallery
from tests.render import hostile

#: What GitHub makes something of, anywhere in a line.
MARKUP = re.compile(r"[*_`~$@\[\]\\{}]|#(?!\d+;)|&(?!#?\w+;)|:(?! )|www")


class Tags(HTMLParser):
    """The tags of a document, which must close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report() -> None:
    text = render.render(shapecalc.check(gallery.FOLDER / "sc101_after_flatten.yaml"), "markdown")
    assert text.startswith("### shapecalc: ❌ 1 error in 1 model\n")
    assert "**SC101** linear <code>fc</code>&#58; in&#95;features is 25088, " in text
    assert "<details>\n<summary><code>sc101&#95;after&#95;flatten</code>: params 2,6" in text
    assert "\n\n| Layer | Output | Params | |\n| :-- | --: | --: | :-: |\n" in text
    assert "| <code>linear fc</code> | 10 | 250,890 | E |" in text


def test_notes_only_when_asked() -> None:
    report = shapecalc.check(gallery.FOLDER.parent / "resnet50.yaml")
    assert "SC202" not in render.render(report, "markdown")
    assert "SC202" in render.render(report, "markdown", render.Options(notes=True))


def test_it_fits_a_comment() -> None:
    report = shapecalc.check(gallery.FOLDER.parent)
    text = render.render(report, "markdown", render.Options(notes=True, unfold=True))
    assert MAX_LENGTH - 20_000 < len(text) < 65_000
    assert re.search(r"… and \d+ more tables\n$", text)
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    text = hostile.rendered(name, "markdown")
    assert hostile.is_tame(text)
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    assert tags.seen <= {"details", "summary", "code", "br"}
    report = hostile.report(name)
    lines = text.splitlines()
    assert sum(line.startswith("- ") for line in lines) == len(report.diagnostics)
    assert sum(line.startswith("<details>") for line in lines) == len(report.models)
    for line in lines:
        if line.startswith("| ") and "<code>" in line:
            assert line.count("|") == 5
        if line.startswith("- "):
            own = re.sub(r"\*\*SC\d{3}\*\*|</?code>|<br>", "", line)
            assert not MARKUP.search(own), own
