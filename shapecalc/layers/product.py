"""Products of tensors with tensors."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.axes import resolve_axis, with_sizes
from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, arg, product
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.dtypes import NUMBERS, require_kind, require_one_dtype
from shapecalc.layers.merge import broadcast, describe_inputs, factors_kept
from shapecalc.layers.reaches import Reaches, same_place


class Matmul(Layer):
    """The product of matrices, which the last two axes are; the axes before them broadcast."""

    autocast = "lower"
    arity = (2, 2)
    aliases = ("bmm",)
    frameworks = ("pytorch", "keras")
    reference = "torch.matmul, torch.bmm, keras.ops.matmul, ONNX MatMul"
    equation = "[…, n, m] @ […, m, p] = […, n, p]"
    example = "{type: matmul, from: [input, prev]}", (8, 64, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, NUMBERS)
            require_one_dtype(call)
        one, other = call.inputs
        if not self._are_matrices(call) or one.shape is None or other.shape is None:
            return call.tensor(None)
        self._check_inner(call, one.shape, other.shape)
        leading = broadcast(
            call, [tensor._replace(shape=(tensor.shape or ())[:-2]) for tensor in call.inputs]
        )
        if leading is None:
            return call.tensor(None)
        rows = one.shape[-2:-1]
        columns = other.shape[-1:] if len(other.shape) > 1 else ()
        return call.tensor((*leading, *rows, *columns))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        given, yielded = call.inputs[number].shape or (), outputs[0].shape or ()
        if len(given) != len(yielded) or len(given) < 2:
            return ()
        *leading, rows, columns = same_place(given, yielded)
        return (*leading, rows, None) if number == 0 else (*leading, None, columns)

    def _are_matrices(self, call: Call) -> bool:
        """Whether the batch is an axis of its own in both, or else an axis of rows."""
        one, other = call.inputs
        for tensor, partner in ((one, other), (other, one)):
            rank = None if tensor.shape is None else len(tensor.shape)
            rows = tensor is one and not partner.batched and len(partner.shape or ()) < 3
            if rank == 0 or (rank == 1 and tensor.batched and not rows):
                call.report(
                    "SC103",
                    f"shapes {describe_inputs(call)}: a matrix has two axes besides the batch",
                    "from",
                    "insert an axis first: {type: unsqueeze, dim: 1}",
                )
                return False
        return True

    @staticmethod
    def _check_inner(call: Call, one: Shape, other: Shape) -> None:
        last, first = one[-1], other[-2] if len(other) > 1 else other[-1]
        if None in (last, first) or last == first:
            return
        call.report(
            "SC104",
            f"shapes {describe_inputs(call)} do not fit: the rows of the first have {last} "
            f"numbers, the columns of the second {first}",
            "from",
            "transpose the second first: {type: transpose, dim0: -2, dim1: -1}"
            if other[-1] == last
            else None,
        )

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        inner = call.inputs[0].shape
        shape = outputs[0].shape
        return None if not inner or shape is None else product((*shape, inner[-1]))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return factors_kept(call, outputs, wanted)


class Dot(Layer):
    """The sums of products along one axis of each of two inputs, sample by sample (Keras)."""

    axes: int | tuple[int, ...] = arg("the axis of both, or one of each; 1 is the first")
    normalize: bool = arg("whether both are divided by their norms first", default=False)

    autocast = "lower"
    arity = (2, 2)
    frameworks = ("keras",)
    foreign = {"dim": "axes", "axis": "axes"}
    reference = "keras.layers.Dot"
    equation = "out = the other axes of the first, then those of the second"
    example = "{type: dot, axes: [2, 1], from: [input, prev]}", (8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        one, other = (tensor.shape for tensor in call.inputs)
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if len(pair) != 2:
            call.per_axis("axes", pair, 2)
            return call.tensor(None)
        if one is None or other is None:
            return call.tensor(None)
        first, second = (
            resolve_axis(call, "axes", dim, rank=len(shape))
            for dim, shape in zip(pair, (one, other), strict=True)
        )
        if first is None or second is None:
            return call.tensor(None)
        sizes = (one[first], other[second])
        if None not in sizes and sizes[0] != sizes[1]:
            call.report(
                "SC104",
                f"shapes {describe_inputs(call)} do not fit: {sizes[0]} and {sizes[1]} along axes",
                "axes",
            )
        rest = (*with_sizes(one, first), *with_sizes(other, second))
        return call.tensor(rest or (1,))

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        shape = call.inputs[0].shape
        first = self.axes if isinstance(self.axes, int) else self.axes[0] if self.axes else 0
        if outputs[0].shape is None or shape is None:
            return None
        axis = resolve_axis(Call(call.inputs), "axes", first)
        return None if axis is None else product((*outputs[0].shape, shape[axis]))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return factors_kept(call, outputs, wanted)
