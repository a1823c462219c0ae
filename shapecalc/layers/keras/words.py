"""The words that several of Keras' layers take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from shapecalc.layers.cost import Kept, numel, times

if TYPE_CHECKING:
    from shapecalc.layers.base import Dim, Tensor

#: The functions that a layer can apply to its own output; none of them changes a shape.
Activation = Literal[
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "swish",
    "mish",
    "sigmoid",
    "log_sigmoid",
    "sparse_sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "tanh",
    "tanh_shrink",
    "hard_tanh",
    "softmax",
    "log_softmax",
    "sparsemax",
    "softplus",
    "sparse_plus",
    "squareplus",
    "softsign",
    "soft_shrink",
    "hard_shrink",
    "exponential",
]

#: Functions whose derivative follows from their value.
_FROM_VALUE = ("relu", "sigmoid", "tanh", "softmax", "log_softmax", "exponential")


def activation_ops(activation: str | None, outputs: Sequence[Tensor]) -> Dim:
    """Element operations of a function that a layer applies to its output."""
    if activation in (None, "linear"):
        return 0
    cost = 3 if activation in ("softmax", "log_softmax", "sparsemax") else 1
    return times(cost, numel(outputs[0].shape))


def with_activation(kept: Kept, activation: str | None, outputs: Sequence[Tensor]) -> Kept:
    """What a layer keeps, and what the function that it applies to its output keeps: the value, or
    else what it is computed from."""
    if activation in (None, "linear"):
        return kept
    if activation in _FROM_VALUE:
        return kept._replace(outputs=(*kept.outputs, 0))
    return kept._replace(own=(*kept.own, outputs[0]))
