"""The words that several of Keras' layers take."""

from __future__ import annotations

from typing import Literal

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
