"""``shapecalc diff`` on files and on a git repository of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.render import hostile

OLD = """\
name: Net
input: [3, 8, 8]
layers:
  - {type: conv2d, name: c, out_channels: 4, kernel_size: 3, padding: 1}
  - tanh
  - flatten
  - {type: linear, name: fc, out_features: 2}
"""
NEW = OLD.replace("out_channels: 4", "out_channels: 8").replace("tanh", "relu\n  - dropout")


def git(*words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *words],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit has OLD, with NEW in the work tree."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("sub/net.yaml", "old.yaml"):
        (tmp_path / name).write_text(OLD)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "sub/net.yaml").write_text(NEW)
    (tmp_path / "new.yaml").write_text(NEW)
    return tmp_path


def test_the_table(run: Run, folder: Path) -> None:
    code, out, err = run("diff old.yaml new.yaml")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("Net: layers: 2 added, 1 removed, 3 changed; output 2\n")
    assert ["-", "tanh", "4×8×8"] in [line[:3] for line in lines]
    assert ["+", "relu", "8×8×8"] in [line[:3] for line in lines]
    assert "out_channels 4 → 8" in out
    assert ["params", "626", "1,250", "+624", "(+99.68%)"] in lines
    assert ["layers", "4", "5", "+1", "(+25.00%)"] in lines


@pytest.mark.parametrize("where", [".", "sub"])
@pytest.mark.parametrize("path", ["sub/net.yaml", "./sub/net.yaml", "net.yaml"])
def test_git(run: Run, folder: Path, where: str, path: str) -> None:
    os.chdir(where)
    relative_to_sub = path == "net.yaml"
    wrong_place = relative_to_sub == (where == ".") and not path.startswith("sub")
    code, out, err = run("diff", f"main:{path}", str(folder / "new.yaml"), "-f", "json")
    if wrong_place:
        assert (code, out) == (2, "")
        assert f"error: main:{path}: path " in err
    else:
        assert code == 0
        (model,) = json.loads(out)["models"]
        assert model["totals"]["params"]["old"] == 626
        assert model["totals"]["params"]["difference"] == 624


def test_both_sides_in_git(run: Run, folder: Path) -> None:
    code, out, _ = run("diff HEAD:old.yaml main:sub/net.yaml")
    assert code == 0
    assert out.startswith("Net: unchanged\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("none.yaml old.yaml", "none.yaml: No such file or directory"),
        ("nonesuch:old.yaml old.yaml", "nonesuch:old.yaml: "),
        ("main:none.yaml old.yaml", "main:none.yaml: "),
        ("main:sub old.yaml", "main:sub: is a folder; diff compares two files"),
        ("sub old.yaml", "sub: is a folder"),
        ("-- --output=x:old.yaml old.yaml", "no git ref begins with a dash"),
    ],
)
def test_what_is_not_there(run: Run, folder: Path, words: str, said: str) -> None:
    before = sorted(os.listdir())
    code, out, err = run(f"diff {words}")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert sorted(os.listdir()) == before


def test_no_git(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    code, _, err = run("diff main:old.yaml new.yaml")
    assert code == 2
    assert "git cannot be run" in err


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["params+5%"], 1),
        (["params+100%"], 0),
        (["params+1K", "layers+1"], 0),
        (["params+100%", "layers+0"], 1),
    ],
)
def test_fail_if(run: Run, folder: Path, limits: list[str], code: int) -> None:
    words = [word for limit in limits for word in ("--fail-if", limit)]
    found, out, err = run("diff", "old.yaml", "new.yaml", "-f", "json", *words)
    assert found == code
    assert bool(json.loads(out)["exceeded"]) is bool(code)
    assert ("error: Net: more than" in err) is bool(code)


def test_fail_if_the_size_is_not_known(run: Run, folder: Path) -> None:
    (folder / "new.yaml").write_text(NEW.replace("tanh", "nonesuch").replace("relu", "nonesuch"))
    code, _, err = run("diff", "old.yaml", "new.yaml", "--fail-if", "params+500%")
    assert code == 1
    assert "Net: params+500% cannot be judged: params is not known" in err
    assert "new.yaml: " in err


def test_wrong_limit(run: Run, folder: Path) -> None:
    code, out, err = run("diff old.yaml new.yaml --fail-if size+5%")
    assert (code, out) == (2, "")
    assert "write one of params, trainable_params, macs, layers" in " ".join(err.split())


def test_markdown(run: Run, folder: Path) -> None:
    _, out, _ = run("diff old.yaml new.yaml -f markdown")
    assert out.startswith("### <code>Net</code>: layers: ")
    assert "| params | 626 | 1,250 | +624 (+99.68%) |" in out
    assert "; output 2 (<code>new.yaml</code>)\n" in out
    assert out.count("<details>") == out.count("</details>") == 1
    assert out.endswith("</details>\n\n"), "else it would swallow what is appended to the file"


def test_a_model_that_was_renamed(run: Run, folder: Path) -> None:
    (folder / "new.yaml").write_text(NEW.replace("name: Net", "name: Mesh"))
    assert run("diff old.yaml new.yaml").out.startswith("Net → Mesh: layers: ")


def test_what_is_unchanged_takes_one_line(run: Run, folder: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        Path(name).write_text(f"{OLD}---\nname: Other\n{OLD.partition(chr(10))[2]}")
    (folder / "b.yaml").write_text((folder / "b.yaml").read_text().replace("tanh", "relu", 1))
    assert run("diff a.yaml b.yaml").out.endswith("\n\nOther: unchanged\n")
    out = run("diff a.yaml b.yaml -f markdown").out
    assert out.endswith("### <code>Other</code>: unchanged (<code>b.yaml</code>)\n\n")
    assert "<summary>1 layer</summary>" in out


def test_long_lists_are_cut(run: Run, folder: Path) -> None:
    layer = "  - {type: dropout, p: 0.%d}\n"
    for name, digit in (("a.yaml", 1), ("b.yaml", 2)):
        Path(name).write_text("input: [3]\nlayers:\n" + layer % digit * 100)
    assert "… and 40 more layers" in run("diff a.yaml b.yaml").out
    assert run("diff a.yaml b.yaml --unfold").out.count("p 0.1 → 0.2") == 100


@pytest.mark.parametrize("format", ["table", "markdown", "json"])
@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(run: Run, folder: Path, name: str, format: str) -> None:
    quoted = hostile.quoted(name)
    text = (
        f"name: {quoted}\ninput: [3]\nlayers: [{{type: linear, name: {quoted}, out_features: 2}}]\n"
    )
    Path("a.yaml").write_text(text)
    Path("b.yaml").write_text(text.replace("out_features: 2", "out_features: 3, bias: false"))
    _, out, err = run("diff", "a.yaml", "b.yaml", "-f", format, "--fail-if", "params+0")
    assert hostile.is_tame(out)
    assert hostile.is_tame(err)
    if format == "json":
        assert json.loads(out)["version"] == 1
    if format == "markdown":
        assert all(line.count("|") == 7 for line in out.splitlines() if line.startswith("| <code>"))
