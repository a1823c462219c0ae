"""``check -o``: reports in files."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Run

SPEC = "input: [3]\nlayers:\n  - {type: linear, name: fc, in_features: 4, out_features: 1}\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(SPEC)
    return path


def test_a_file(run: Run, spec: Path) -> None:
    code, out, _ = run("check", "a.yaml", "--format", "json", "-o", "r.json")
    assert (code, out) == (1, "")
    report = Path("r.json")
    assert json.loads(report.read_text())["ok"] is False
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(report.stat().st_mode) == 0o666 & ~mask
    assert sorted(os.listdir()) == ["a.yaml", "r.json"]


def test_the_table_has_no_colour_in_a_file(run: Run, spec: Path) -> None:
    code, out, _ = run("--color", "always", "check", "a.yaml", "-o", "r.txt")
    assert (code, out) == (1, "")
    assert "\x1b" not in Path("r.txt").read_text()
    assert "error[SC101]" in Path("r.txt").read_text()


def test_several_formats(run: Run, spec: Path) -> None:
    words = "check a.yaml -f json -o r.json -f junit -o r.xml --format github"
    code, out, _ = run(words)
    assert code == 1
    assert json.loads(Path("r.json").read_text())["version"] == 1
    assert ET.parse("r.xml").getroot().get("failures") == "1"
    assert out.startswith("::error file=a.yaml")


@pytest.mark.parametrize(
    "words",
    [
        "-f json -o r.json -f github -f junit -o r.xml",
        "-f github -f json -o r.json -f junit -o r.xml",
        "-o r.json -f json -f github -f junit --output=r.xml",
        "-fjson -or.json --format=junit -o r.xml -f github -o -",
    ],
)
def test_a_file_belongs_to_the_format_before_it(run: Run, spec: Path, words: str) -> None:
    _, out, _ = run(f"check a.yaml {words}")
    assert json.loads(Path("r.json").read_text())["version"] == 1
    assert ET.parse("r.xml").getroot().get("failures") == "1"
    assert out.startswith("::error file=a.yaml")


def test_a_spec_is_not_overwritten(run: Run, spec: Path) -> None:
    Path("link.yaml").symlink_to("a.yaml")
    for words in ("a.yaml -o a.yaml", ". -f json -o ./a.yaml", "a.yaml --write-baseline link.yaml"):
        code, out, err = run(f"check {words}")
        assert (code, out) == (2, "")
        assert "is one of the specs: it would be overwritten" in " ".join(err.split())
    assert spec.read_text() == SPEC


def test_a_dash_is_standard_output(run: Run, spec: Path) -> None:
    _, out, _ = run("check a.yaml -f github -o - -f json -o r.json")
    assert out.startswith("::error file=a.yaml")
    assert Path("r.json").exists()


def test_an_empty_report_is_an_empty_file(run: Run, spec: Path) -> None:
    spec.write_text("input: [3]\nlayers: [relu]\n")
    Path("r.txt").write_text("old")
    assert run("check a.yaml -f github -o r.txt").code == 0
    assert Path("r.txt").read_text() == ""
    assert run("check a.yaml -f github") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-f json -o a -o b", "2 files for 1 --format"),
        ("-f json -f csv", "Only one format can go to standard output"),
        ("-f json -o x -f csv -o ./x", "Two formats cannot go to one file"),
        ("-f json -o x -o y -f csv", "x and y for one --format"),
        ("--diff -o x", "It cannot be used with --diff"),
        ("--diff --write-baseline x", "It cannot be used with --diff"),
        ("-f nonesuch -o x", "nonesuch"),
    ],
)
def test_wrong_usage(run: Run, spec: Path, words: str, said: str) -> None:
    code, out, err = run(f"check a.yaml {words}")
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert os.listdir() == ["a.yaml"]


def test_what_cannot_be_written(run: Run, spec: Path) -> None:
    Path("folder").mkdir()
    code, out, err = run("check a.yaml -f json -o none/r.json -f csv -o folder -f github")
    assert code == 2
    assert out.startswith("::error file=a.yaml")
    assert "none/r.json: No such file or directory" in err
    assert "folder: Is a directory" in err


def test_links_and_devices(run: Run, spec: Path) -> None:
    Path("real.json").write_text("old")
    Path("link.json").symlink_to("real.json")
    assert run("check a.yaml -f json -o link.json -f csv -o /dev/null").code == 1
    assert Path("link.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["version"] == 1
    assert Path("/dev/null").is_char_device()


def test_markdown_may_be_appended_to(run: Run, spec: Path) -> None:
    """GitHub's summary is a file that steps append to: HTML goes on until an empty line."""
    _, out, _ = run("check a.yaml -f markdown")
    assert out.endswith("</details>\n\n")
    run("check a.yaml -f markdown -o r.md")
    assert Path("r.md").read_text() == out
