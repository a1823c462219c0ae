"""Containers: layers made of lists of layers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from shapecalc.layers.base import Call, Layer, Tensor, arg, format_shape
from shapecalc.layers.merge import Add, Concat, Multiply, axis_name

#: Lists of layers: the walk runs them, a container only names them.
Layers = tuple[Any, ...]


class _Container(Layer):
    """A layer made of lists of layers, each of which reads the container's input."""

    container = True
    frameworks = ("pytorch", "keras")

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        join = self.joined_by()
        return call.same() if join is None else join.infer(call)


class Sequential(_Container):
    """A list of layers, run in order."""

    layers: Layers = arg("the layers")

    lists = {"layers": False}
    reference = "torch.nn.Sequential, keras.Sequential"
    example = "{type: sequential, layers: [relu, {type: dropout, p: 0.1}]}", (64, 8, 8)


class _ResidualAdd(Add):
    """The sum of a residual: no broadcasting, a residual that needs it is a mistake."""

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        body, shortcut = (tensor.shape for tensor in call.inputs)
        if body is None or shortcut is None:
            return call.tensor(body or shortcut)
        if len(body) != len(shortcut):
            self._report(call, "the ranks differ")
            return call.tensor(None)
        wrong = [
            f"{axis_name(call, len(body), axis)} {one} and {other}"
            for axis, (one, other) in enumerate(zip(body, shortcut, strict=True))
            if None not in (one, other) and one != other
        ]
        if wrong:
            self._report(call, ", ".join(wrong))
        return call.tensor(
            tuple(
                (one if other is None else other)
                if one is None or other is None or one == other
                else None
                for one, other in zip(body, shortcut, strict=True)
            )
        )

    @staticmethod
    def _report(call: Call, difference: str) -> None:
        body, shortcut = (format_shape(tensor.shape) for tensor in call.inputs)
        call.report(
            "SC104",
            f"the body gives {body}, the shortcut {shortcut}: {difference}",
            None,
            "make the shortcut a 1×1 convolution with the body's stride and out_channels",
        )


_RESIDUAL_ADD = _ResidualAdd()


class Residual(_Container):
    """``body(x) + shortcut(x)``; without a shortcut, ``body(x) + x``."""

    body: Layers = arg("the layers of the body")
    shortcut: Layers = arg("the layers of the shortcut; empty is the identity", default=())

    lists = {"body": False, "shortcut": False}
    reference = "x + body(x)"
    example = (
        "{type: residual, body: [{type: conv2d, out_channels: 64, kernel_size: 3, padding: 1}]}",
        (64, 8, 8),
    )

    def joined_by(self) -> Layer | None:
        return _RESIDUAL_ADD


class Parallel(_Container):
    """Branches that read the same input, joined at the end."""

    branches: Layers = arg("lists of layers; an empty one is the identity")
    merge: Literal["concat", "add", "multiply"] = arg(
        "how the branches are joined", default="concat"
    )
    dim: int | None = arg("the axis of a concat; by default the channels", default=None)

    lists = {"branches": True}
    reference = "torch.cat([branch(x) for branch in branches], 1)"
    example = (
        "{type: parallel, branches: [[], [{type: avg_pool2d, kernel_size: 1, stride: 1}]]}",
        (64, 8, 8),
    )

    def joined_by(self) -> Layer | None:
        return _merge(self.merge, self.dim)


@lru_cache(maxsize=64)
def _merge(kind: str, dim: int | None) -> Layer:
    """One object for all that join alike: what it comes to on inputs of a shape is remembered."""
    if kind == "concat":
        return Concat(dim=dim)
    return Add() if kind == "add" else Multiply()
