"""``rules``, ``layers`` and ``explain``: what there is, and what each of it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shapecalc import rules
from shapecalc.layers import catalogue
from shapecalc.layers.base import Framework, Layer
from shapecalc.rules.base import Rule
from shapecalc.spec.fields import fields_of

Run = Callable[..., Any]
FRAMEWORKS: tuple[Framework, ...] = ("pytorch", "keras")


def types() -> list[Any]:
    return [
        pytest.param(layer, framework, id=f"{framework}-{name}")
        for framework in FRAMEWORKS
        for name, layer in catalogue(framework).types.items()
    ]


# --- rules -----------------------------------------------------------------------------------


def test_rules_are_all_listed(run: Run) -> None:
    code, out, err = run("rules")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines() if line.startswith("SC")]
    assert [line[:4] for line in lines] == [
        [rule.code, rule.name, str(rule.severity), "on" if rule.default else "off"]
        for rule in rules.all_rules()
    ]
    assert max(map(len, out.splitlines())) <= 80


def test_rules_fill_a_wide_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("rules").out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("SC102") and line.endswith("fit.") for line in lines)


def test_rules_as_json(run: Run) -> None:
    data = json.loads(run("rules --format json").out)
    assert data["version"] == 1
    by_code = {rule["code"]: rule for rule in data["rules"]}
    assert list(by_code) == list(rules.modules())
    assert by_code["SC320"]["default"] is False
    assert by_code["SC302"]["name"] == "checkerboard"
    assert by_code["SC302"]["severity"] == "warning"
    assert "Odena" in by_code["SC302"]["documentation"]
    assert "kernel_size: 3" in by_code["SC302"]["fails"]


# --- layers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_layers_are_all_listed(run: Run, framework: Framework) -> None:
    code, out, err = run("layers", "--framework", framework)
    assert (code, err) == (0, "")
    listed = [line.split()[0] for line in out.splitlines() if line[:3].strip() and line[0] == " "]
    assert set(catalogue(framework).types) <= set(listed)
    assert max(map(len, out.splitlines())) <= 80
    assert "``" not in out


def test_layers_are_grouped_by_family(run: Run) -> None:
    sections = run("layers").out.split("\n\n")
    (pooling,) = [section for section in sections if section.startswith("pooling\n")]
    assert pooling.splitlines()[1] == "Pools: the largest or the mean of each window."
    assert "  max_pool2d " in pooling
    assert "conv2d" not in pooling


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_layers_as_json(run: Run, framework: Framework) -> None:
    data = json.loads(run("layers", "--framework", framework, "--format", "json").out)
    assert (data["version"], data["framework"]) == (1, framework)
    by_type = {layer["type"]: layer for layer in data["layers"]}
    assert set(by_type) == set(catalogue(framework).types)
    conv = by_type["conv2d"]
    assert conv["family"] == "conv"
    fields = {field["name"]: field for field in conv["fields"]}
    assert fields["out_channels"]["required"] is True
    assert fields["stride"]["default"] == 1
    assert fields["kernel_size"]["type"] == "an integer or a list of integers"


# --- explain ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", rules.all_rules(), ids=lambda rule: rule.code)
def test_explain_rule(run: Run, rule: Rule) -> None:
    code, out, err = run("explain", rule.code)
    assert (code, err) == (0, "")
    assert out.startswith(f"{rule.code} {rule.name} ({rule.severity}")
    assert ("off by default" in out) == (not rule.default)
    assert " ".join(rule.documentation.split()) in " ".join(out.split())
    for example in (rule.fails, rule.passes):
        assert all(line.strip() in out for line in example.splitlines()) or not rule.fails
    prose = out.split("This fails:")[0].splitlines()
    assert max(map(len, prose)) <= 80


@pytest.mark.parametrize("word", ["SC302", "sc302", "checkerboard", "Checkerboard"])
def test_explain_by_code_and_name(run: Run, word: str) -> None:
    assert run("explain", word).out == run("explain", "SC302").out


@pytest.mark.parametrize(("layer", "framework"), types())
def test_explain_layer(run: Run, layer: type[Layer], framework: Framework) -> None:
    code, out, err = run("explain", layer.type_name, "--framework", framework)
    assert (code, err) == (0, "")
    assert out.startswith(f"{layer.type_name} (framework: {framework})\n")
    for name, field in fields_of(layer).items():
        assert f"    {name}: " in out
        assert " ".join(field.doc.split()) in " ".join(out.split())
    assert layer.example[0] in out
    assert "It comes to:\n    " in out
    assert "→ ?" not in out
    assert " None" not in out


def test_explain_a_prefix(run: Run) -> None:
    code, _, err = run("explain", "sc32")
    assert code == 2
    assert "stands for several rules: SC320, SC321, SC322" in " ".join(err.split())


def test_explain_layer_in_full(run: Run) -> None:
    out = run("explain", "linear").out
    assert "    out_features: an integer; required\n        size of the output's last axis" in out
    assert "    bias: true or false; default true\n" in out
    assert "    256 → 10\n    weight  10×256  2,560\n    bias    10      10\n" in out
    assert "    2,570 parameters, 2,560 MACs\n" in out
    assert "torch.nn.Linear" in out
    assert "Also written dense" in out
    assert "what any layer may have: name, from, repeat," in out


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("add", "It reads 2 inputs or more, named by `from: [a, b]`."),
        ("lstm", "It reads 1 to 3 inputs,"),
        ("lstm", "read as `name.0` to `name.2`; the bare name is output 0"),
        ("chunk", "read as `name.0` to `name.1`; the bare name means none of them"),
        ("parameter", "It reads nothing:"),
    ],
)
def test_explain_inputs_and_outputs(run: Run, word: str, said: str) -> None:
    assert said in " ".join(run(f"explain {word}").out.split())
    assert "It reads" not in run("explain relu").out


def test_explain_container(run: Run) -> None:
    out = run("explain", "parallel").out
    assert "    branches: a list of lists of layers; required\n" in out
    assert "    merge: one of concat, add, multiply; default concat\n" in out


def test_explain_reference(run: Run) -> None:
    assert "    like: the name of a layer\n" in run("explain", "center_crop").out


@pytest.mark.parametrize("word", ["Conv2d", "convolution2d", "CONV2D"])
def test_explain_takes_any_spelling_of_a_type(run: Run, word: str) -> None:
    assert run("explain", word).out == run("explain", "conv2d").out


def test_explain_type_without_its_rank(run: Run) -> None:
    out = run("explain", "max_pool").out
    assert out.startswith(
        "max_pool is max_pool1d or max_pool2d or max_pool3d, by the rank of its input.\n\n"
        "max_pool2d (framework: pytorch)\n"
    )


def test_frameworks_have_layers_of_their_own(run: Run) -> None:
    assert "    kernel  3×3×1×32  288\n" in run("explain conv2d --framework keras").out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("con2d", "Did you mean 'conv2d'?"),
        ("max_pol", "Did you mean 'max_pool'?"),
        ("chekerboard", "Did you mean 'checkerboard'?"),
        ("sc999", "Did you mean 'SC900'?"),
        ("SC2011", "Did you mean 'SC201'?"),
        ("CrossEntropyLoss", "a target, which a spec does not have"),
        ("TimeDistributed", "write the kind of one more axis"),
        ("xyzzy", "shapecalc rules and shapecalc layers list all."),
        ("separable_conv2d", "add --framework keras"),
        ("instance_norm2d --framework keras", "add --framework pytorch"),
    ],
)
def test_explain_what_is_not_there(run: Run, arguments: str, hint: str) -> None:
    code, out, err = run(f"explain {arguments}")
    assert (code, out) == (2, "")
    assert hint in " ".join(err.split())


def test_titles_are_bold_where_colour_is_wanted(run: Run) -> None:
    for command in ("explain SC302", "explain relu", "layers"):
        assert "\x1b[" not in run(command).out
        assert "\x1b[1m" in run(f"--color always {command}").out
