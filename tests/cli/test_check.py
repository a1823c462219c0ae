"""``shapecalc check``: its options, its exit codes, and what goes where."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapecalc import render
from shapecalc.cli import _check_options
from tests import gallery

Run = Callable[..., Any]

CONV = "{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}"
SOUND = "input: [3, 8, 8]\nlayers: [relu]\n"
WARNS = f"input: [3, 64, 64]\nlayers:\n  - {CONV}\n"
FAILS = "input: [3, 8, 8]\nlayers:\n  - {type: conv2d, out_channels: 8, kernel_size: 9}\n"
FIXABLE = "input: [3, 8, 8]\nlayers:\n  - {type: relu, nmae: a}  # kept\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of specs to run in."""
    monkeypatch.chdir(tmp_path)
    texts = {"sound": SOUND, "warns": WARNS, "fails": FAILS, "fixable": FIXABLE}
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def codes(out: str) -> list[str]:
    """The codes of a run with ``--format json``."""
    data = json.loads(out)
    lists = [data["diagnostics"], *(model["diagnostics"] for model in data["models"])]
    return sorted(found["code"] for found_in in lists for found in found_in)


# Exit codes.


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("sound.yaml", 0),
        ("warns.yaml", 0),
        ("warns.yaml --strict", 1),
        ("warns.yaml --strict --ignore SC201", 0),
        ("warns.yaml --severity SC201=error", 1),
        ("warns.yaml --severity SC201=note --strict", 0),
        ("fails.yaml", 1),
        ("fails.yaml --exit-zero", 0),
        ("fails.yaml --severity SC102=warning", 0),
        ("sound.yaml fails.yaml", 1),
        ("absent.yaml", 2),
        ("fails.yaml absent.yaml", 2),
        ("absent.yaml --exit-zero", 2),
        ("sound.yaml --max-layers 0", 1),
        ("sound.yaml --max-layers 1", 0),
    ],
)
def test_exit_codes(run: Run, args: str, code: int) -> None:
    assert run(f"check {args}").code == code


def test_what_cannot_be_read_does_not_hide_the_rest(run: Run, folder: Path) -> None:
    (folder / "bytes.yaml").write_bytes(b"layers: \xff")
    code, out, err = run("check -q bytes.yaml absent.yaml fails.yaml")
    assert code == 2
    assert "SC102" in out
    assert run("check absent.yaml").out == "", "no word of a model where there is none"
    assert err == (
        "error: bytes.yaml: the file is not UTF-8 text\n"
        "error: absent.yaml: No such file or directory\n"
    )


# Which files.


def test_a_folder(run: Run, folder: Path) -> None:
    (folder / "other.yaml").write_text("a: 1\n")
    code, out, err = run("check . --format json")
    assert (code, err) == (1, ".: 1 YAML file without `layers` skipped\n")
    files = [Path(model["file"]).name for model in json.loads(out)["models"]]
    assert files == ["fails.yaml", "fixable.yaml", "sound.yaml", "warns.yaml"]


def test_a_folder_without_specs(run: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    code, _, err = run("check empty")
    assert (code, err) == (0, "empty: no specs found\n")


def test_a_file_is_checked_once(run: Run) -> None:
    out = run("check ./sound.yaml . sound.yaml -f json --exit-zero").out
    files = [Path(model["file"]).name for model in json.loads(out)["models"]]
    assert files.count("sound.yaml") == 1


def test_a_broken_spec_in_a_folder_is_no_other_file(run: Run, folder: Path) -> None:
    (folder / "broken.yaml").write_text("input: [3]\nlayers:\n\t- relu\n")
    assert "SC001" in codes(run("check . -f json").out)


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FAILS.encode())))
    code, out, _ = run("check -q -")
    assert code == 1
    assert out.startswith("<stdin>:3:37: error[SC102]")


def test_standard_input_that_is_no_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert run("check -").code == 2


# Rules.


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("", ["SC201"]),
        ("--select SC321", ["SC321"]),
        ("--select SC2,SC301", ["SC201"]),
        ("--select SC2 --select SC301", ["SC201"]),
        ("--ignore SC2", []),
        ("--ignore SC1,sc2", []),
        ("--ignore non-integer-size", []),
        ("--select SC201 --ignore SC2", ["SC201"]),
        ("--extend-select SC321", ["SC201", "SC321"]),
    ],
)
def test_selecting(run: Run, args: str, expected: list[str]) -> None:
    assert codes(run(f"check warns.yaml -f json {args}").out) == expected


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("--select SC2O1", "no rule has the code 'SC2O1': did you mean SC201?"),
        ("--ignore checkerbord", "did you mean checkerboard?"),
        ("--extend-select XX", "`shapecalc rules` lists them all"),
        ("--select ,", "No code is given"),
        ("--severity SC201", "is not CODE=LEVEL with one of error, warning, note"),
        ("--severity SC201=loud", "is not CODE=LEVEL"),
        ("--severity SC2O1=error", "did you mean SC201?"),
        ("--max-params 5X", "there is no unit 'X'"),
        ("--max-memory 5M", "write a number, or one with KB"),
        ("--format tabel", "'tabel' is none of"),
        ("--statistics --format sarif", "with --statistics, 'sarif' is none of table, json"),
        ("--config x.toml --isolated", "cannot be used with --isolated"),
        ("--fix --set a=1", "leave --set and --input out"),
        ("--diff --input 3x9x9", "leave --set and --input out"),
        ("--ignore checkerbord", "'checkerbord': did you mean checkerboard?"),
        ("--ignore xyzzy", "'xyzzy': `shapecalc rules` lists them all."),
        ("--set a", "is not NAME=VALUE"),
        ("--set a=1", "No spec has a var 'a'"),
        ("--set a=1+", "cannot read"),
        ("--input 3x", "is not a shape without the batch"),
        ("--input x=3x9x9", "No input or model is called 'x'"),
    ],
)
def test_wrong_usage(run: Run, args: str, said: str) -> None:
    code, out, err = run(f"check warns.yaml {args}")
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())


def test_standard_input_cannot_be_fixed(run: Run) -> None:
    code, _, err = run("check - --fix")
    assert code == 2
    assert "use --diff" in err


# Configuration.


def test_a_configuration(run: Run, folder: Path) -> None:
    (folder / "shapecalc.toml").write_text('ignore = ["SC201"]\n')
    assert codes(run("check warns.yaml -f json").out) == []
    assert codes(run("check warns.yaml -f json --isolated").out) == ["SC201"]
    assert codes(run("check warns.yaml -f json --select SC201").out) == ["SC201"]
    (folder / "other.toml").write_text("strict = true\n")
    assert run("check warns.yaml --config other.toml").code == 1


def test_each_file_has_its_nearest_one(run: Run, folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "x.yaml").write_text(WARNS)
    (folder / "a" / "shapecalc.toml").write_text('ignore = ["SC201"]\n')
    data = json.loads(run("check warns.yaml a -f json").out)
    assert [len(model["diagnostics"]) for model in data["models"]] == [1, 0]


def test_strict_where_a_configuration_says_so(run: Run, folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "x.yaml").write_text(WARNS)
    (folder / "a" / "shapecalc.toml").write_text("strict = true\n")
    assert run("check warns.yaml").code == 0
    assert run("check warns.yaml a").code == 1


def test_exclude_is_for_folders(run: Run, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.shapecalc]\nexclude = ["fails.yaml"]\n')
    assert run("check .").code == 1  # fixable.yaml
    assert "SC102" not in run("check . -q").out
    assert "SC102" in run("check -q fails.yaml").out
    assert "SC102" in run("check -q . fails.yaml").out


def test_an_excluded_folder_that_is_named(run: Run, folder: Path) -> None:
    (folder / "drafts").mkdir()
    for name in ("fails.yaml", "warns.yaml"):
        (folder / "drafts" / name).write_text((folder / name).read_text())
    (folder / "shapecalc.toml").write_text('exclude = ["drafts", "warns.yaml"]\n')
    assert "drafts" not in run("check -q .").out
    out = run("check -q drafts").out
    assert "drafts/fails.yaml" in out
    assert "warns.yaml" not in out
    assert run("check -q drafts --force-exclude") == (0, "", "drafts: no specs found\n")


def test_what_names_every_file_may_leave_excluded_ones_out(run: Run, folder: Path) -> None:
    """As pre-commit does, which knows nothing of our configuration."""
    (folder / "pyproject.toml").write_text('[tool.shapecalc]\nexclude = ["fails.yaml"]\n')
    assert run("check -q fails.yaml --force-exclude") == (0, "", "")
    code, out, _ = run("check -q --force-exclude fails.yaml warns.yaml")
    assert code == 0
    assert "SC102" not in out
    assert "in 1 model" in out


def test_ignores_inputs_and_budgets_of_a_configuration(run: Run, folder: Path) -> None:
    (folder / "shapecalc.toml").write_text(
        '[per-file-ignores]\n"warns.yaml" = ["SC201"]\n'
        '[inputs]\n"sound.yaml" = ["3x9x9"]\n"warns.yaml" = ["3x1x1"]\n'
        "[budget]\nlayers = 0\n"
    )
    _, out, _ = run("check -q sound.yaml warns.yaml")
    assert "layers are 1, 1 over the budget of 0 (shapecalc.toml)" in out
    assert "(at input 3×1×1)" in out
    assert "SC201" not in out
    assert "(--max-layers)" not in out
    assert run("check sound.yaml --max-layers 1").code == 0


@pytest.mark.parametrize("text", ["ignore = ['XX']", "x", "ignroe = []"])
def test_a_wrong_configuration(run: Run, folder: Path, text: str) -> None:
    (folder / "shapecalc.toml").write_text(text)
    code, out, err = run("check sound.yaml")
    assert (code, out) == (2, "")
    assert "shapecalc.toml: " in err
    assert run("check sound.yaml --isolated").code == 0


def test_a_configuration_that_is_not_there(run: Run) -> None:
    assert run("check sound.yaml --config absent.toml").code == 2


# Output.


def test_quiet(run: Run) -> None:
    loud, quiet = run("check warns.yaml").out, run("check -q warns.yaml").out
    assert "8×31×31" in loud
    assert "params" not in quiet
    assert loud.endswith(quiet)


def test_statistics(run: Run) -> None:
    code, out, _ = run("check warns.yaml fails.yaml fixable.yaml --statistics")
    assert code == 1
    assert out.splitlines() == [
        "1  SC002  error    invalid-spec  (1 fixable with --fix)",
        "1  SC102  error    empty-output",
        "1  SC201  warning  non-integer-size",
        "3  in all",
    ]
    rows = json.loads(run("check warns.yaml --statistics -f json").out)
    expected = {"code": "SC201", "rule": "non-integer-size", "severity": "warning"}
    assert rows == [{**expected, "count": 1, "fixable": 0}]


def test_findings_carry_their_fix_in_json(run: Run) -> None:
    data = json.loads(run("check fixable.yaml -f json").out)
    (found,) = data["models"][0]["diagnostics"]
    (edit,) = found["fix"]["edits"]
    text = FIXABLE[: edit["start"]] + edit["text"] + FIXABLE[edit["end"] :]
    assert text == FIXABLE.replace("nmae", "name")


def test_every_format_is_in_the_help() -> None:
    assert render.formats() == _check_options.FORMATS


def test_the_help_lists_every_option_by_panel(run: Run) -> None:
    out = run("check --help").out
    for title in ("Output", "Rules", "Fixes and baseline", "Budgets", "Configuration"):
        assert f"\n{title}" in out
    for option in ("--select", "--max-layer-macs", "--write-baseline", "--isolated", "--color"):
        assert option in out
    assert max(map(len, out.splitlines())) <= 100


# Fixes.


def test_fix(run: Run, folder: Path) -> None:
    path = folder / "fixable.yaml"
    path.chmod(0o600)
    code, _, err = run("check -q fixable.yaml sound.yaml --fix")
    assert (code, err) == (0, "fixed 1 finding in 1 file\n")
    assert path.read_text() == FIXABLE.replace("nmae", "name")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(folder)) == [
        "fails.yaml", "fixable.yaml", "sound.yaml", "warns.yaml",
    ]  # fmt: skip
    assert run("check -q fixable.yaml --fix").err == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_not_replaced(run: Run, folder: Path) -> None:
    path = folder / "fixable.yaml"
    path.chmod(0o400)
    code, _, err = run("check -q fixable.yaml --fix")
    assert code == 2
    assert "fixable.yaml: the file is read-only: nothing was fixed" in err
    assert path.read_text() == FIXABLE


def test_the_summary_says_how_many_can_be_fixed(run: Run) -> None:
    last = run("check -q fixable.yaml").out.splitlines()[-1]
    assert last == "1 error in 1 model (1 fixable with --fix)"


def test_what_remains_is_reported(run: Run) -> None:
    code, out, err = run("check -q . --fix")
    assert code == 1
    assert "SC102" in out
    assert "SC002" not in out
    assert "fixed 1 finding in 1 file" in err


def test_diff(run: Run, folder: Path) -> None:
    code, out, err = run("check fixable.yaml warns.yaml --diff")
    assert (code, err) == (1, "would fix 1 finding in 1 file\n")
    assert out == (
        "--- fixable.yaml\n+++ fixable.yaml\n@@ -1,3 +1,3 @@\n input: [3, 8, 8]\n layers:\n"
        "-  - {type: relu, nmae: a}  # kept\n+  - {type: relu, name: a}  # kept\n"
    )
    assert (folder / "fixable.yaml").read_text() == FIXABLE


FORGED = (
    "input: [3, 8, 8]\nlayers:\n\t::error::forged\n  - {type: relu, nmae: a}\r\n"
    "# ##vso[task.complete]\x1b[31m\n"
)


def test_a_diff_in_a_log_gives_no_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.fix.diff", lambda *_: FORGED)
    for name in ("CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"):
        monkeypatch.delenv(name, raising=False)
    assert run("check fixable.yaml --diff").out == FORGED
    monkeypatch.setenv("TF_BUILD", "True")
    assert run("check fixable.yaml --diff").out == (
        "input: [3, 8, 8]\nlayers:\n\t: :error::forged\n  - {type: relu, nmae: a}\r\n"
        "# # #vso[task.complete]\\x1b[31m\n"
    )


def test_nothing_to_fix(run: Run) -> None:
    assert run("check warns.yaml --diff") == (0, "", "would fix 0 findings in 0 files\n")
    assert run("check fixable.yaml --diff --exit-zero").code == 0


def test_diff_of_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FIXABLE.encode())))
    code, out, _ = run("check --diff -")
    assert code == 1
    assert out.startswith("--- <stdin>\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written(run: Run, folder: Path) -> None:
    folder.chmod(0o500)
    code, _, err = run("check fixable.yaml --fix")
    folder.chmod(0o700)
    assert code == 2
    assert "fixable.yaml: " in err


# Baselines.


def test_baseline(run: Run, folder: Path) -> None:
    code, out, err = run("check . --write-baseline known.json")
    assert (code, out) == (0, "")
    assert err.endswith("known.json: a baseline of 3 findings written\n")
    code, out, err = run("check -q . --baseline known.json --strict")
    assert (code, out) == (0, "no errors in 4 models\n")
    assert "known.json: 3 findings of the baseline not reported\n" in err
    (folder / "fails.yaml").write_text(SOUND)
    (folder / "warns.yaml").write_text("# moved\n" + WARNS + "  - {type: rellu}\n")
    code, out, err = run("check -q . --baseline known.json")
    assert code == 1
    assert "SC003" in out
    assert "SC201" not in out
    assert "1 entry is found no more; --write-baseline writes it anew" in err


def test_a_baseline_of_a_file_whose_name_is_no_utf_8(run: Run, folder: Path) -> None:
    name = os.fsdecode(b"\xff.yaml")
    (folder / name).write_text(WARNS)
    assert run("check", name, "--write-baseline", "known.json").code == 0
    assert run("check", name, "--baseline", "known.json", "--strict").code == 0


@pytest.mark.parametrize("text", [None, "[]"])
def test_a_wrong_baseline(run: Run, folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "known.json").write_text(text)
    code, out, err = run("check sound.yaml --baseline known.json")
    assert (code, out) == (2, "")
    assert err.startswith("error: known.json: ")


def test_a_baseline_that_cannot_be_written(run: Run) -> None:
    code, _, err = run("check sound.yaml --write-baseline absent/known.json")
    assert code == 2
    assert "absent" in err


def test_columns(run: Run) -> None:
    spec = str(gallery.FOLDER.parent / "lenet5.yaml")
    text = run("check", spec, "--columns", "macs,exact", "--sort", "macs", "--top", "2").out
    assert [line.split() for line in text.splitlines()[1:6]] == [
        ["Layer", "MACs", "Exact"],
        [text.splitlines()[2].strip()],
        ["conv2d", "c3", "240,000", "yes"],
        ["conv2d", "c1", "117,600", "yes"],
        ["…", "10", "more", "layers"],
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--columns parms", "'--columns': there is no column 'parms': did you mean 'params'?"),
        ("--sort mac", "'--sort': there is no column 'mac': did you mean 'macs'?"),
        ("--sort kernel", "'--sort': rows cannot be sorted by kernel, only by params, "),
        ("--top 0", "'--top'"),
    ],
)
def test_wrong_columns(run: Run, options: str, said: str) -> None:
    outcome = run("check", str(gallery.FOLDER.parent / "lenet5.yaml"), *options.split())
    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())
    assert outcome.out == ""
