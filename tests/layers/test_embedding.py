"""Lookups take integers, and give floats."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer


def test_a_vector_for_each_number() -> None:
    text = "{type: embedding, num_embeddings: 30000, embedding_dim: 128}"
    assert figures([50], text, dtype="int64") == ([[50, 128]], 3_840_000, 0)
    assert layer([4, 5], text, dtype="int32")["output_shapes"] == [[4, 5, 128]]
    assert layer([50], text, "{type: linear, out_features: 2}", dtype="int64")["params"] == 258


def test_one_vector_for_a_bag() -> None:
    text = "{type: embedding_bag, num_embeddings: 10, embedding_dim: 3}"
    assert figures([20], text, dtype="int64") == ([[3]], 30, 0)
    assert complaints([4, 5], text, dtype="int64") == [("SC103", "")]


@pytest.mark.parametrize("dtype", ["float32", "uint8", "bool"])
def test_the_dtype_of_numbers(dtype: str) -> None:
    text = "{type: embedding, num_embeddings: 10, embedding_dim: 3}"
    assert complaints([50], text, dtype=dtype) == [("SC109", "")]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("num_embeddings: 10, embedding_dim: 3, padding_idx: 9", []),
        ("num_embeddings: 10, embedding_dim: 3, padding_idx: -10", []),
        ("num_embeddings: 10, embedding_dim: 3, padding_idx: 10", [("SC106", "padding_idx")]),
        ("num_embeddings: 0, embedding_dim: 3", [("SC106", "num_embeddings")]),
        ("num_embeddings: 10, embedding_dim: 0", [("SC106", "embedding_dim")]),
    ],
)
def test_limits(fields: str, found: list[tuple[str, str]]) -> None:
    assert complaints([50], f"{{type: embedding, {fields}}}", dtype="int64") == found


def test_a_maximum_has_no_frequencies() -> None:
    text = "{type: embedding_bag, num_embeddings: 9, embedding_dim: 3, mode: max, sparse: true}"
    assert complaints([20], text, dtype="int64") == [("SC106", "sparse")]


def test_tied_to_a_dense_layer() -> None:
    text = "{type: embedding, name: table, num_embeddings: 10, embedding_dim: 3}"
    tied = "{type: linear, out_features: 10, bias: false, share: table}"
    assert layer([50], text, tied, dtype="int64")["params"] == 0
