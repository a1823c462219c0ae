"""The limits on what a spec may ask for: each is passed by a spec, and told with its way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shapecalc import limits
from shapecalc.checker import check_source
from shapecalc.report import FileReport
from shapecalc.spec import names
from shapecalc.spec.source import Source
from tests.adversarial import CASES
from tests.fuzz.trial import small_limits

HEAD = "input: [3, 8, 8]\n"


def check(text: str) -> FileReport:
    return check_source(Source("spec.yaml", text))


def said(text: str) -> set[tuple[str, str]]:
    """The code and the beginning of each finding."""
    return {(found.code, found.message[:60]) for found in check(text).diagnostics}


def passes(text: str, code: str, part: str) -> bool:
    """Whether a spec passes a limit, and is told so."""
    return any(found == code and part in message for found, message in said(text))


def nested(depth: int) -> str:
    return f"{HEAD}layers: [relu]\nx: {'[' * depth}{']' * depth}\n"


def test_depth() -> None:
    most = limits.MAX_DEPTH - 1
    assert not passes(nested(most), "SC001", "nested")
    assert passes(nested(most + 1), "SC001", "nested more than 100 deep")


def test_aliases() -> None:
    hundred = f"a: &a [{'1, ' * 98}1]\n{HEAD}layers: [relu]\nb: "
    assert not passes(f"{hundred}[{'*a, ' * 999}]", "SC001", "expand")
    assert passes(f"{hundred}[{'*a, ' * 1001}]", "SC001", "aliases expand to more than 100,000")


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passes(f"{HEAD}layers: [{{type: relu, repeat: 1000001}}]", "SC007", "at most 1,000,000")
    monkeypatch.setattr("shapecalc.walk.runner.MAX_LAYERS", 1_000)
    twice = "[{type: relu, repeat: 501}, {type: tanh, repeat: 501}]"
    assert passes(f"{HEAD}layers: {twice}", "SC007", "more than 1,000 layers once unrolled")


def test_blocks_in_blocks() -> None:
    uses = "".join(f"  b{n + 1}: {{layers: [b{n}]}}\n" for n in range(limits.MAX_NESTED + 20))
    spec = f"blocks:\n  b0: {{layers: [relu]}}\n{uses}{HEAD}layers: [b"
    assert not passes(f"{spec}{limits.MAX_NESTED - 1}]", "SC007", "deep")
    assert passes(f"{spec}{limits.MAX_NESTED}]", "SC007", "are more than 500 deep once unrolled")


def test_what_many_models_share() -> None:
    shared = "vars:\n" + "".join(f"  a{n}: {n}\n" for n in range(1_000))
    model = f"---\n{HEAD}layers: [relu]\n"
    most = limits.MAX_SHARED // len(shared)
    assert not passes(shared + model * 20, "SC007", "share")
    assert most < limits.MAX_MODELS
    assert passes(shared + model * (most + 20), "SC007", "what all models share is read for each")


def test_uses_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.walk.runner.MAX_GROUPS", 1_000)
    spec = HEAD + "layers: [{{type: sequential, layers: [], repeat: {}}}]\n"
    assert not check(spec.format(1_000)).diagnostics
    assert passes(spec.format(1_001), "SC007", "more than 1,000 blocks and containers")


def test_messages() -> None:
    report = check(f"input: [2]\nlayers: [{{type: reshape, shape: [{'1, ' * 4_000}1]}}]")
    found = next(one for one in report.diagnostics if one.code == "SC107")
    assert len(found.message) < limits.MAX_MESSAGE + 4
    assert found.message.endswith("has 1")


def test_inner_layers() -> None:
    lstm = "input: [7, 10]\nlayers: [{{type: lstm, hidden_size: 4, num_layers: {}}}]"
    assert not check(lstm.format(limits.MAX_INNER_LAYERS)).diagnostics
    assert [one.code for one in check(lstm.format(1_001)).diagnostics] == ["SC007"]


def test_numbers() -> None:
    spec = HEAD + "vars: {{a: {}}}\nlayers: [relu]"
    assert not passes(spec.format(limits.MAX_NUMBER - 1), "SC001", "2^53")
    assert passes(spec.format(limits.MAX_NUMBER), "SC001", "is 2^53 or more")
    assert passes(spec.format("2 ** 53"), "SC004", "the result is too large")


def test_diagnostics() -> None:
    (model,) = check(f"{HEAD}layers: [{'{type: identity, x: 1}, ' * 1_200}]").models
    assert len(model.diagnostics) == limits.MAX_DIAGNOSTICS
    assert model.hidden_diagnostics == 200


def test_an_error_behind_many_warnings_is_shown() -> None:
    (model,) = check(f"{HEAD}layers: [{'relu, ' * 1_200}{{type: relu, x: 1}}, relu]").models
    assert not model.ok
    assert [one.code for one in model.diagnostics[-2:]] == ["SC304", "SC002"]
    assert model.hidden_diagnostics == 202


def test_diagnostics_of_several_models() -> None:
    """A file has as many as one model may have, but each model shows its worst."""
    warnings = "relu, " * 600
    models = [f"name: {name}\n{HEAD}layers: [{warnings}%s]\n" for name in "abc"]
    report = check("---\n".join(models) % ("relu", "relu", "{type: relu, x: 1}"))
    assert [len(model.diagnostics) for model in report.models] == [600, 400, 1]
    assert [model.hidden_diagnostics for model in report.models] == [0, 200, 600]
    assert [model.ok for model in report.models] == [True, True, False]


def test_diagnostics_outside_of_models() -> None:
    codes = "SC20x," * 1_200
    found = check(f"{HEAD}layers: [relu] # shapecalc: ignore[{codes}SC3]").own_diagnostics
    assert len(found) == limits.MAX_DIAGNOSTICS
    assert found[-1].message == "no rule has the code 'SC20x' (and 200 more)"


def test_directives() -> None:
    spec = f"%s---\n{HEAD}layers: [relu]"
    lines = [f"%TAG !{n:x}! a\n" for n in range(limits.MAX_DIRECTIVES + 1)]
    assert not check(spec % "".join(lines[1:])).diagnostics
    assert passes(spec % "".join(lines), "SC001", "more than 1,000 %TAG directives")


@pytest.mark.parametrize(
    ("wrong", "where", "line", "part"),
    [
        ("1", "shapecalc.spec.stack", 2, "wrong: the layers from line 3 on are not read"),
        ("{type: relu, from: x}", "shapecalc.walk.findings", 1, "wrong: the rest is not computed"),
    ],
)
def test_faults(
    monkeypatch: pytest.MonkeyPatch, wrong: str, where: str, line: int, part: str
) -> None:
    monkeypatch.setattr(f"{where}.MAX_FAULTS", 20)
    few = check(f"{HEAD}layers: [{f'{wrong}, ' * 20}]").diagnostics
    assert not any(part in found.message for found in few)
    many = check(f"{HEAD}layers: [{f'{wrong}, ' * 21}\n{f'{wrong}, ' * 20}]").diagnostics
    assert len(many) == 22
    assert [(one.code, one.line) for one in many if part in one.message] == [("SC007", line)]


def test_models() -> None:
    report = check("---\ninput: [1]\nlayers: [relu]\n" * 1_001)
    assert len(report.models) == limits.MAX_MODELS
    assert [found.code for found in report.own_diagnostics] == ["SC007"]


def test_axes() -> None:
    axes = "1, " * (limits.MAX_RANK - 1)
    assert not passes(f"input: [{axes}1]\nlayers: [relu]", "SC002", "axes")
    assert passes(f"input: [{axes}1, 1]\nlayers: [relu]", "SC002", "at most 64 axes")
    reshape = "input: [1]\nlayers: [{{type: reshape, shape: [{}1, 1]}}]"
    assert passes(reshape.format(axes), "SC106", "the output has 65 axes")


def test_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.walk.state.MAX_WORK", 1_000)
    spec = f"{HEAD}layers: [{{type: dropout, p: index - index, repeat: 2000}}]"
    assert passes(spec, "SC007", "the model takes more than 1,000 computed values")


def test_expressions() -> None:
    spec = HEAD + "layers: [{{type: dropout, p: {}}}]"
    assert not check(spec.format("0 +" * 300 + "0")).diagnostics
    assert passes(spec.format("0 +" * 340 + "0"), "SC004", "longer than 1,000 characters")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many letters are looked at for each pair of words that is compared."""
    done: list[int] = []
    real = names.slips

    def slips(left: str, right: str, most: int | None = None) -> int:
        done.append(len(left) * len(right))
        return real(left, right, most)

    monkeypatch.setattr(names, "slips", slips)
    return done


@pytest.mark.parametrize("case", ["unknown_types", "unknown_sources", "unknown_names"])
def test_comparisons_do_not_grow(case: str, compared: list[int]) -> None:
    """Behind the limit a file of four times the size takes no comparison more."""
    check(CASES[case](100_000))
    once = len(compared)
    check(CASES[case](400_000))
    assert once < limits.MAX_COMPARISONS
    assert len(compared) - once <= once * 1.5 + 1_000


@pytest.mark.parametrize("case", CASES)
def test_messages_stay_short(case: str) -> None:
    """However long the file: what is said of it is not as long."""
    with small_limits():
        report = check(CASES[case](20_000))
    for found in report.diagnostics:
        assert len(found.message) + len(found.help or "") < 2_500
        assert found.code != "SC900"


@pytest.mark.slow
@pytest.mark.parametrize("case", ["too_deep", "too_deep_blocks", "huge_line", "alias_bomb"])
def test_a_megabyte_of_it(case: str, tmp_path: Path) -> None:
    """A real run comes to an end (`python -m tests.benchmarks.bounds` measures all cases)."""
    file = tmp_path / "spec.yaml"
    file.write_text(CASES[case](1_000_000))
    command = [sys.executable, "-m", "shapecalc", "check", "--format", "sarif", str(file)]
    ran = subprocess.run(command, capture_output=True, timeout=300, check=False)
    assert ran.returncode == 1
    assert ran.stderr == b""
