"""Mistakes in every field of every layer type: each is one finding, at the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import shapecalc
from shapecalc.diagnostics import Diagnostic
from shapecalc.layers import catalogue
from shapecalc.layers.base import Framework, Layer
from shapecalc.spec.fields import FieldInfo, fields_of
from tests.layers.support import example

FRAMEWORKS: tuple[Framework, ...] = ("pytorch", "keras")
#: Values that a field may take or not.
VALUES: tuple[Any, ...] = (-1, 10**9, [1, 2])
#: Codes of what is wrong with a value.
OF_VALUES = ("SC002", "SC004", "SC007")
#: No field takes this.
WRONG = {"a": 1}


def written(cls: type[Layer]) -> dict[str, Any]:
    """The layer of the example as a mapping."""
    layer, _ = example(cls)
    return {"type": layer} if isinstance(layer, str) else dict(layer)


def types() -> Iterator[tuple[Framework, type[Layer]]]:
    """The layer types whose examples are single layers."""
    for framework in FRAMEWORKS:
        for cls in catalogue(framework).types.values():
            if not cls.container and written(cls)["type"] == cls.type_name:
                yield framework, cls


CASES = [pytest.param(f, cls, id=f"{f}-{cls.type_name}") for f, cls in types()]


def found_in(framework: Framework, cls: type[Layer], layer: dict[str, Any]) -> list[Diagnostic]:
    """What is wrong with a layer on the input of its example."""
    given = {"shape": example(cls)[1], "dtype": cls.example_dtype}
    spec = {"framework": framework, "input": given, "layers": [layer]}
    found = list(shapecalc.check(spec).diagnostics)
    assert all(one.code != "SC900" for one in found), found
    return [one for one in found if one.severity == "error"]


def own(cls: type[Layer]) -> list[FieldInfo]:
    """The fields of a type that hold values."""
    return [info for info in fields_of(cls).values() if not info.reference]


@pytest.mark.parametrize(("framework", "cls"), CASES)
def test_no_value_fails_the_check(framework: Framework, cls: type[Layer]) -> None:
    for info in own(cls):
        for value in VALUES:
            found = found_in(framework, cls, written(cls) | {info.name: value})
            assert all(one.code in OF_VALUES or one.code.startswith("SC1") for one in found), found


@pytest.mark.parametrize(("framework", "cls"), CASES)
def test_a_wrong_kind_is_said_at_the_value(framework: Framework, cls: type[Layer]) -> None:
    for info in own(cls):
        (found,) = found_in(framework, cls, written(cls) | {info.name: WRONG})
        assert (found.code, found.path) == ("SC002", f"layers[0].{info.name}")
        assert info.name in found.message


@pytest.mark.parametrize(("framework", "cls"), CASES)
def test_a_misspelt_field_is_taken_for_the_nearest(framework: Framework, cls: type[Layer]) -> None:
    layer = written(cls)
    for name in [name for name in layer if len(name) > 4 and name in fields_of(cls)]:
        typo = f"{name[:-2]}{name[-1]}{name[-2]}"
        if typo == name:
            continue
        renamed = {typo if key == name else key: value for key, value in layer.items()}
        (found,) = found_in(framework, cls, renamed)
        assert (found.code, found.path) == ("SC002", f"layers[0].{typo}")
        assert found.help == f"did you mean `{name}`?"


@pytest.mark.parametrize(("framework", "cls"), CASES)
def test_a_missing_field_is_named(framework: Framework, cls: type[Layer]) -> None:
    layer = written(cls)
    for info in fields_of(cls).values():
        if info.required and info.name in layer:
            rest = {key: value for key, value in layer.items() if key != info.name}
            (found,) = found_in(framework, cls, rest)
            assert found.code == "SC002"
            assert f"`{info.name}`" in found.message
            assert found.help == f"{info.name}: {info.doc}"
