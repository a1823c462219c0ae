"""The dense layer over any axes, as Keras has it: its kernel is named by an equation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    Shape,
    Tensor,
    Weights,
    arg,
    format_shape,
    plural,
    product,
)
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.keras.words import Activation, activation_ops, with_activation

#: An ellipsis may lead or end the input, and then the output.
_EQUATION = re.compile(
    r"(?P<left>\.\.\.)?(?P<input>[A-Za-z]+)(?P<right>\.\.\.)?,(?P<kernel>[A-Za-z]+)"
    r"->(?(left)\.\.\.)(?P<output>[A-Za-z]+)(?(right)\.\.\.)"
)


class _Axes(NamedTuple):
    """The sizes by name, and those that the ellipsis stands for."""

    input: str
    kernel: str
    output: str
    #: The axes of an ellipsis without the batch, which a leading one holds.
    hidden: Shape
    #: Whether the ellipsis leads; the batch is then no letter.
    leads: bool
    sizes: dict[str, Dim]

    @property
    def written(self) -> str:
        """The letters of the output without that of the batch."""
        return self.output if self.leads else self.output[1:]


class EinsumDense(Layer):
    """A dense layer whose kernel, input and output share axes as an equation says.

    The first letter is the batch's, unless the equation begins with an ellipsis.
    """

    subscripts: str = arg("the equation: abc,cd->abd, or ...x,xy->...y")
    output_shape: int | tuple[int | None, ...] = arg(
        "sizes of the output's letters without the batch; null for those of the input"
    )
    activation: Activation | None = arg("the function applied to the output", default=None)
    bias_axes: str | None = arg("the letters of the output that a bias has", default=None)

    autocast = "lower"
    frameworks = ("keras",)
    foreign = {"equation": "subscripts", "units": "output_shape"}
    reference = "keras.layers.EinsumDense"
    equation = "kernel = the sizes of its letters; bias = those of bias_axes"
    example = (
        "{type: einsum_dense, subscripts: 'abc,cde->abde', output_shape: [null, 8, 64], "
        "bias_axes: de}",
        (50, 512),
    )

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        axes = self._axes(call)
        return (Tensor(self._shape(axes) if axes else None, "float32", call.batched),)

    def _shape(self, axes: _Axes) -> Shape:
        """The output without the batch."""
        named = tuple(axes.sizes[letter] for letter in axes.written)
        return (*axes.hidden, *named) if axes.leads else (*named, *axes.hidden)

    def _axes(self, call: Call) -> _Axes | None:
        """The equation with the sizes of this call; what is wrong is reported."""
        found = _EQUATION.fullmatch(self.subscripts.replace(" ", ""))
        if found is None or (found["left"] and found["right"]):
            call.report(
                "SC106",
                f"{self.subscripts!r} is no equation of an input, a kernel and an output",
                "subscripts",
                "write it as abc,cd->abd or ...x,xy->...y",
            )
            return None
        leads = bool(found["left"])
        elided = bool(found["left"] or found["right"])
        shape = self._received(call, found["input"], leads, elided)
        if shape is None:
            return None
        given, hidden = shape
        axes = _Axes(found["input"], found["kernel"], found["output"], hidden, leads, given)
        return axes if self._fits(call, axes) else None

    def _received(
        self, call: Call, letters: str, leads: bool, elided: bool
    ) -> tuple[dict[str, Dim], Shape] | None:
        """The sizes of the input's letters, and those of the ellipsis."""
        shape = call.shape
        if shape is None:
            return None
        named = letters if leads else letters[1:]
        spare = len(shape) - len(named)
        if spare < 0 or (spare and not elided):
            call.report(
                "SC103",
                f"the equation names {plural(len(named), 'axis')} of the input besides the batch, "
                f"it has {len(shape)}: {format_shape(shape)}",
                "subscripts",
            )
            return None
        if leads:
            return dict(zip(named, shape[spare:], strict=True)), shape[:spare]
        return dict(zip(named, shape, strict=False)), shape[len(named) :]

    def _fits(self, call: Call, axes: _Axes) -> bool:
        """Whether output, kernel and bias can be had; adds the sizes of ``output_shape``."""
        batch = "" if axes.leads else axes.input[0]
        if batch and (axes.output[0] != batch or batch in axes.kernel):
            message = f"the batch ({batch}) must come first in the output, and not in the kernel"
            call.report("SC106", message, "subscripts")
            return False
        return self._sizes_fit(call, axes) and self._letters_fit(call, axes)

    def _sizes_fit(self, call: Call, axes: _Axes) -> bool:
        sizes = self.output_shape
        sizes = (sizes,) if isinstance(sizes, int) else sizes
        if len(sizes) != len(axes.written):
            call.report(
                "SC106",
                f"output_shape has {plural(len(sizes), 'size')}, the output of the equation has "
                f"{plural(len(axes.written), 'axis')} besides the batch ({axes.written})",
                "output_shape",
            )
            return False
        for letter, size in zip(axes.written, sizes, strict=True):
            known = axes.sizes.setdefault(letter, size)
            if size is not None and not call.require_least("output_shape", size):
                return False
            if None not in (size, known) and size != known:
                message = f"output_shape says {letter} is {size}, the input has {known}"
                call.report(
                    "SC101", message, "output_shape", "write null there to have it inferred"
                )
                return False
        return True

    def _letters_fit(self, call: Call, axes: _Axes) -> bool:
        named = {*axes.input, *axes.kernel}
        strange = [letter for letter in axes.output if letter not in named]
        free = [letter for letter in axes.kernel if letter not in axes.sizes]
        bias = [letter for letter in self.bias_axes or "" if letter not in axes.written]
        if strange:
            message = f"{strange[0]!r} of the output is in neither the input nor the kernel"
            call.report("SC106", message, "subscripts")
        elif free:
            message = f"{free[0]!r} of the kernel is in neither the input nor the output"
            call.report("SC106", message, "subscripts")
        elif bias:
            message = f"bias_axes: {bias[0]!r} is no axis of the output ({axes.written})"
            call.report("SC106", message, "bias_axes")
        unsized = [letter for letter in axes.kernel if axes.sizes.get(letter) is None]
        if not (strange or free or bias) and unsized and None not in (call.shape or (None,)):
            message = f"the size of {unsized[0]!r} is in neither the input nor output_shape"
            call.report("SC106", message, "output_shape", "write it in place of null")
        return not call.problems

    def weights(self, call: Call) -> Weights:
        axes = self._axes(Call(call.inputs, channels_last=True))
        if axes is None:
            return {}
        weights: Weights = {"kernel": tuple(axes.sizes[letter] for letter in axes.kernel)}
        if self.bias_axes:
            # From the first letter of the bias on; the others are broadcast.
            first = min(axes.written.index(letter) for letter in self.bias_axes)
            named = tuple(
                axes.sizes[letter] if letter in self.bias_axes else 1
                for letter in axes.written[first:]
            )
            weights["bias"] = (*named, *((1,) * (0 if axes.leads else len(axes.hidden))))
        return weights

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        axes = self._axes(Call(call.inputs, channels_last=True))
        if axes is None:
            return None
        letters = {*axes.input, *axes.kernel} - {"" if axes.leads else axes.input[0]}
        return product((*axes.hidden, *(axes.sizes[letter] for letter in letters)))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return activation_ops(self.activation, outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        kept = Kept(inputs=(0,)) if wanted.weights else Kept()
        return with_activation(kept, self.activation, outputs)
