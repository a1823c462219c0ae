"""``torch.nn.utils.parametrizations``: weights that are computed from other tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import Call, Layer, Tensor, Weights, arg, product
from shapecalc.layers.cost import Kept, Wanted

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

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        kept = super().kept(call, outputs, wanted)
        if self.parametrization is None:
            return kept
        shape = super().weights(call)["weight"]
        own = [Tensor(shape, batched=False)]
        if self.parametrization == "weight_norm":
            own.append(Tensor(shape[:1], batched=False))  # the lengths found
        return kept._replace(own=(*kept.own, *own))

    def buffers(self, call: Call) -> dict[str, Tensor]:
        if self.parametrization != "spectral_norm":
            return {}
        shape = super().weights(call)["weight"]
        prefix = "parametrizations.weight.0."
        return {
            f"{prefix}_u": Tensor(shape[:1], batched=False),
            f"{prefix}_v": Tensor((product(shape[1:]),), batched=False),
        }
