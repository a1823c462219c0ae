"""Fixes: what they change, and that they change nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.checker import Settings, UnreadableError, check_source
from shapecalc.diagnostics import Diagnostic, Edit, Fix, Severity
from shapecalc.fix import diff, edited, encode, fix_source, write
from shapecalc.report import FileReport
from shapecalc.selection import Selection
from shapecalc.spec.edits import replace_name
from shapecalc.spec.names import slips, surely_meant
from shapecalc.spec.source import Source, decode
from tests.adversarial import CASES
from tests.clock import at_most

HEAD = "input: [3, 32, 32]\n"


def fixed(text: str, command_line: Selection | None = None) -> str:
    """A text with all that can be fixed in it."""
    settings = Settings(command_line=command_line or Selection())
    return fix_source(Source("spec.yaml", text), settings).source.text


CONV = "{type: conv2d, out_channels: 8, kernel_size: 3}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Keys.
        ("{type: conv2d, out_chanels: 8, kernel_size: 3}", CONV),
        ("{type: conv2d, 'out_chanels': 8, kernel_size: 3}",
         "{type: conv2d, 'out_channels': 8, kernel_size: 3}"),
        ("{tpye: conv2d, out_channels: 8, kernel_size: 3}", None),
        ("{type: conv2d, filters: 8, kernel_size: 3}", CONV),
        ("{type: conv2d, filters: 8, kernal_size: 3}", CONV),
        ("{type: relu, nmae: a}", "{type: relu, name: a}"),
        # A word that may be two, and one that is like none.
        ("{type: conv2d, out_channels: 8, kernel_size: 3, pad: 1}", None),
        ("{type: conv2d, out_channels: 8, kernel_size: 3, colour: 1}", None),
        ("{type: conv2d, filters: 8, out_channels: 8, kernel_size: 3}", None),
        # Types.
        ("{type: cov2d, out_channels: 8, kernel_size: 3}", CONV),
        ("bach_norm2d", "batch_norm2d"),
        ("conv4d", None),
        # Words.
        ("{type: conv2d, out_channels: 8, kernel_size: 3, padding: smae}",
         "{type: conv2d, out_channels: 8, kernel_size: 3, padding: same}"),
        ('{type: conv2d, out_channels: 8, kernel_size: 3, padding: "smae"}',
         '{type: conv2d, out_channels: 8, kernel_size: 3, padding: "same"}'),
        # Sizes that are inferred.
        ("{type: conv2d, in_channels: 4, out_channels: 8, kernel_size: 3}",
         "{type: conv2d, in_channels: 3, out_channels: 8, kernel_size: 3}"),
        ("{type: conv2d, in_channels: 2 + 2, out_channels: 8, kernel_size: 3}", None),
        ("{type: batch_norm2d, num_features: 64}", "{type: batch_norm2d, num_features: 3}"),
    ],
)  # fmt: skip
def test_one_layer(before: str, after: str | None) -> None:
    text = f"{HEAD}layers:\n  - {before}  # comment\n  - relu\n"
    assert fixed(text) == (text if after is None else text.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("layer: [relu]\n", "layers: [relu]\n"),
        ("framework: pytroch\nlayers: [relu]\n", "framework: pytorch\nlayers: [relu]\n"),
        ("lint: {ingore: [SC201]}\nlayers: [relu]\n", "lint: {ignore: [SC201]}\nlayers: [relu]\n"),
        ("budget: {parms: 5M}\nlayers: [relu]\n", "budget: {params: 5M}\nlayers: [relu]\n"),
        ("vars: {width: 8}\nlayers: [{type: relu, repeat: 2*widht + widht}]\n",
         "vars: {width: 8}\nlayers: [{type: relu, repeat: 2*width + width}]\n"),
        ("vars: {a: 8, c: 9}\nlayers: [{type: relu, repeat: b}]\n", None),
        ("layers: [{type: relu, repeat: rond(2.5)}]\n",
         "layers: [{type: relu, repeat: round(2.5)}]\n"),
        ("vars: {act: relu}\nlayers: [{type: atc}]\n",
         "vars: {act: relu}\nlayers: [{type: act}]\n"),
    ],
)  # fmt: skip
def test_models(before: str, after: str | None) -> None:
    assert fixed(HEAD + before).split("\n")[1:] == (after or before).split("\n")


def test_keys_of_an_input() -> None:
    text = "input: {shpae: [3], dtpye: float32}\nlayers: [relu]\n"
    assert fixed(text) == text.replace("shpae", "shape").replace("dtpye", "dtype")


def test_a_dtype() -> None:
    text = "input: {shape: [3], dtype: flaot32}\nlayers: [relu]\n"
    assert fixed(text) == text.replace("flaot32", "float32")


# A redundant bias.


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("{type: conv2d, out_channels: 8, kernel_size: 3}",
         "{type: conv2d, out_channels: 8, kernel_size: 3, bias: false}"),
        ("{type: conv2d, out_channels: 8, kernel_size: 3, }",
         "{type: conv2d, out_channels: 8, kernel_size: 3, bias: false, }"),
        ("{type: conv2d, bias: true, out_channels: 8, kernel_size: 3}",
         "{type: conv2d, bias: false, out_channels: 8, kernel_size: 3}"),
        ("{type: conv2d,  # c\n     out_channels: 8,\n     kernel_size: 3  # d\n    }",
         "{type: conv2d,  # c\n     out_channels: 8,\n     kernel_size: 3, bias: false  # d\n"
         "    }"),
        ("type: conv2d\n    out_channels: 8  # c\n    kernel_size: 3  # d",
         "type: conv2d\n    out_channels: 8  # c\n    kernel_size: 3  # d\n    bias: false"),
        ("type: conv2d\n    out_channels: 8\n    kernel_size:\n      - 3\n      - 3",
         "type: conv2d\n    out_channels: 8\n    bias: false\n    kernel_size:\n      - 3\n"
         "      - 3"),
        ('{"type": "conv2d", "out_channels": 8, "kernel_size": 3}',  # JSON stays JSON
         '{"type": "conv2d", "out_channels": 8, "kernel_size": 3, "bias": false}'),
        ("'type': conv2d\n    'out_channels': 8\n    'kernel_size': 3",
         "'type': conv2d\n    'out_channels': 8\n    'kernel_size': 3\n    'bias': false"),
        ("{type: conv2d, bias: flag, out_channels: 8, kernel_size: 3}", None),
        ("{type: conv2d, bias: &b true, out_channels: 8, kernel_size: 3}", None),
        ("&c {type: conv2d, out_channels: 8, kernel_size: 3}", None),
    ],
)  # fmt: skip
def test_a_redundant_bias(layer: str, expected: str | None) -> None:
    head = f"{HEAD}vars: {{flag: true}}\nlayers:\n"
    text = f"{head}  - {layer}\n  - batch_norm2d\n  - {{type: relu, when: flag}}\n"
    assert fixed(text) == text.replace(layer, expected or layer)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_line_breaks_are_kept(newline: str, end: str) -> None:
    before = f"{HEAD}layers:\n  - type: conv2d\n    out_channels: 8\n    kernel_size: 3"
    text = f"{before}\n  - batch_norm2d{end}".replace("\n", newline)
    expected = f"{before}\n    bias: false\n  - batch_norm2d{end}".replace("\n", newline)
    assert fixed(text) == expected


# Layers that are used more than once.

BLOCK = """
input: [8, 32, 32]
blocks:
  unit:
    params: {norm: 1}
    layers:
      - {type: conv2d, out_channels: 8, kernel_size: 3}
      - {type: batch_norm2d, when: norm > 0}
layers:
  - {type: unit}
  - {type: unit, norm: 1}
"""


def test_a_layer_whose_uses_agree() -> None:
    assert fixed(BLOCK).count("bias: false") == 1


def test_a_layer_whose_uses_do_not_agree() -> None:
    text = BLOCK.replace("{type: unit, norm: 1}", "{type: unit, norm: 0}")
    assert fixed(text) == text


def test_sizes_that_differ_between_uses() -> None:
    text = dedent("""
        input: [8, 32, 32]
        blocks:
          unit: {layers: [{type: conv2d, in_channels: 9, out_channels: 16, kernel_size: 3}]}
        layers: [unit, unit]
    """)
    assert fixed(text) == text
    alike = text.replace("out_channels: 16", "out_channels: 8")
    assert fixed(alike) == alike.replace("in_channels: 9", "in_channels: 8")


def test_all_models_of_a_file_must_agree() -> None:
    text = dedent("""
        blocks:
          unit: {layers: [{type: conv2d, out_channels: 8, kernel_size: 3}]}
        ---
        name: one
        input: [3, 8, 8]
        layers: [unit, batch_norm2d]
        ---
        name: two
        input: [3, 8, 8]
        layers: [unit, relu]
    """)
    assert fixed(text) == text
    alike = text.replace("relu]", "batch_norm2d]")
    assert "kernel_size: 3, bias: false}" in fixed(alike)


def test_an_alias_is_another_use() -> None:
    text = dedent("""
        input: [3, 8, 8]
        layers:
          - type: sequential
            layers: &body
              - {type: conv2d, out_channels: 8, kernel_size: 3}
          - batch_norm2d
          - {type: sequential, layers: *body}
          - relu
    """)
    assert fixed(text) == text
    assert "3, bias: false}" in fixed(text.replace("- relu", "- batch_norm2d"))


# When nothing is fixed.


def test_what_is_not_reported_is_not_fixed() -> None:
    text = f"{HEAD}layers: [{CONV}, batch_norm2d]\n"
    assert fixed(text) != text
    assert fixed(text, command_line=Selection(ignore=("SC301",))) == text
    assert fixed(text, command_line=Selection(select=("SC2",))) == text
    silent = text.replace("norm2d]", "norm2d]  # shapecalc: ignore[SC301]")
    assert fixed(silent) == silent


def test_never_for_more_errors() -> None:
    # With the key corrected, the value is wrong in two uses.
    text = dedent("""
        input: [8, 32, 32]
        layers:
          - {type: conv2d, out_channels: 8, kernel_size: 3, gruops: 3}
          - relu
    """)
    before = check_source(Source("spec.yaml", text))
    after = check_source(Source("spec.yaml", fixed(text)))
    count = [sum(d.severity is Severity.ERROR for d in r.diagnostics) for r in (before, after)]
    assert count[1] <= count[0]


def test_a_fix_that_would_make_worse_does_not_keep_others_from_being_applied() -> None:
    text = dedent("""
        input: [8, 32, 32]
        layers:
          - {type: relu, tpye: 3, nmae: a}
          - {type: rellu, inplace: true}
          - {type: conv2d, out_channels: 8, kernal_size: 3}
    """)
    assert "kernel_size: 3" in fixed(text)


def test_an_alias_is_never_renamed() -> None:
    text = dedent("""
        input: [8, 32, 32]
        vars: {width: 2}
        description: &widht widht
        layers:
          - {type: relu, repeat: *widht}
    """)
    assert fixed(text) == text


def test_several_rounds() -> None:
    text = f"{HEAD}layers: [{{type: cov2d, out_chanels: 8, kernel_size: 3}}, batch_norm2d]\n"
    after = "{type: conv2d, out_channels: 8, kernel_size: 3, bias: false}"
    assert fixed(text) == f"{HEAD}layers: [{after}, batch_norm2d]\n"


# Edits.


def found(*edits: tuple[int, int, str]) -> Diagnostic:
    fix = Fix("x", tuple(Edit(*edit) for edit in edits))
    return Diagnostic("SC301", "redundant-bias", Severity.WARNING, "m", fix=fix)


@pytest.mark.parametrize(
    ("fixes", "expected", "count"),
    [
        ([found((0, 1, "X"))], "Xbcdef", 1),
        ([found((4, 5, "Y")), found((0, 1, "X"))], "XbcdYf", 2),
        ([found((0, 1, "X"), (4, 5, "Y"))], "XbcdYf", 1),
        ([found((0, 3, "X")), found((2, 4, "Y"))], "Xdef", 1),
        ([found((2, 2, "X")), found((2, 2, "Y"))], "abXcdef", 1),
        ([found((2, 2, "X")), found((2, 2, "X"))], "abXcdef", 2),
        ([found((0, 1, "X"), (4, 5, "Y")), found((4, 5, "Z"))], "XbcdYf", 1),
        ([], "abcdef", 0),
    ],
)
def test_edits(fixes: list[Diagnostic], expected: str, count: int) -> None:
    text, applied = edited("abcdef", fixes)
    assert (text, len(applied)) == (expected, count)


# Files.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_stays_what_it_is(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "spec.yaml"
    text = f"# Größe ×\n{HEAD}layers:\n  - rellu  # x\n  - sigmod\n\n".replace("\n", newline)
    path.write_bytes(text.encode(encoding))
    path.chmod(0o640)
    before = Source(str(path), decode(path.read_bytes()))
    result = fix_source(before, Settings())
    write(path, before, result.source)
    expected = text.replace("sigmod", "sigmoid").replace("rellu", "relu")
    assert path.read_bytes() == expected.encode(encoding)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["spec.yaml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.yaml", tmp_path / "link.yaml"
    target.write_text("a\n")
    link.symlink_to(target)
    write(link, Source("x", "a\n"), Source("x", "b\n"))
    assert link.is_symlink()
    assert target.read_text() == "b\n"


def test_a_file_that_has_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("new\n")
    with pytest.raises(UnreadableError, match="has changed meanwhile"):
        write(path, Source("x", "old\n"), Source("x", "fixed\n"))
    assert path.read_text() == "new\n"


def test_bytes_of_each_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16-le", "utf-16", "utf-32"):
        data = "×\n".encode(encoding)
        if not encoding.endswith("-le"):
            assert encode(decode(data), data) == data


def test_a_diff() -> None:
    text = diff(Source("a.yaml", "x\ny\n"), Source("a.yaml", "x\nz\n"))
    assert text == "--- a.yaml\n+++ a.yaml\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"
    text = diff(Source("a.yaml", "x\ny"), Source("a.yaml", "x\nz"))
    assert text.count("\\ No newline at end of file\n") == 2


# Words.


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("ab", "abc", 1),
     ("abc", "axc", 1), ("kernal_size", "kernel_size", 1), ("ca", "abc", 3)],
)  # fmt: skip
def test_slips(left: str, right: str, count: int) -> None:
    assert slips(left, right) == count


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_slips_are_symmetric_and_bounded(left: str, right: str) -> None:
    assert slips(left, right) == slips(right, left)
    assert abs(len(left) - len(right)) <= slips(left, right) <= max(len(left), len(right))


def test_surely_meant() -> None:
    assert surely_meant("padidng", ["padding", "stride"]) == "padding"
    assert surely_meant("conv4d", ["conv1d", "conv2d"]) is None
    assert surely_meant("ab", ["abc"]) is None
    assert surely_meant("x" * 99, ["x" * 98]) is None
    assert surely_meant("stride", []) is None


@given(st.sampled_from(["conv2d", "max_pool2d", "linear", "batch_norm2d"]), st.data())
def test_a_fixed_text_needs_no_fix(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcxyz_"))
    typo = name[:at] + letter + name[at + 1 :]
    text = f"{HEAD}layers:\n  - {{type: {typo}, out_channels: 8, kernal_size: 3}}  # kept\n"
    once = fixed(text)
    assert fixed(once) == once
    assert once.endswith("  # kept\n")


def test_very_many_edits() -> None:
    """Quadratic, it took a quarter of a minute for these."""
    text = "ab " * 30_000
    fixes = [found((start, start + 2, "abc")) for start in range(0, len(text), 3)]
    with at_most(5):
        changed, applied = edited(text, fixes)
    assert changed == "abc " * 30_000
    assert len(applied) == 30_000


def test_a_large_file_is_not_read_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def check(source: Source, settings: Settings) -> FileReport:
        read.append(len(source.text))
        return check_source(source, settings)

    monkeypatch.setattr("shapecalc.fix.check_source", check)
    monkeypatch.setattr("shapecalc.fix.MAX_WORK", 100_000)
    fix_source(Source("spec.yaml", CASES["disputes"](200_000)), Settings())
    assert len(read) == 2


def test_a_fix_that_changes_nothing_is_none() -> None:
    source = Source("spec.yaml", "width + 1")
    assert replace_name(source, (0, 9), "width", "width") is None
    assert replace_name(source, (0, 9), "width", "depth") is not None
