"""SC309 for names: what nothing reads for certain, and nothing else."""

from __future__ import annotations

import pytest

from tests.checking import findings


def unused(text: str) -> list[str]:
    """The paths of names that nothing reads."""
    found = findings(text)
    assert not [one for one in found if one.severity == "error"]
    return [one.path for one in found if one.code == "SC309"]


HEAD = "input: [3, 32, 32]\n"
CONV = "{type: conv2d, out_channels: width, kernel_size: 3}"
BLOCKS = """
blocks:
  unit:
    params: {width: 8, extra: 2}
    layers: [{type: conv2d, out_channels: width, kernel_size: 1}]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEAD}vars: {{width: 8, other: 4}}\nlayers: [{CONV}]", ["vars.other"]),
        (f"{HEAD}vars: {{half: 4, width: 2 * half}}\nlayers: [{CONV}]", []),
        (f"{HEAD}vars: {{half: 4, width: half}}\nlayers: [relu]", ["vars.width"]),
        (f"vars: {{n: 3, width: 8}}\ninput: [n, 32, 32]\nlayers: [{CONV}]", []),
        (f"{HEAD}vars: {{act: relu}}\nlayers: [{{type: act}}]", []),
        (f"{HEAD}vars: {{n: 3}}\nlayers: [relu]\nexpect: [n, 32, 32]", []),
        (f"{HEAD}vars: {{n: 3}}\nlayers: [{{type: relu, repeat: n}}]", []),
        (f"{HEAD}vars: {{n: 3}}\nlayers: [{{type: relu, when: n > 2}}]", []),
        (f"{HEAD}name: n\ndescription: about n\nvars: {{n: 3}}\nlayers: [relu]", ["vars.n"]),
        (f"{HEAD}{BLOCKS}layers: [relu]", ["blocks.unit", "blocks.unit.params.extra"]),
        (f"{HEAD}{BLOCKS}layers: [{{type: unit}}]", ["blocks.unit.params.extra"]),
        (f"{HEAD}{BLOCKS}layers: [{{type: unit, extra: 3}}]", ["blocks.unit.params.extra"]),
        (f"{HEAD}{BLOCKS}vars: {{kind: unit}}\nlayers: [{{type: kind, width: 2}}]",
         ["blocks.unit.params.extra"]),
        (f"{HEAD}vars: {{w: 3}}\nblocks:\n  b: {{layers: [{{type: linear, out_features: w}}]}}\n"
         "layers: [b]", []),
        (f"{HEAD}blocks:\n  b: {{params: {{a: 1, c: a}}, layers: [{{type: relu, repeat: c}}]}}\n"
         "layers: [b]", []),
        (f"{HEAD}blocks:\n  b: {{params: {{a: 1}}, vars: {{c: a}}, layers: "
         "[{type: relu, repeat: c}]}\nlayers: [b]", []),
    ],
)  # fmt: skip
def test_names(text: str, expected: list[str]) -> None:
    assert unused(text) == expected


SHARED = """
vars: {width: 8, depth: 2}
blocks:
  unit: {layers: [{type: conv2d, out_channels: width, kernel_size: 1}]}
  idle: {layers: [relu]}
---
name: one
input: [3, 8, 8]
layers: [unit]
---
name: two
input: [3, 8, 8]
layers: [{type: relu, repeat: depth}]
"""


def test_a_shared_document_is_read_by_all_models() -> None:
    assert unused(SHARED) == ["blocks.idle"]
    assert unused(SHARED.replace("repeat: depth", "repeat: 2")) == ["vars.depth", "blocks.idle"]


def test_a_misspelt_use_is_one_finding() -> None:
    text = f"{HEAD}vars: {{width: 8}}\nlayers: [{CONV.replace('width', 'widht')}]"
    assert [one.code for one in findings(text)] == ["SC004"]


def test_it_is_reported_where_the_name_stands() -> None:
    (found,) = findings(f"{HEAD}vars: {{other: 4}}\nlayers: [relu]")
    assert (found.line, found.column, found.message) == (2, 8, "nothing reads the value `other`")
