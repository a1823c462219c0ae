"""Which names a layer sees: its own list, the lists around it, what blocks export, and no more."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.checking import errors


def codes(text: str) -> list[str]:
    return [one.code for one in errors(text)]


def spec(layers: str, head: str = "") -> str:
    """A model of eight features with these layers."""
    return f"input: [8]\n{head}layers:\n{indent(layers, '  ')}\n"


def reads(name: str, inside: str = "", head: str = "") -> str:
    """A layer `own`, whatever stands before the reader, and a reader of ``name``."""
    reader = f"- {{type: add, from: [{name}, prev]}}"
    return spec(f"- {{type: linear, name: own, out_features: 8}}\n{inside}{reader}", head)


SEQUENTIAL = (
    "- type: sequential\n  name: box\n  layers:\n    - {type: relu, name: inner}\n    - tanh\n"
)
BLOCK = "blocks:\n  unit:\n    outputs: [kept]\n    layers:\n      - {type: relu, name: kept}\n"
BLOCK += "      - {type: tanh, name: hidden}\n"


@pytest.mark.parametrize(
    ("name", "before", "head"),
    [
        ("own", "", ""),
        ("input", "", ""),
        ("prev", "", ""),
        ("box", SEQUENTIAL, ""),
        ("use", "- {type: unit, name: use}\n", BLOCK),
        ("use.kept", "- {type: unit, name: use}\n", BLOCK),
        ("half.1", "- {type: linear, out_features: 16}\n- {type: chunk, name: half, chunks: 2}\n"
         "- {type: relu, from: half.0}\n", ""),
    ],
)  # fmt: skip
def test_in_scope(name: str, before: str, head: str) -> None:
    assert codes(reads(name, before, head)) == []


@pytest.mark.parametrize(
    ("name", "before", "head", "said", "help"),
    [
        ("inner", SEQUENTIAL, "", "it is inside sequential `box` (line 7)", "read `box`"),
        ("hidden", "- unit\n", BLOCK, "it is inside block `unit` (line 7)", "outputs: [hidden]"),
        ("use.hidden", "- {type: unit, name: use}\n", BLOCK, "exports no 'hidden'", "kept"),
        ("index", "", "", "no layer 'index'", "in scope: input, prev, own"),
        ("onw", "", "", "no layer 'onw'", "did you mean `own`?"),
        ("half", "- {type: chunk, name: half, chunks: 2}\n- {type: relu, from: half.0}\n", "",
         "has 2 outputs", "half.0, half.1"),
        ("half.2", "- {type: chunk, name: half, chunks: 2}\n- {type: relu, from: half.0}\n", "",
         "has no output 2", "0 to 1"),
        ("off", "- {type: relu, name: off, when: false}\n", "", "its `when: false` is false",
         "give this layer the same `when: false`"),
        ("none", "- {type: relu, name: none, repeat: 0}\n", "", "its `repeat: 0` leaves it",
         "repeat: 0"),
    ],
)  # fmt: skip
def test_out_of_scope(name: str, before: str, head: str, said: str, help: str) -> None:
    found = [one for one in errors(reads(name, before, head)) if one.code == "SC006"]
    assert len(found) == 1
    assert said in found[0].message
    assert help in (found[0].help or "")


def test_a_list_sees_those_around_it() -> None:
    inner = "- type: sequential\n  layers:\n    - {type: add, from: [own, input]}\n"
    assert codes(reads("own", inner)) == []


def test_input_is_that_of_the_list() -> None:
    layers = "- {type: linear, out_features: 4}\n- type: sequential\n  layers:\n"
    layers += "    - {type: linear, out_features: 3}\n    - {type: linear, from: input, "
    assert codes(spec(f"{layers}in_features: 4, out_features: 2}}")) == []
    assert codes(spec(f"{layers}in_features: 8, out_features: 2}}")) == ["SC101"]


def test_a_block_does_not_see_where_it_is_used() -> None:
    head = "blocks:\n  unit:\n    layers:\n      - {type: add, from: [own, input]}\n"
    (found,) = errors(reads("own", "- unit\n", head))
    assert (found.code, found.line) == ("SC006", 5)
    assert "it is outside of this block (line 7)" in found.message


def test_a_block_sees_its_parameters_and_the_models_values() -> None:
    head = "vars: {wide: 16}\nblocks:\n  unit:\n    params: {narrow}\n    layers:\n"
    head += "      - {type: linear, out_features: wide}\n"
    head += "      - {type: linear, out_features: narrow}\n"
    use = "- {type: unit, narrow: 4}\n- {type: linear, in_features: 4, out_features: 8}\n"
    assert codes(reads("own", use, head)) == []
    assert codes(reads("own", use.replace("narrow: 4", "narrow: 5"), head)) == ["SC101"]


def test_names_are_unique_in_their_list_only() -> None:
    inner = "- type: sequential\n  layers:\n    - {type: relu, name: own}\n"
    assert codes(reads("own", inner)) == []
    assert codes(reads("own", "- {type: tanh, name: own}\n")) == ["SC005"]


def test_a_later_layer_is_named_as_such() -> None:
    layers = "- {type: add, from: [input, after]}\n- {type: relu, name: after}"
    (found,) = errors(spec(layers))
    assert "it comes later, at line 4" in found.message


@pytest.mark.parametrize("word", ["input", "prev", "index", "a.b"])
def test_reserved(word: str) -> None:
    assert codes(spec(f"- {{type: relu, name: {word}}}")) == ["SC002"]


def test_a_source_leaves_prev_as_it_was() -> None:
    layers = "- {type: linear, out_features: 4}\n- {type: parameter, name: p, shape: [3]}\n"
    layers += "- {type: linear, in_features: 4, out_features: 3}\n- {type: add, from: [prev, p]}"
    assert codes(spec(layers)) == []
