"""Every example of specs/README.md does what the guide says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shapecalc.checker import check_source
from shapecalc.diagnostics import Severity
from shapecalc.spec.source import Source
from tests import specs_table
from tests.documents import GUIDE, Block, blocks, guide_folder, replay

EXAMPLES = blocks(GUIDE, "yaml")
SESSIONS = blocks(GUIDE, "console")


def at_line(block: Block) -> str:
    return f"line {block.line}"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with guide_folder() as path:
        yield path


@pytest.mark.parametrize("block", EXAMPLES, ids=at_line)
def test_example(block: Block) -> None:
    found = check_source(Source("example.yaml", block.text)).diagnostics
    codes = [one.code for one in found if one.severity is Severity.ERROR]
    wanted = block.info.removeprefix("fails ").split() if block.info.startswith("fails ") else []
    assert codes == wanted, [one.text for one in found]


@pytest.mark.parametrize("block", EXAMPLES, ids=at_line)
def test_example_is_marked(block: Block) -> None:
    """An unknown mark would leave the example unchecked."""
    assert not block.info or block.info.startswith("fails SC") or block.info.endswith(".yaml")


@pytest.mark.parametrize("block", SESSIONS, ids=at_line)
def test_session(block: Block, folder: Path) -> None:
    assert replay(block.text, folder) == block.text, "python -m tests.documents writes it anew"


def test_table_of_the_specs() -> None:
    assert specs_table.table() == specs_table.written(), "python -m tests.documents writes it anew"


def test_contents() -> None:
    """The links at the top lead to every section."""
    text = GUIDE.read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            anchor = title.lower().replace(" ", "-").replace("`", "").replace(",", "")
            assert f"[{title}](#{anchor})" in text
