"""Baselines: what is known is not reported, whatever line it is on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapecalc.baseline import Baseline, BaselineError, baseline_of, read_baseline
from shapecalc.checker import check_source
from shapecalc.report import FileReport
from shapecalc.spec.source import Source

CONV = "  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}\n"
TEXT = f"input: [3, 64, 64]\nlayers:\n{CONV}"


def report(text: str, file: str) -> FileReport:
    return check_source(Source(file, text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text(TEXT)
    return tmp_path


def written(folder: Path, text: str = TEXT) -> Baseline:
    """A baseline of one spec, written and read."""
    path = folder / "baseline.json"
    content, _ = baseline_of([report(text, str(folder / "specs" / "a.yaml"))], path)
    path.write_text(content)
    return read_baseline(path)


def left(baseline: Baseline, text: str, file: Path) -> tuple[list[str], int, int]:
    """The codes that are left, how many were known, and how many entries are stale."""
    reports, hidden, stale = baseline.without_known([report(text, str(file))])
    return [found.code for one in reports for found in one.diagnostics], hidden, stale


def test_the_file(folder: Path) -> None:
    written(folder)
    data = json.loads((folder / "baseline.json").read_text())
    (finding,) = data["findings"]
    assert data["version"] == 1
    assert (finding["file"], finding["code"], finding["count"]) == ("specs/a.yaml", "SC201", 1)
    assert not {"line", "path"} & finding.keys()


def test_what_is_known_is_not_reported(folder: Path) -> None:
    assert left(written(folder), TEXT, folder / "specs" / "a.yaml") == ([], 1, 0)


def test_on_another_line_it_is_still_known(folder: Path) -> None:
    moved = "# a comment\n\n" + TEXT.replace("layers:\n", "layers:\n  - relu\n")
    assert left(written(folder), moved, folder / "specs" / "a.yaml") == ([], 1, 0)


def test_it_is_counted(folder: Path) -> None:
    other = CONV.replace("conv2d,", "conv2d, from: input,")
    twice = TEXT + other + "  - {type: relu}\n"
    codes, hidden, _ = left(written(folder), twice, folder / "specs" / "a.yaml")
    assert hidden == 1
    assert "SC201" in codes


def test_another_file_or_message_is_new(folder: Path) -> None:
    baseline = written(folder)
    assert left(baseline, TEXT, folder / "specs" / "b.yaml") == (["SC201"], 0, 0)
    other = TEXT.replace("64, 64", "62, 62")
    assert left(baseline, other, folder / "specs" / "a.yaml") == (["SC201"], 0, 1)


def test_stale_entries(folder: Path) -> None:
    baseline = written(folder)
    sound = TEXT.replace("64, 64", "65, 65")
    assert left(baseline, sound, folder / "specs" / "a.yaml") == ([], 0, 1)
    # Of a file that was not checked nothing is known, unless it is gone.
    assert left(baseline, sound, folder / "specs" / "b.yaml") == ([], 0, 0)
    (folder / "specs" / "a.yaml").unlink()
    assert left(baseline, sound, folder / "specs" / "b.yaml") == ([], 0, 1)


def test_files_are_relative_to_the_baseline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    baseline = written(folder)
    monkeypatch.chdir(folder / "specs")
    reports, hidden, _ = baseline.without_known([report(TEXT, "a.yaml")])
    assert hidden == 1
    assert reports[0].models[0].ok


def test_syntax_errors_are_never_known(folder: Path) -> None:
    text, count = baseline_of([report("a: [", "a.yaml")], folder / "baseline.json")
    assert count == 0
    assert json.loads(text)["findings"] == []


def test_standard_input_has_a_name(folder: Path) -> None:
    text, _ = baseline_of([report(TEXT, "<stdin>")], folder / "baseline.json")
    assert json.loads(text)["findings"][0]["file"] == "<stdin>"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"version": 1}', '{"version": 1, "findings": [{}]}',
     '{"version": 1, "findings": [{"file": "a", "code": "b", "message": "c", "count": "x"}]}',
     '{"version": 1, "findings": [{"file": "a", "code": "b", "message": "c", "count": 1e999}]}',
     "[" * 100_000],
)  # fmt: skip
def test_not_a_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(BaselineError, match="not a baseline"):
        read_baseline(path)


def test_another_version_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with pytest.raises(BaselineError, match="No such file"):
        read_baseline(path)
    path.write_text('{"version": 2, "findings": []}')
    with pytest.raises(BaselineError, match="version 2"):
        read_baseline(path)


@pytest.mark.parametrize("name", ["a" * 5_000, "a\0b", "\ud800"])
def test_files_that_cannot_be_are_gone(folder: Path, name: str) -> None:
    entry = {"file": name, "code": "SC201", "message": "m", "count": 2}
    path = folder / "baseline.json"
    path.write_text(json.dumps({"version": 1, "findings": [entry]}))
    assert left(read_baseline(path), TEXT, folder / "specs" / "a.yaml") == (["SC201"], 0, 2)
