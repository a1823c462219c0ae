"""Parameters and constants: no input, no batch."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer, model


def test_class_token_and_positions() -> None:
    layers = [
        "{type: parameter, name: token, shape: [1, 768]}",
        "{type: concat, from: [token, prev], dim: 1}",
        "{type: parameter, name: positions, shape: [in_tokens, 768]}".replace("in_tokens", "197"),
        "{type: add, from: [prev, positions]}",
    ]
    found = model([196, 768], *layers)
    assert found["ok"], found["diagnostics"]
    assert found["layers"][-1]["output_shapes"] == [[197, 768]]
    assert found["totals"]["params"] == 768 + 197 * 768
    assert found["layers"][0]["weights"] == {"weight": [1, 768]}
    assert found["layers"][0]["input_shapes"] == []


def test_a_source_may_have_a_lower_rank() -> None:
    bias = "{type: parameter, name: bias, shape: [768]}"
    assert figures([197, 768], bias, "{type: add, from: [input, bias]}")[0] == [[197, 768]]
    weight = "{type: parameter, name: w, shape: [768, 10]}"
    assert figures([197, 768], weight, "{type: matmul, from: [input, w]}") == (
        [[197, 10]], 0, 197 * 768 * 10,
    )  # fmt: skip
    product = "{type: einsum, subscripts: 'bnd,dk->bnk', from: [input, w]}"
    assert figures([197, 768], weight, product)[0] == [[197, 10]]
    heads = "{type: parameter, name: w, shape: [4, 16, 8]}"
    product = "{type: einsum, subscripts: 'bnd,hdk->bhnk', from: [input, w]}"
    assert figures([9, 16], heads, product)[0] == [[4, 9, 8]]


def test_a_batch_in_a_source_is_said() -> None:
    source = "{type: parameter, name: p, shape: [1, 197, 768]}"
    found = model([197, 768], source, "{type: add, from: [input, p]}")["diagnostics"]
    (error,) = [one for one in found if one["severity"] == "error"]
    assert error["code"] == "SC104"
    assert error["help"] == "leave the batch out of the source's shape"


def test_sums_with_a_source_have_the_batch() -> None:
    layers = ["{type: parameter, name: p, shape: [4]}", "{type: add, name: s, from: [input, p]}"]
    assert complaints([3, 4], *layers, "{type: add, from: [s, p]}") == []
    assert complaints([4], *layers, "{type: unsqueeze, dim: 1, name: u}",
                      "{type: add, from: [s, u]}") == [("SC104", "from")]  # fmt: skip


def test_indices() -> None:
    order = "{type: constant, name: order, shape: [49], dtype: int64}"
    take = "{type: index_select, from: [input, order], dim: 1}"
    assert figures([169, 3], order, take)[0] == [[49, 3]]
    assert complaints([169, 3], order.replace("int64", "float32"), take) == [("SC109", "from")]
    assert complaints([169, 3], order.replace("[49]", "[7, 7]"), take) == [("SC103", "from")]
    embed = "{type: embedding, from: order, num_embeddings: 169, embedding_dim: 3}"
    assert layer([169, 3], order, embed)["output_shapes"] == [[49, 3]]


def test_frozen_and_shared() -> None:
    found = model(
        [4, 8],
        "{type: parameter, name: p, shape: [4, 8], trainable: false}",
        "{type: parameter, name: q, shape: [4, 8], share: p}",
        "{type: add, from: [input, p, q]}",
    )
    assert found["ok"], found["diagnostics"]
    assert (found["totals"]["params"], found["totals"]["trainable_params"]) == (32, 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{type: parameter, shape: [0, 4]}", ("SC106", "shape")),
        ("{type: parameter, from: input, shape: [4]}", ("SC002", "from")),
        ("{type: constant, shape: [4], dtype: int}", ("SC004", "dtype")),
    ],
)
def test_what_is_refused(text: str, found: tuple[str, str]) -> None:
    assert complaints([3, 4], text) == [found]
