"""Comments and keys that silence findings, and those that do not."""

from __future__ import annotations

import pytest

from shapecalc.selection import Selection
from tests.adversarial import CASES
from tests.checking import codes, findings, places
from tests.clock import at_most

CONV = "{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}"
#: What loses a row of what CONV leaves.
NEXT = CONV.replace("kernel_size: 3", "kernel_size: 2")
HEAD = "input: [3, 64, 64]\nlayers:\n"


def spec(*lines: str) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    "comment",
    [
        "# shapecalc: ignore[SC201]",
        "#shapecalc:ignore[SC201]",
        "# shapecalc: ignore [sc201] because it is meant so",
        "# shapecalc: ignore[SC203, SC201] # shapecalc: ignore[SC203]",
        "# shapecalc: ignore[SC2]",
        "# shapecalc: ignore[non-integer-size]",
        "# shapecalc: ignore",
        "# shapecalc: ignore - the row is empty",
        "# it is meant so # shapecalc: ignore[SC201]",
        "# shapecalc: ignore-file",
        "# shapecalc: ignore-file[SC201]",
    ],
)
def test_a_comment_silences_its_line(comment: str) -> None:
    assert "SC201" not in codes(spec(f"  - {CONV}  {comment}"))


@pytest.mark.parametrize(
    "comment",
    ["", "# shapecalc ignore[SC201]", "# shapecalc: ignore[SC203]", "# noqa: SC201"],
)
def test_other_comments_do_not(comment: str) -> None:
    assert "SC201" in codes(spec(f"  - {CONV}  {comment}"))


def test_without_a_comment() -> None:
    assert codes(spec(f"  - {CONV}")) == ["SC201"]


def test_a_comment_without_space_before_it_is_none() -> None:
    # `2}#` is a syntax error in libyaml or part of the value: either way it silences nothing.
    assert codes(spec("  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, name: a#b}"))


def test_only_its_line() -> None:
    text = spec(f"  - {CONV}  # shapecalc: ignore[SC201]", "  - relu", f"  - {NEXT}")
    assert places(text) == [("SC201", 5)]


def test_a_comment_for_the_file() -> None:
    text = "# shapecalc: ignore-file[SC201]\n" + spec(f"  - {CONV}", "  - relu", f"  - {NEXT}")
    assert codes(text) == []
    assert codes(text.replace("-file[SC201]", "-file[SC203]")) == ["SC309", "SC201", "SC201"]


BLOCK = """
  - type: conv2d  # first
    out_channels: 8
    kernel_size: 3  # key
    stride: 2  # last
"""
BRACES = """
  - {type: conv2d,  # first
     out_channels: 8, kernel_size: 3,  # key
     stride: 2}  # last
"""


@pytest.mark.parametrize(
    ("layer", "place", "silent"),
    [
        (BLOCK, "first", True),
        (BLOCK, "key", True),
        (BLOCK, "last", False),
        (BRACES, "first", True),
        (BRACES, "key", True),
        (BRACES, "last", True),
    ],
)
def test_layers_of_several_lines(layer: str, place: str, silent: bool) -> None:
    text = HEAD + layer.lstrip("\n").replace(f"# {place}", "# shapecalc: ignore[SC201]")
    assert ("SC201" not in codes(text)) is silent


def test_a_line_of_its_own_silences_nothing_and_is_told() -> None:
    text = spec("  # shapecalc: ignore[SC201]", f"  - {CONV}")
    assert places(text) == [("SC309", 3), ("SC201", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "'x  # shapecalc: ignore[SC201]'",
        '"x  # shapecalc: ignore-file[SC201]"',
        '"x # shapecalc: ignore[XX]"',
    ],
)
def test_a_text_that_looks_like_a_comment(text: str) -> None:
    assert codes(f"description: {text}\n" + spec(f"  - {CONV}")) == ["SC201"]


@pytest.mark.parametrize("style", ["|", ">-", "|2", "|+"])
def test_a_block_scalar_that_looks_like_comments(style: str) -> None:
    text = f"description: {style}\n  # shapecalc: ignore-file\n  more # shapecalc: ignore[XX]\n\n"
    assert codes(text + spec(f"  - {CONV}")) == ["SC201"]


def test_a_comment_behind_a_block_scalars_indicator_and_below_it() -> None:
    text = f"description: |  # shapecalc: ignore-file[SC201]\n  text\n{spec(f'  - {CONV}')}"
    assert codes(text) == []
    text = f"description: |\n  text\n# shapecalc: ignore-file[SC201]\n{spec(f'  - {CONV}')}"
    assert codes(text) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks(newline: str) -> None:
    text = spec(f"  - {CONV}  # shapecalc: ignore[SC201]", "  - relu").replace("\n", newline)
    assert codes(text) == []


@pytest.mark.parametrize(
    ("comment", "message", "at"),
    [
        ("# shapecalc: ignore[SC2O1]", "no rule has the code 'SC2O1'", "SC2O1"),
        ("# shapecalc: ignore[SC201, XX]", "no rule has the code 'XX'", "XX"),
        ("# shapecalc: ignore[]", "a rule's code is missing", "[]"),
        ("# shapecalc: ignore[SC201", "the bracket is not closed", "# shapecalc: ignore[SC201"),
        ("# shapecalc: ignore SC201", "codes stand in brackets", "# shapecalc: ignore SC201"),
        ("# shapecalc: ignroe[SC201]", "there is no `ignroe`", "ignroe"),
        ("# shapecalc: ignore-fil", "there is no `ignore-fil`", "ignore-fil"),
    ],
)
def test_comments_that_are_wrong(comment: str, message: str, at: str) -> None:
    line = f"  - relu  {comment}"
    (found,) = findings(spec(line))
    assert (found.code, found.line) == ("SC002", 3)
    assert message in found.message
    assert found.span is not None
    assert line[found.span.column - 1 : found.span.end_column - 1].strip() == at


def test_prose_is_no_comment_for_us() -> None:
    assert codes(spec("  - relu  # shapecalc: the checker takes this for a type")) == []


def test_syntax_errors_and_wrong_comments_stay() -> None:
    assert codes("# shapecalc: ignore-file\ninput: [3\nlayers: [relu]\n") == ["SC001"]
    assert codes("# shapecalc: ignore-file[XX]\n" + spec("  - relu")) == ["SC002"]


# `ignore` of a layer, `lint` of a model.


def layer(ignore: str, rest: str = "kernel_size: 3, stride: 2") -> str:
    return spec(f"  - {{type: conv2d, out_channels: 8, {rest}, ignore: {ignore}}}")


@pytest.mark.parametrize("ignore", ["SC201", "[SC201]", "[SC2]", "[non-integer-size]", "ALL"])
def test_a_layer_ignores(ignore: str) -> None:
    assert codes(layer(ignore)) == []


def test_a_layer_ignores_errors_too() -> None:
    assert codes(layer("SC102", "kernel_size: 99")) == []
    assert codes(layer("SC201", "kernel_size: 99")) == ["SC102"]


def test_an_unknown_code_of_a_layer() -> None:
    (wrong,) = findings(layer("[SC201, SC2O2]", "kernel_size: 3"))
    assert (wrong.code, wrong.path) == ("SC002", "ignore[1]")
    assert wrong.help == "did you mean SC202?"


@pytest.mark.parametrize(
    ("lint", "expected"),
    [
        ("{ignore: [SC201]}", []),
        ("{select: [SC301]}", []),
        ("{select: [SC2]}", ["SC201"]),
        ("{severity: {SC201: note}}", ["SC201"]),
        ("{ignore: [SC2O1]}", ["SC002", "SC201"]),
        ("{severity: {SC2O1: note}}", ["SC002", "SC201"]),
        ("{severity: {SC201: loud}}", ["SC002", "SC201"]),
        ("{ignored: [SC201]}", ["SC002"]),
        ("{ignore: SC201}", ["SC002", "SC201"]),
        ("[SC201]", ["SC002", "SC201"]),
    ],
)
def test_the_lint_of_a_model(lint: str, expected: list[str]) -> None:
    assert codes(f"lint: {lint}\n" + spec(f"  - {CONV}")) == expected


def test_of_lint_what_can_be_used_is_used() -> None:
    text = "lint: {ignore: [XX, SC201], severity: {SC202: loud}}\n" + spec(f"  - {CONV}")
    assert codes(text) == ["SC002", "SC002"]


def test_a_wrong_severity_is_shown_where_it_is() -> None:
    text = "lint: {ignore: [SC201], severity: {SC201: note, SC202: warnign}}\n" + spec("  - relu")
    (found,) = findings(text)
    assert found.span is not None
    assert (found.span.column, found.span.end_column) == (49, 63)
    assert found.fix is not None
    assert found.fix.description == "write warning instead of warnign"


def test_an_empty_select_selects_nothing() -> None:
    assert codes("lint: {select: []}\n" + spec(f"  - {CONV}")) == []
    assert codes("lint: {select: [XX]}\n" + spec(f"  - {CONV}")) == ["SC002", "SC201"]


def test_the_command_line_comes_after_lint() -> None:
    text = "lint: {ignore: [SC201]}\n" + spec(f"  - {CONV}")
    assert codes(text, selection=Selection(select=("SC201",))) == []
    assert codes(text, command_line=Selection(select=("SC201",))) == ["SC201"]
    assert codes(text, command_line=Selection(select=("SC2",))) == []


# SC309: what silences nothing.


def test_an_ignore_that_is_not_needed() -> None:
    (found,) = findings(layer("[SC203, SC201]"))
    assert (found.code, found.line) == ("SC309", 3)
    assert found.message == "nothing in conv2d is silenced by this"


def test_a_comment_that_is_not_needed() -> None:
    (found,) = findings(spec("  - relu  # shapecalc: ignore[SC201]"))
    assert (found.code, found.message) == ("SC309", "this silences nothing on its line")


@pytest.mark.parametrize(
    "text",
    [
        # Off by default: it may be selected elsewhere.
        spec("  - {type: relu, ignore: SC320}"),
        spec("  - relu  # shapecalc: ignore[SC320]"),
        # It does not run here.
        spec("  - {type: relu, when: 1 > 2, ignore: SC201}", "  - relu"),
        spec("  - {type: relu, when: 1 > 2}  # shapecalc: ignore[SC201]", "  - relu"),
        # Behind an error, not everything is seen.
        spec("  - {type: rellu, ignore: SC201}"),
        spec("  - rellu", "  - relu  # shapecalc: ignore[SC201]"),
        # Two that silence the same are both needed.
        "# shapecalc: ignore-file[SC201]\n" + spec(f"  - {CONV}  # shapecalc: ignore[SC201]"),
        # It says itself that it may be unused.
        spec("  - relu  # shapecalc: ignore[SC201, SC309]"),
    ],
)
def test_what_is_not_said_to_be_unused(text: str) -> None:
    assert "SC309" not in codes(text)


def test_nothing_is_unused_that_is_only_not_selected() -> None:
    text = spec(f"  - {CONV}  # shapecalc: ignore[SC201]", "  - {type: relu, ignore: SC203}")
    assert codes(text) == ["SC309"]
    assert codes(text, selection=Selection(select=("SC309",))) == []
    assert codes(text, selection=Selection(ignore=("SC2",))) == []
    assert codes(text, selection=Selection(ignore=("SC309",))) == []


def test_at_other_sizes_nothing_is_unused() -> None:
    text = spec(f"  - {CONV}  # shapecalc: ignore[SC201]")
    assert codes(text, inputs={"": (3, 65, 65)}) == []


def test_an_ignore_may_be_for_a_further_input() -> None:
    text = spec(f"  - {CONV}  # shapecalc: ignore[SC201]").replace("64", "65")
    assert codes(text) == ["SC309"]
    assert codes(text, further_inputs=({"": (3, 64, 64)},)) == []


# What encloses a layer silences what is found in it.

TWICE = """
input: [3, 64, 64]
blocks:
  half:
    layers:
      - {type: conv2d, out_channels: 3, kernel_size: 3, stride: 2}
      - relu
layers:
  - {type: half, ignore: FIRST}
  - {type: upsample, size: [64, 64]}
  - {type: half, ignore: SECOND}
"""


@pytest.mark.parametrize(
    ("first", "second", "uses"),
    [("[]", "[]", 2), ("SC201", "[]", 1), ("[]", "SC2", 1), ("SC201", "[SC201]", 0)],
)
def test_a_use_of_a_block_silences_its_own_turn(first: str, second: str, uses: int) -> None:
    found = findings(TWICE.replace("FIRST", first).replace("SECOND", second))
    assert [(one.code, one.uses) for one in found] == [("SC201", uses)] * bool(uses)


def test_what_two_uses_do_not_silence_is_said_once() -> None:
    text = TWICE.replace("FIRST", "SC1").replace("SECOND", "SC1").replace("[64, 64]", "[32, 32]")
    found = findings(text)
    assert [(one.code, one.uses) for one in found if one.code != "SC309"] == [("SC201", 2)]


@pytest.mark.parametrize(
    "text",
    [
        f"  - {{type: sequential, ignore: SC201, layers: [{CONV}]}}",
        f"  - {{type: residual, ignore: SC201, body: [{CONV}], shortcut: [{CONV}]}}",
        f"  - {{type: parallel, ignore: SC201, branches: [[{CONV}], [{CONV}]]}}",
        "  - {type: sequential, ignore: SC108, layers: [{type: relu, expect: [3, 64, 65]}]}",
        "  - {type: relu, expect: [3, 64, 65], ignore: SC108}",
        "  - {type: sequential, ignore: SC105, layers: [{type: group_norm, num_groups: 2}]}",
    ],
)
def test_an_ignore_reaches_inwards(text: str) -> None:
    assert codes(spec(text)) == []


def test_an_ignore_ends_with_its_container() -> None:
    text = spec("  - {type: sequential, ignore: SC108, layers: [relu]}", f"  - {CONV}")
    assert codes(text) == ["SC309", "SC201"]


SHARED = """
blocks:
  unit:
    params: {step: 1}
    layers:
      - {type: conv2d, out_channels: 8, kernel_size: 3, stride: step, ignore: [SC201]}
"""
MODELS = """
---
name: a
input: [3, 64, 64]
layers: [{type: unit, step: 2}]
---
name: b
input: [3, 65, 65]
layers: [{type: unit, step: 2}]
"""


def test_what_one_of_several_models_needs_is_needed() -> None:
    assert codes(SHARED + MODELS) == []


def test_what_no_model_needs_is_told_once() -> None:
    assert places(SHARED + MODELS.replace("64", "65")) == [("SC309", 5)]


@pytest.mark.parametrize("case", [name for name in CASES if "comments" in name])
def test_very_many_comments(case: str) -> None:
    """What looks at all of them for each would take more than 20 seconds."""
    with at_most(8):
        findings(CASES[case](400_000))
