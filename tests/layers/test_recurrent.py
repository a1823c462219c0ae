"""Recurrent layers: PyTorch's parameters, costs, states, and what it refuses."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer, model


@pytest.mark.parametrize(
    ("text", "outputs", "params", "macs"),
    [
        ("{type: lstm, hidden_size: 20}", [[7, 20], [1, 20], [1, 20]], 2560, 16_800),
        ("{type: gru, hidden_size: 20}", [[7, 20], [1, 20]], 1920, 12_600),
        ("{type: rnn, hidden_size: 20}", [[7, 20], [1, 20]], 640, 4_200),
        ("{type: lstm, hidden_size: 20, proj_size: 5}", [[7, 5], [1, 5], [1, 20]], 1460, 9_100),
        (
            "{type: lstm, hidden_size: 20, num_layers: 2, bidirectional: true, proj_size: 5}",
            [[7, 10], [4, 5], [4, 20]],
            5840,
            36_400,
        ),
        ("{type: gru, hidden_size: 20, bias: false}", [[7, 20], [1, 20]], 1800, 12_600),
    ],
)
def test_sequences(text: str, outputs: list[list[int]], params: int, macs: int) -> None:
    assert figures([7, 10], text) == (outputs, params, macs)


@pytest.mark.parametrize(
    ("text", "outputs", "params", "macs"),
    [
        ("{type: lstm_cell, hidden_size: 20}", [[20], [20]], 2560, 2400),
        ("{type: gru_cell, hidden_size: 20}", [[20]], 1920, 1800),
        ("{type: rnn_cell, hidden_size: 20, nonlinearity: relu}", [[20]], 640, 600),
    ],
)
def test_cells(text: str, outputs: list[list[int]], params: int, macs: int) -> None:
    assert figures([10], text) == (outputs, params, macs)


def test_weights_by_name() -> None:
    text = "{type: lstm, hidden_size: 4, num_layers: 2, bidirectional: true, proj_size: 2}"
    weights = layer([5, 3], text)["weights"]
    assert weights["weight_ih_l0_reverse"] == [16, 3]
    assert weights["weight_ih_l1"] == [16, 4]  # twice the projection, from both directions
    assert weights["weight_hh_l1"] == [16, 2]
    assert weights["weight_hr_l1_reverse"] == [2, 4]
    assert len(weights) == 20


def test_bare_name_is_the_sequence_and_states_have_numbers() -> None:
    lstm = "{type: lstm, name: encoder, hidden_size: 20}"
    head = "{type: linear, out_features: 5, from: %s}"
    assert layer([7, 10], lstm, "{type: linear, out_features: 5}")["output_shapes"] == [[7, 5]]
    assert layer([7, 10], lstm, head % "encoder")["output_shapes"] == [[7, 5]]
    assert layer([7, 10], lstm, head % "encoder.2")["output_shapes"] == [[1, 5]]


def test_states_from_another_layer() -> None:
    encoder = "{type: lstm, name: e, hidden_size: 20}"
    decoder = "{type: lstm, hidden_size: %d, from: [%s]}"
    assert layer([7, 10], encoder, decoder % (20, "input, e.1, e.2"))["params"] == 2560
    assert complaints([7, 10], encoder, decoder % (20, "input, e.1")) == [("SC104", "from")]
    assert complaints([7, 10], encoder, decoder % (8, "input, e.1, e.2")) == [("SC104", "from")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{type: lstm, hidden_size: 20, batch_first: false}", ("SC106", "batch_first")),
        ("{type: lstm, hidden_size: 20, proj_size: 20}", ("SC106", "proj_size")),
        ("{type: gru, hidden_size: 0}", ("SC106", "hidden_size")),
        ("{type: gru, hidden_size: 4, num_layers: 0}", ("SC106", "num_layers")),
        ("{type: gru, hidden_size: 4, num_layers: 1000000}", ("SC007", "num_layers")),
        ("{type: gru, hidden_size: 4, input_size: 9}", ("SC101", "input_size")),
        ("{type: gru, hidden_size: 4, dropout: 1.5}", ("SC106", "dropout")),
        ("{type: gru, units: 4}", ("SC002", "units")),
    ],
)
def test_what_is_refused(text: str, found: tuple[str, str]) -> None:
    assert found in complaints([7, 10], text)


def test_batch_first_false_says_what_to_do() -> None:
    (found,) = model([7, 10], "{type: rnn, hidden_size: 4, batch_first: false}")["diagnostics"]
    assert found["help"].startswith("leave it out")


def test_integers_and_images_are_refused() -> None:
    assert complaints([7, 10], "{type: gru, hidden_size: 4}", dtype="int64") == [("SC109", "")]
    assert complaints([3, 8, 8], "{type: gru, hidden_size: 4}") == [("SC103", "")]
    assert complaints([7, 10], "{type: gru_cell, hidden_size: 4}") == [("SC103", "")]
