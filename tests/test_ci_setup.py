"""The README's way into CI: its workflow, job, hook and configuration do what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from shapecalc.config import read_config
from tests.documents import ENVIRONMENT, README, ROOT, blocks

SPEC = """\
input: [3, 32, 32]
layers:
  - {{type: conv2d, out_channels: {width}, kernel_size: 3}}
  - {{type: conv_transpose2d, out_channels: 1, kernel_size: 3, stride: 2}}
"""
PAGES: list[dict[str, Any]] = [yaml.safe_load(block.text) for block in blocks(README, "yml")]

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("bash", "git", "xargs")), reason="needs bash and git"
)


def page(key: str) -> dict[str, Any]:
    (found,) = (one for one in PAGES if key in one)
    return found


@pytest.fixture
def pull_request(tmp_path: Path) -> Path:
    """A repository on a branch that widens a model of its main branch and adds another one."""
    repository = tmp_path / "repository"
    (repository / "specs").mkdir(parents=True)
    (repository / "ci").mkdir()
    (repository / "specs" / "model.yaml").write_text(SPEC.format(width=8))
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "base")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    (repository / "specs" / "model.yaml").write_text(SPEC.format(width=16))
    (repository / "specs" / "new.yaml").write_text(SPEC.format(width=4))
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "wider")
    return repository


@pytest.fixture(autouse=True)
def _no_outer_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
        monkeypatch.delitem(ENVIRONMENT, name, raising=False)


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=n@localhost")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command as a CI runs it, with a ``pip`` that installs nothing and our ``shapecalc``."""
    tools = folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name, script in {
        "pip": "exit 0",
        "shapecalc": f'exec "{sys.executable}" -m shapecalc "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={
            **ENVIRONMENT,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_BASE_REF": "main",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_github_workflow(pull_request: Path) -> None:
    (job,) = page("permissions")["jobs"].values()
    install, check, compare = [step["run"] for step in job["steps"] if "run" in step]
    assert install == "pip install ci/shapecalc-*.whl"

    done = run(check, pull_request)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::warning file=specs/model.yaml,line=4,")
    (upload,) = (step["with"] for step in job["steps"] if "upload-sarif" in step.get("uses", ""))
    sarif = json.loads((pull_request / upload["sarif_file"]).read_text("utf-8"))
    assert {one["ruleId"] for one in sarif["runs"][0]["results"]} >= {"SC302"}

    done = run(compare, pull_request)
    assert done.returncode != 0, "more than 5% of parameters more"
    summary = (pull_request / "summary.md").read_text("utf-8")
    assert "model" in summary
    assert "new.yaml" not in summary


def test_gitlab_job(pull_request: Path) -> None:
    job = page("shapecalc")["shapecalc"]
    for command in job["script"]:
        done = run(command, pull_request)
        assert done.returncode == 0, done.stderr
    assert "SC302" in done.stdout, "the table is in the job's log"
    reports = job["artifacts"]["reports"]
    quality = json.loads((pull_request / reports["codequality"]).read_text("utf-8"))
    assert {one["check_name"] for one in quality} >= {"checkerboard"}
    assert ET.parse(pull_request / reports["junit"]).getroot().tag == "testsuites"


@pytest.mark.parametrize("origin", ["README", "ours"])
def test_hook(origin: str, pull_request: Path) -> None:
    ours: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = ours if origin == "ours" else page("repos")["repos"][0]["hooks"]
    files = ["specs/model.yaml", "specs/new.yaml"]
    command = " ".join([hook["entry"], *hook.get("args", ()), *files])
    done = run(command, pull_request)
    assert (done.returncode, done.stderr) == (0, "")
    assert "SC302" in done.stdout
    (pull_request / files[0]).write_text(SPEC.format(width=-1))
    assert run(command, pull_request).returncode == 1


def test_configuration(tmp_path: Path) -> None:
    (block,) = blocks(README, "toml")
    config = read_config(tmp_path / "shapecalc.toml", tomllib.loads(block.text))
    assert config.strict
    selection = config.selection_for(tmp_path / "specs" / "legacy" / "a" / "b.yaml")
    assert (selection.ignore, selection.never) == (("SC313",), ("SC3",))
    assert config.inputs_for(tmp_path / "specs" / "segmentation" / "a.yaml") == (
        {"": (3, 512, 512)},
        {"": (3, 640, 480)},
    )
