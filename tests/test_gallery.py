"""Each spec of specs/broken gives exactly the output beside it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shapecalc import rules
from tests import gallery
from tests.documents import ENVIRONMENT

SPECS = gallery.specs()
CODE = re.compile(r"^\S+: \w+\[(SC\d{3})\]", re.MULTILINE)
NAMED = re.compile(r"sc(\d{3})_\w+")
MAX_LINES = 25


def expected(spec: Path) -> str:
    return spec.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_output(spec: Path) -> None:
    assert gallery.output(spec) == expected(spec), "python -m tests.gallery writes it anew"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_one_cause_gives_one_finding(spec: Path) -> None:
    lines = spec.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# "), "a comment says what is wrong"
    assert len(lines) <= MAX_LINES
    codes = CODE.findall(expected(spec))
    assert len(codes) == (2 if lines[0].startswith("# Two faults") else 1)
    named = NAMED.fullmatch(spec.stem)
    if named:
        assert set(codes) == {f"SC{named[1]}"}


def test_every_code_is_shown() -> None:
    shown = {f"SC{match[1]}" for spec in SPECS if (match := NAMED.fullmatch(spec.stem))}
    assert shown == {code for code in rules.modules() if code < "SC3"}


def test_no_output_without_spec() -> None:
    assert {path.stem for path in gallery.FOLDER.glob("*.txt")} == {spec.stem for spec in SPECS}


def test_the_command_line_says_the_same() -> None:
    spec = gallery.FOLDER / "two_faults.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "shapecalc", "check", "-q", "--notes", spec.name],
        cwd=gallery.FOLDER,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, expected(spec), "")
