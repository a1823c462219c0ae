"""Every example of the README does what the README says."""

from __future__ import annotations

import doctest
import os
import subprocess

import pytest

from tests.documents import README, ROOT, Block, blocks, replay

SESSIONS = blocks(README, "console")


def at_line(block: Block) -> str:
    return f"line {block.line}"


@pytest.mark.parametrize("block", SESSIONS, ids=at_line)
def test_session(block: Block) -> None:
    assert replay(block.text, ROOT) == block.text, "python -m tests.documents writes it anew"


def test_shown_specs_are_real() -> None:
    shown = blocks(README, "yaml")
    assert shown
    for block in shown:
        assert (ROOT / block.info).read_text(encoding="utf-8") == block.text


def test_python_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    for block in blocks(README, "pycon"):
        runner.run(parser.get_doctest(block.text, {}, "README.md", str(README), block.line))
    assert runner.tries > 0
    assert runner.failures == 0


def test_ci_runs_the_commands() -> None:
    """The two commands of the README are each on one line, where `.ci/run` finds them."""
    found = [block.text for block in blocks(README, "sh")]
    assert [text.count("\n") for text in found] == [1, 1]
    for command, needle in zip(found, ("/shapecalc check", "/pytest"), strict=True):
        assert needle in command
        assert command.startswith("python -m venv .venv && .venv/bin/pip install ")


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
def test_ci_script_is_bash() -> None:
    done = subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=False)
    assert done.returncode == 0


def test_links_lead_somewhere() -> None:
    import re

    for document in (README, ROOT / "specs" / "README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), target
