"""Layers that lay the same elements out anew, where Keras' arguments differ from PyTorch's."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Layer, Tensor, arg, plural
from shapecalc.layers.reaches import Along, Reaches, laid_out_anew
from shapecalc.layers.rearrange import Flatten, _Relaid
from shapecalc.layers.strides import Strides, reordered


class KerasFlatten(_Relaid):
    """All elements of a sample in one axis."""

    frameworks = ("keras",)
    reference = "keras.layers.Flatten, torch.nn.Flatten, ONNX Flatten"
    equation = "out = Π(in)"
    example = "flatten", (7, 7, 512)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        return Flatten().infer(call)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return laid_out_anew(call.shape or (), outputs[0].shape or ())


class KerasPermute(Layer):
    """Reorders the axes; all of them are listed but the batch, counted from 1."""

    dims: tuple[int, ...] = arg("the axes in their new order, as in Keras: [2, 1]")

    frameworks = ("keras",)
    reference = "keras.layers.Permute, torch.permute, ONNX Transpose"
    example = "{type: permute, dims: [2, 1]}", (50, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        rank = len(self.dims) if shape is None else len(shape)
        wanted = list(range(1, rank + 1))
        if sorted(self.dims) != wanted:
            call.report(
                "SC106",
                f"dims {list(self.dims)} must list each of the {plural(rank, 'axis')} once",
                "dims",
                f"the axes are {wanted}, without the batch",
            )
            return call.tensor((None,) * rank)
        if shape is None:
            return call.tensor((None,) * rank)
        return call.tensor(tuple(shape[axis - 1] for axis in self.dims))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return [Along(dim - 1) for dim in self.dims]

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        axes = [axis - 1 for axis in self.dims]
        if call.shape is None or sorted(axes) != list(range(len(call.shape))):
            return (None,)
        return (reordered(strides, axes, call.input.batched),)


class RepeatVector(Layer):
    """The same vector ``n`` times, as a sequence."""

    n: int = arg("how many times")

    frameworks = ("keras",)
    reference = "keras.layers.RepeatVector, torch.Tensor.expand"
    equation = "out = (n, in)"
    example = "{type: repeat_vector, n: 3}", (32,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_least("n", self.n)
        if call.shape is not None and len(call.shape) != 1:
            call.wrong_rank(self, 1)
            return call.tensor((self.n, None))
        return call.tensor((self.n, call.shape[0] if call.shape else None))
