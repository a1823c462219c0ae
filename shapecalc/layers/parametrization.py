"""``torch.nn.utils.parametrizations``: weights that are computed from other tensors."""

from __future__ import annotations

from typing import Literal

from shapecalc.layers.base import Call, Layer, Weights, arg

_ORIGINAL = "parametrizations.weight.original"


class _Parametrized(Layer):
    """A layer whose ``weight`` may be computed from what is really learned.

    It stands before the class whose weights it stores.
    """

    parametrization: Literal["weight_norm", "spectral_norm"] | None = arg(
        "whether the weight is learned as a length and a direction (weight_norm), or divided by "
        "its largest singular value (spectral_norm)",
        default=None,
    )

    def weights(self, call: Call) -> Weights:
        weights = super().weights(call)
        if self.parametrization is None:
            return weights
        shape = weights["weight"]
        rest = {name: size for name, size in weights.items() if name != "weight"}
        if self.parametrization == "spectral_norm":
            return {_ORIGINAL: shape} | rest
        lengths = (shape[0], *(1,) * (len(shape) - 1))
        return {f"{_ORIGINAL}0": lengths, f"{_ORIGINAL}1": shape} | rest
