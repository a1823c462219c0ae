"""Several processes: what they find is what one finds, in the same order, whatever happens."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shapecalc import render, run
from shapecalc.report import Report
from tests.faults import SPECS

#: Kills the process that checks a file called so.
DEADLY = """
import os, signal, sys
# Ignored where a shell runs the tests in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
SECONDS = float(os.environ.get("SECONDS", "60"))
from shapecalc import checker
real = checker.check_documents
def check(source, *rest):
    if "deadly" in source.file:
        os.kill(os.getpid(), signal.SIGKILL)
    if "slow" in source.file:
        import time
        print("begun", file=sys.stderr, flush=True)
        time.sleep(SECONDS)
    if "buggy" in source.file:
        raise RuntimeError("two\\nlines")
    return real(source, *rest)
checker.check_documents = check
from shapecalc.cli import main
main()
"""


def outcomes(paths: list[str], processes: int) -> list[run.Outcome]:
    return list(run.run(run.plan(paths), "check", processes))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some forty specs, one that cannot be read, one that is no spec, one that is no YAML."""
    for number in range(40):
        layer = f"{{type: linear, in_features: {number}, out_features: 2}}"
        (tmp_path / f"{number:02}.yaml").write_text(f"input: [3, 8, 8]\nlayers: [{layer}]\n")
    (tmp_path / "05.yaml").write_bytes(b"\xff\xff")
    (tmp_path / "06.yaml").write_text("a: 1")
    (tmp_path / "07.yaml").write_text("layers: [")
    (tmp_path / "08.yaml").unlink()
    (tmp_path / "08.yaml").symlink_to(tmp_path / "nowhere.yaml")
    return tmp_path


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """The specs of this project, checked in one process and in two."""
    paths = [str(SPECS), str(SPECS / "broken")]
    files = [[one.report for one in outcomes(paths, jobs) if one.report] for jobs in (1, 2)]
    return [Report(tuple(found)) for found in files]


@pytest.mark.parametrize("format", render.formats())
def test_what_is_sent_is_all_that_reports_need(reports: list[Report], format: str) -> None:
    one, two = (render.render(report, format, render.Options(notes=True)) for report in reports)
    assert one == two


@pytest.mark.parametrize("processes", [2, 3, 8])
def test_the_order_is_that_of_the_jobs(folder: Path, processes: int) -> None:
    jobs = run.plan([str(folder)])
    random.Random(0).shuffle(jobs)
    alone = list(run.run(jobs, "check", 1))
    together = list(run.run(jobs, "check", processes))
    assert [one.job for one in together] == jobs
    assert [one.error for one in together] == [one.error for one in alone]
    assert [one.fails for one in together] == [one.fails for one in alone]
    assert sum(one.error is not None for one in together) == 2
    assert sum(one.report is None and one.error is None for one in together) == 1


def test_fixes_are_written(folder: Path) -> None:
    jobs = run.plan([str(folder)])
    fixed = sum(one.fixed for one in run.run(jobs, "fix", 2))
    assert fixed == 36
    assert (folder / "03.yaml").read_text().count("in_features: 8") == 1
    assert not [one.fixed for one in run.run(jobs, "fix", 2) if one.fixed]


def test_little_work_stays_in_one_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; from shapecalc import run; "
        f"list(run.run(run.plan([{str(folder)!r}]))); print('multiprocessing' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
    monkeypatch.setattr(run, "cores", lambda: 4)
    jobs = run.plan([str(folder)])
    assert run._worth(jobs) == 1
    monkeypatch.setattr(run, "SHARE", 100)
    assert run._worth(jobs) == 4


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DEADLY, "check", "--quiet", *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_worker_that_dies_is_a_report(folder: Path) -> None:
    for name in ("00deadly", "17deadly", "39deadly"):
        (folder / f"{name}.yaml").write_text("input: [1]\nlayers: [relu]\n")
    ran = check(folder, "--jobs", "2")
    assert ran.returncode == 2
    died = [line for line in ran.stderr.splitlines() if "died" in line]
    assert [line.partition(":")[0] for line in died] == ["error"] * 3
    assert all("deadly.yaml: the process that checked it died (signal 9" in line for line in died)
    assert "in 36 models" in ran.stdout
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bug_hides_no_other_file(folder: Path, jobs: str) -> None:
    (folder / "17buggy.yaml").write_text("input: [1]\nlayers: [relu]\n")
    ran = check(folder, "--jobs", jobs)
    assert ran.returncode == 2
    assert "17buggy.yaml: this is a bug in shapecalc (RuntimeError: two lines)" in ran.stderr
    assert "in 36 models" in ran.stdout
    assert "Traceback" not in ran.stderr


def children(process: int) -> list[int]:
    """The processes that a process has started, where /proc tells."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in listed.split()]


def lives(process: int) -> bool:
    """Whether a process runs: not one that is dead and not waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def busy(folder: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A run on two processes that are both at a file that takes so long."""
    for name in ("00slow", "00slow2"):
        (folder / f"{name}.yaml").write_text("input: [1]\nlayers: [relu]\n")
    command = [sys.executable, "-c", DEADLY, "check", "--jobs", "2", str(folder)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "SECONDS": str(seconds)},
    ) as process:
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)] == ["begun\n"] * 2
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_all(folder: Path, whole_group: bool) -> None:
    with busy(folder, 60) as process:
        workers = children(process.pid)
        assert len(workers) == 2
        send = os.killpg if whole_group else os.kill
        send(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=40)
    assert (process.returncode, out, err) == (130, "", "")
    assert not any(map(lives, workers))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_worker_outlives_the_run(folder: Path) -> None:
    """Killed outright, a run cannot end its workers: they see that it is gone."""
    with busy(folder, 1) as process:
        workers = children(process.pid)
        process.kill()
        end = time.monotonic() + 30
        while any(map(lives, workers)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(lives, workers))
