"""The program around the commands: help, colour, and how a run may end."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc import cli
from shapecalc.cli import _app, _terminal, conv

Run = Callable[..., Any]

MODULES = sorted(
    path.stem for path in Path(cli.__path__[0]).glob("*.py") if not path.stem.startswith("_")
)


def process(*args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(
        [sys.executable, "-m", "shapecalc", *args],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


def test_a_command_is_a_module() -> None:
    assert _app.command_names() == sorted(name.replace("_", "-") for name in MODULES)
    assert "conv-transpose" in _app.command_names()


@pytest.mark.parametrize("module", MODULES)
def test_every_command_has_help(run: Run, module: str) -> None:
    name = module.replace("_", "-")
    loaded = importlib.import_module(f"shapecalc.cli.{module}")
    summary = loaded.command.__doc__.splitlines()[0].rstrip(".")
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert summary in out
    assert "--color" in out
    assert run(name, "-h").out == out


def test_help_lists_every_command(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    listed = [
        line.split()[0] for line in out.splitlines() if line.startswith("  ") and line.split()
    ]
    assert set(_app.command_names()) <= set(listed)
    assert listed.index("conv") < listed.index("conv-transpose") < listed.index("dense")
    assert "One-offs:" in out


def test_without_arguments_there_is_help(run: Run) -> None:
    code, out, err = run()
    assert code == 2
    assert "One-offs:" in out + err


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"shapecalc {shapecalc.__version__}\n", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cnov", "There is no command 'cnov'. Did you mean 'conv'?"),
        ("conv_transpos", "Did you mean 'conv-transpose'?"),
        ("xyzzy", "There is no command 'xyzzy'."),
        ("_app", "There is no command '_app'."),
        ("os.path", "There is no command 'os.path'."),
        ("dcgan.yaml", "To check a spec: shapecalc check dcgan.yaml"),
        (".", "To check a spec: shapecalc check ."),
    ],
)
def test_unknown_command(run: Run, name: str, said: str) -> None:
    code, out, err = run(name)
    assert (code, out) == (2, "")
    assert said in err


def test_a_module_that_is_missing_inside_a_command_is_not_an_unknown_command(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("No module named 'absent'", name="absent")

    monkeypatch.setattr(_app, "import_module", fail)
    code, _, err = run("conv 64 -k4")
    assert code == 2
    assert "this is a bug in shapecalc (ModuleNotFoundError: No module named 'absent')" in err


# Colour.


@pytest.mark.parametrize(
    "order", ["--color always conv 9 -k2 -s2", "conv 9 -k2 -s2 --color always"]
)
def test_color_before_and_after_the_command(run: Run, order: str) -> None:
    out = run(order).out
    assert "\x1b[1m9 → 4\x1b[0m" in out
    assert "\x1b[33mnot exact" in out


@pytest.mark.parametrize("option", ["", "--color auto", "--color never"])
def test_no_color_into_a_pipe(run: Run, option: str) -> None:
    assert "\x1b" not in run(f"conv 9 -k2 -s2 {option}").out


def test_color_is_not_remembered(run: Run) -> None:
    assert "\x1b" in run("conv 2 -k4 --color always").err
    assert "\x1b" not in run("conv 2 -k4").err


def test_color_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" in run("conv 64 -k4").out
    assert "\x1b" not in run("conv 64 -k4 --color never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("conv 64 -k4").out
    assert "\x1b" in run("conv 64 -k4 --color always").out
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in run("conv 64 -k4").out


def test_wrong_color(run: Run) -> None:
    assert run("--color sometimes conv 64 -k4").code == 2


# Ends.


def explode(error: BaseException) -> Callable[..., Any]:
    def raise_it(*_: object, **__: object) -> None:
        raise error

    return raise_it


def test_a_bug_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv, "conv_window", explode(RuntimeError("two\nlines")))
    code, out, err = run("conv 64 -k4")
    assert (code, out) == (2, "")
    assert err == (
        "error: this is a bug in shapecalc (RuntimeError: two lines); please report it with the "
        "traceback that SHAPECALC_DEBUG=1 shows\n"
    )


def test_debugging_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv, "conv_window", explode(RuntimeError("boom")))
    monkeypatch.setenv("SHAPECALC_DEBUG", "1")
    with pytest.raises(RuntimeError, match="boom"):
        cli.main(["conv", "64", "-k4"])


def test_interrupt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv, "conv_window", explode(KeyboardInterrupt()))
    code, _, err = run("conv 64 -k4")
    assert code == 130
    assert "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.parametrize("args", ["conv " + "64 " * 9000 + "-k3", "conv 64 -k3", "conv --help"])
def test_broken_pipe(args: str) -> None:
    """Nobody reads: no traceback, and not the exit code of a finding."""
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [sys.executable, "-m", "shapecalc", *args.split()],
        stdout=writer,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (141, "")


def test_a_stream_without_our_characters() -> None:
    run = process("conv", "9", "-k2", "-s2", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.returncode == 0
    assert run.stdout.splitlines()[:2] == [
        "9 -> 4",
        "  floor((9 + 2x0 - 1x(2 - 1) - 1)/2 + 1) = floor(4.5) = 4",
    ]


def test_any_character_has_a_stand_in() -> None:
    _terminal.prepare_streams()
    assert "64×64 → 32 ✓".encode("ascii", errors="shapecalc") == b"64x64 -> 32 ?"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", errors="shapecalc")


def test_the_module_is_the_command() -> None:
    run = process("conv", "64", "-k4", "-s2", "-p1", "-q")
    assert (run.returncode, run.stdout, run.stderr) == (0, "32\n", "")
    assert process("conv", "2", "-k4").returncode == 1
    assert process("conv").returncode == 2


def test_a_long_text_is_written_in_pieces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_terminal, "PIECE", 4)
    for text in ("", "abcd", "abcdé", "×" * 9):
        _terminal.print_out(text)
        assert capsys.readouterr().out == f"{text}\n"
