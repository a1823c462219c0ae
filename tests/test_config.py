"""Configurations: found, read, and applied to the right files."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecalc.config import Config, ConfigError, Configs, load_config, parse_inputs
from shapecalc.diagnostics import Severity
from tests.clock import at_most


def project(folder: Path, text: str, name: str = "shapecalc.toml") -> Config:
    path = folder / name
    path.write_text(text)
    return load_config(path)


FULL = """
select = ["SC2", "checkerboard"]
extend-select = ["SC320"]
ignore = ["SC202"]
exclude = ["broken"]
strict = true

[severity]
SC201 = "error"

[per-file-ignores]
"old/*" = ["SC2"]

[budget]
params = "5M"
macs = 4.2e9
memory = "200MiB"

[inputs]
"*.yaml" = ["3x128x128", "image=3x64x64, text=77"]
"""


def test_everything(tmp_path: Path) -> None:
    config = project(tmp_path, FULL)
    assert config.selection.select == ("SC2", "SC302")
    assert config.selection.extend_select == ("SC320",)
    assert config.selection.ignore == ("SC202",)
    assert config.selection.severity == {"SC201": Severity.ERROR}
    assert config.strict
    values = {figure: limit.value for figure, limit in config.limits.items()}
    assert values == {"params": 5_000_000, "macs": 4_200_000_000, "memory": 200 * 2**20}
    assert config.limits["params"].origin == "shapecalc.toml"
    assert config.inputs_for(tmp_path / "a.yaml") == (
        {"": (3, 128, 128)},
        {"image": (3, 64, 64), "text": (77,)},
    )
    assert config.inputs_for(tmp_path / "a.yml") == ()


def test_an_empty_select_is_not_none(tmp_path: Path) -> None:
    assert project(tmp_path, "select = []").selection.select == ()
    assert project(tmp_path, "ignore = []").selection.select is None


def test_in_a_pyproject(tmp_path: Path) -> None:
    text = "".join(
        line.replace("[", "[tool.shapecalc.", 1) if line.startswith("[") else line
        for line in FULL.splitlines(keepends=True)
    )
    config = project(tmp_path, "[tool.shapecalc]" + text, "pyproject.toml")
    assert config.selection == project(tmp_path, FULL).selection
    assert config.limits["macs"].origin == "pyproject.toml"


# Finding it.


def test_the_nearest_one(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "shapecalc.toml").write_text('ignore = ["SC201"]')
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.shapecalc]\nignore = ["SC202"]')
    configs = Configs()
    assert configs.find(tmp_path / "x.yaml").selection.ignore == ("SC201",)
    assert configs.find(inner).selection.ignore == ("SC202",)
    assert configs.find(inner / "x.yaml") is configs.find(tmp_path / "a" / "y.yaml")


def test_a_pyproject_that_says_nothing_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "shapecalc.toml").write_text("strict = true")
    inner = tmp_path / "a"
    inner.mkdir()
    for text in ("[project]\nname = 'x'\n", "# shapecalc\n", "[tool.other]\nx = 'shapecalc'\n"):
        (inner / "pyproject.toml").write_text(text)
        assert Configs().find(inner / "x.yaml").strict
    # Without our word in it, it is not even parsed.
    (inner / "pyproject.toml").write_text("not toml")
    assert Configs().find(inner / "x.yaml").strict


def test_in_one_folder_our_own_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.shapecalc]\nstrict = true")
    assert Configs().find(tmp_path).strict
    (tmp_path / "shapecalc.toml").write_text("")
    assert not Configs().find(tmp_path).strict


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "shapecalc.toml").write_text('exclude = ["a/x.yaml"]')
    monkeypatch.chdir(tmp_path / "a")
    assert Configs().find(Path("x.yaml")).excludes(Path("x.yaml"))
    assert Configs().find(Path("../a/x.yaml")).excludes(Path("../a/x.yaml"))


def test_a_file_that_is_linked_here_belongs_here(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "x.yaml").write_text("")
    (tmp_path / "here" / "x.yaml").symlink_to(tmp_path / "there" / "x.yaml")
    (tmp_path / "here" / "shapecalc.toml").write_text("strict = true")
    assert Configs().find(tmp_path / "here" / "x.yaml").strict


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("broken", "specs/broken/a.yaml", True),
        ("broken/", "specs/broken/a.yaml", True),
        ("specs/broken", "specs/broken/a.yaml", True),
        ("./specs/broken", "specs/broken/a.yaml", True),
        ("specs/broken", "other/specs/broken/a.yaml", False),
        ("specs/broken", "specs/broken2/a.yaml", False),
        ("*.yaml", "specs/broken/a.yaml", True),
        ("a.yaml", "specs/broken/a.yaml", True),
        ("specs/*.yaml", "specs/a.yaml", True),
        ("specs/*.yaml", "a.yaml", False),
        ("**/a.yaml", "a.yaml", True),
        ("**/a.yaml", "x/y/a.yaml", True),
        ("specs/**/a.yaml", "specs/a.yaml", True),
        ("specs/**", "specs/x/a.yaml", True),
        ("old_?.yaml", "old_1.yaml", True),
        ("[ab].yaml", "a.yaml", True),
        ("A.yaml", "a.yaml", False),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, file: str, expected: bool) -> None:
    config = Config(tmp_path / "shapecalc.toml", exclude=(pattern,))
    assert config.excludes(tmp_path / file) is expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (".", True),
        ("specs", True),
        ("specs/broken", False),
        ("specs/broken/old", False),
        ("specs/broken/a.yaml", False),
        ("..", True),
    ],
)
def test_what_was_named_is_wanted(tmp_path: Path, named: str, expected: bool) -> None:
    for pattern in ("broken", "specs/broken"):
        config = Config(tmp_path / "shapecalc.toml", exclude=(pattern,))
        file = tmp_path / "specs" / "broken" / "a.yaml"
        assert config.excludes(file, tmp_path / named) is expected


def test_a_file_elsewhere_matches_nothing(tmp_path: Path) -> None:
    config = Config(tmp_path / "a" / "shapecalc.toml", exclude=("*",))
    assert not config.excludes(tmp_path / "b.yaml")


def test_ignores_for_a_file(tmp_path: Path) -> None:
    config = project(tmp_path, FULL)
    assert config.selection_for(tmp_path / "old" / "a.yaml").never == ("SC2",)
    assert config.selection_for(tmp_path / "a.yaml") is config.selection


# What is wrong.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignroe = []", "the configuration has no key `ignroe` (did you mean `ignore`?)"),
        ("ignore = 'SC201'", "`ignore` must be a list of words"),
        ("ignore = ['SC2O1']", "no rule has the code 'SC2O1' (did you mean SC201?)"),
        ("[per-file-ignores]\n'*' = ['XX']", "no rule has the code 'XX'"),
        ("[severity]\nSC201 = 'eror'", "`severity.SC201` must be one of error, warning, note"),
        ("[severity]\nSC201 = 'eror'", "(did you mean `error`?)"),
        ("[severity]\nSC2O1 = 'error'", "did you mean SC201?"),
        ("[budget]\nparms = 5", "`budget` has no key `parms` (did you mean `params`?)"),
        ("[budget]\nparams = '5X'", "there is no unit 'X' (write a number"),
        ("[budget]\nparams = [5]", "`params` must be a number, with a unit or without (5M)"),
        ("[inputs]\n'*' = ['3x']", "'3x' is not a shape without the batch"),
        ("strict = 1", "`strict` must be true or false"),
        ("a = 1\nb = 2", "no key `a`"),
        ("a = 1\nb = 2", "no key `b`"),
        ("x", "x.toml: "),
        ("x = " + "[" * 50_000, "x.toml: "),
    ],
)
def test_wrong_ones(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        project(tmp_path, text, "x.toml")
    assert said in str(error.value)


def test_no_such_file_and_no_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "x.toml")
    with pytest.raises(ConfigError, match="must be a table"):
        project(tmp_path, "[tool]\nshapecalc = 3", "pyproject.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"x\.toml"):
        load_config(tmp_path / "x.toml")


# Inputs.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x64x64", {"": (3, 64, 64)}),
        (" 3×64×64 ", {"": (3, 64, 64)}),
        ("77", {"": (77,)}),
        ("a=3X4, b = 5", {"a": (3, 4), "b": (5,)}),
    ],
)
def test_input_sets(text: str, expected: dict[str, tuple[int, ...]]) -> None:
    assert parse_inputs(text) == expected


@pytest.mark.parametrize("text", ["", "0x3", "-3", "3x", "a=", "3,", "²", "9" * 30, str(2**53)])
def test_wrong_input_sets(text: str) -> None:
    with pytest.raises(ValueError, match="not a shape"):
        parse_inputs(text)


def test_very_many_blanks_in_an_input_set() -> None:
    with at_most(5), pytest.raises(ValueError, match=r"^'3 {39}' is not a shape"):
        parse_inputs("3" + " " * 100_000 + "x")


def test_a_key_of_very_many_parts(tmp_path: Path) -> None:
    file = tmp_path / "shapecalc.toml"
    file.write_text(f"{'a.' * 100_000}b = 1", encoding="utf-8")
    with at_most(5), pytest.raises(ConfigError, match="more than 1,000 parts"):
        load_config(file)
