"""`shapecalc sweep`: rows, conditions, orders, files that are gone on with, and wrong usage."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

NET = """\
name: net
input: [3, 32, 32]
vars: {width: 8, depth: 2, act: relu}
blocks:
  unit:
    params: {c, act}
    layers:
      - {type: conv2d, out_channels: c, kernel_size: 5, bias: false}
      - batch_norm2d
      - type: act
layers:
  - {type: unit, c: width, act: act, repeat: depth}
  - {type: adaptive_avg_pool2d, output_size: 1}
  - flatten
  - {type: linear, out_features: 10}
"""
SETS = ["--set", "width=4,8,16", "--set", "depth=1..9..4"]


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET, encoding="utf-8")
    return "net.yaml"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_of_all_combinations(run: Run, net: str) -> None:
    done = run("sweep", net, *SETS)
    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0].split() == ["width", "depth", "params", "macs", "memory", "layers", "output"]
    assert len(lines) == 10
    assert lines[3].endswith("SC102 line 8")  # nine kernels of 5 do not fit 32 cells
    assert done.err == "9 variants: 6 without errors\n"


def test_csv_and_jsonl_hold_the_same(run: Run, net: str) -> None:
    table = rows(run("sweep", net, *SETS, "--format", "csv").out)
    lines = run("sweep", net, *SETS, "--format", "jsonl").out.splitlines()
    objects = [json.loads(line) for line in lines]
    assert [[str(value) for value in one.values()] for one in objects] == [
        ["None" if value == "" and name != "error" else value for name, value in row.items()]
        for row in table
    ]
    assert [(row["width"], row["depth"]) for row in table][:4] == [
        ("4", "1"), ("4", "5"), ("4", "9"), ("8", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("ok", 6),
        ("not ok", 3),
        ("params < 2K", 4),
        ("params < 2K and ok", 4),
        ("ok and params < 0.002M", 4),
        ("memory < 40KiB and ok", 2),
        ("width == 8", 3),
        ("errors == 0 and depth >= width", 1),
        ("layers > 8", 6),
        ("macs < 0", 0),
    ],
)
def test_conditions(run: Run, net: str, condition: str, kept: int) -> None:
    done = run("sweep", net, *SETS, "--where", condition, "--format", "jsonl")
    assert len(done.out.splitlines()) == kept
    assert done.err == f"9 variants: 6 without errors, {kept} where {condition}\n"
    assert done.code == (0 if kept and condition != "not ok" else 1)


def test_orders(run: Run, net: str) -> None:
    def widths(*more: str) -> list[int]:
        done = run("sweep", net, *SETS, "--where", "ok", "--format", "jsonl", *more)
        return [json.loads(line)["params"] for line in done.out.splitlines()]

    plain = widths()
    assert plain != sorted(plain)
    assert widths("--sort", "params") == sorted(plain)
    assert widths("--sort", "-params") == sorted(plain, reverse=True)
    assert widths("--sort", "-params", "--top", "2") == sorted(plain, reverse=True)[:2]
    unknown = run("sweep", net, *SETS, "--sort", "-macs", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["macs"] is None for line in unknown] == [False] * 6 + [True] * 3


def test_words_and_lists_are_values_too(run: Run, net: str) -> None:
    done = run("sweep", net, "--set", "act=relu,nothing", "--format", "jsonl")
    assert [json.loads(line)["ok"] for line in done.out.splitlines()] == [True, False]


@pytest.mark.parametrize("output_format", ["csv", "jsonl"])
@pytest.mark.parametrize("cut", [0, 1, 30, 90, 200, 400, 10**6])
def test_a_file_is_gone_on_with(run: Run, net: str, output_format: str, cut: int) -> None:
    command = ["sweep", net, *SETS, "--format", output_format, "-o", "rows"]
    assert run(*command).code == 0
    whole = Path("rows").read_bytes()
    Path("rows").write_bytes(whole[:cut])
    header = whole.index(b"\n") + 1 if output_format == "csv" else 0
    if 0 < cut < header:
        # Not one whole line of it: nobody can tell whose file it is.
        assert run(*command, "--resume").code == 2
        assert Path("rows").read_bytes() == whole[:cut]
        return
    assert run(*command, "--resume").code == 0
    assert Path("rows").read_bytes() == whole


def test_a_file_of_something_else_is_left_alone(run: Run, net: str) -> None:
    for text in ("my notes\n", '{"width": 3}\n', '"width","depth","other"\n'):
        Path("rows").write_text(text)
        for output_format in ("csv", "jsonl"):
            command = ["sweep", net, *SETS, "--format", output_format, "-o", "rows"]
            for more in ([], ["--resume"]):
                assert run(*command, *more).code == 2
                assert Path("rows").read_text() == text
    assert run(*command, "--overwrite").code == 0
    assert len(Path("rows").read_text().splitlines()) == 9


def test_many_combinations_are_shared_among_processes(run: Run, net: str) -> None:
    sets = ["--set", "width=1..80", "--set", "depth=1..4"]
    shared = run("sweep", net, *sets, "--format", "csv", "-j2")
    alone = run("sweep", net, *sets, "--format", "csv", "-j1")
    assert shared == alone


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "width"], "is not NAME=VALUES"),
        (["--set", "width=9..1"], "has no values"),
        (["--set", "width=1..9999999"], "more than 1,000,000"),
        (["--set", "width=1", "--set", "width=2"], "given twice"),
        (["--set", "witdh=1"], "did you mean width?"),
        (["--set", "width=1", "--where", "parms < 3"], "did you mean params?"),
        (["--set", "width=1", "--where", "params <"], "--where"),
        (["--set", "width=1", "--where", "params"], "neither true nor false"),
        (["--set", "width=1", "--sort", "mac"], "did you mean macs?"),
        (["--set", "width=1", "--format", "xml"], "none of table, csv, jsonl"),
        (["--set", "width=1", "--resume"], "needs -o FILE"),
        (["--set", "width=1", "--model", "other"], "no model 'other'"),
    ],
)
def test_wrong_usage(run: Run, net: str, words: list[str], message: str) -> None:
    done = run("sweep", net, *words)
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", " ").split())


def test_a_folder_is_no_spec(run: Run, net: str) -> None:
    Path("empty").mkdir()
    for folder in ("empty", "."):
        done = run("sweep", folder, "--set", "width=1")
        assert (done.code, done.err) == (2, f"error: {folder}: Is a directory\n")


def test_a_file_is_utf_8_whatever_the_locale_says(net: str) -> None:
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    spec = (
        "input: [3, 8, 8]\nvars: {c: 1}\nlayers: [{type: conv2d, out_channels: c, kernel_size: 1}]"
    )
    Path("conv.yaml").write_text(spec)
    words = ["sweep", "conv.yaml", "--set", "c=1,2", "--format", "csv", "-o", "rows"]
    command = [sys.executable, "-m", "shapecalc", *words]
    subprocess.run(command, env={**os.environ, **locale}, check=True, capture_output=True)
    assert Path("rows").read_bytes().decode().endswith('"2×8×8"\n')


def test_a_file_that_is_not_there(run: Run, net: str) -> None:
    done = run("sweep", "other.yaml", "--set", "width=1")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: other.yaml: No such file or directory\n"


def test_hostile_text_stays_text(run: Run, net: str) -> None:
    Path("net.yaml").write_text(NET.replace("name: net", 'name: "n\\e[31m##[error]x"'))
    for output_format in ("table", "csv", "jsonl"):
        done = run("sweep", net, "--set", "width=1", "--format", output_format)
        assert "\x1b" not in done.out
        assert "##[" not in done.out
