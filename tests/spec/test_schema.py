"""What is found plainly right without pydantic is right by the pydantic schema too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

from shapecalc.layers import all_layers
from shapecalc.spec import keys as tables
from shapecalc.spec.annotations import MISFIT, fit, words
from shapecalc.spec.fields import fields_of
from shapecalc.spec.keys import Keys
from shapecalc.spec.schema import key_errors

TABLES = [table for table in vars(tables).values() if isinstance(table, Keys)]
ANNOTATIONS: dict[str, Any] = {
    str(annotation): annotation
    for annotation in [
        *(key.annotation for table in TABLES for key in table.keys.values()),
        *(field.annotation for layer in all_layers() for field in fields_of(layer).values()),
    ]
}
WORDS = ["same", "zeros", "relu", "add", "error", "pytorch", "float32", "five"]
scalars = st.one_of(
    st.integers(-3, 70),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.sampled_from(WORDS),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("annotation", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_what_plainly_fits_is_what_pydantic_makes_of_it(annotation: Any) -> None:
    adapter = TypeAdapter(annotation, config=ConfigDict(strict=True))

    @settings(max_examples=40)
    @given(values)
    def compare(value: Any) -> None:
        found = fit(annotation, value)
        if found is not MISFIT:
            # In words, as 1, 1.0 and True are equal.
            assert repr(adapter.validate_python(value)) == repr(found)

    compare()


@pytest.mark.parametrize("annotation", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_little_that_fits_is_left_to_pydantic(annotation: Any) -> None:
    """It would be slow for every spec that has such a value."""
    adapter = TypeAdapter(annotation, config=ConfigDict(strict=True))
    samples = [3, 0.5, True, None, *WORDS, (1, 2), (1, 2, 3), ["same"], {"same": "same"}, []]
    for value in samples:
        try:
            adapter.validate_python(value)
        except ValidationError:
            assert fit(annotation, value) is MISFIT
        else:
            assert fit(annotation, value) is not MISFIT, value


@pytest.mark.parametrize("annotation", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_every_annotation_has_words(annotation: Any) -> None:
    assert "something else" not in words(annotation)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@given(data=st.data())
def test_plain_mappings_are_right(table: Keys, data: st.DataObject) -> None:
    names = st.sampled_from([*table.keys, "other"])
    value = data.draw(st.dictionaries(names, values, max_size=4))
    if table.are_plain(value):
        assert key_errors(table, value) == []


def test_what_is_wrong_is_not_plain() -> None:
    assert not tables.BLOCK.are_plain({})
    assert not tables.BLOCK.are_plain({"layers": [], "other": 1})
    assert not tables.BLOCK.are_plain({"layers": 3})
    assert tables.BLOCK.are_plain({"layers": []})
    assert key_errors(tables.BLOCK, {"layers": 3, "other": 1}) == [
        (("layers",), "list_type"),
        (("other",), "extra_forbidden"),
    ]
