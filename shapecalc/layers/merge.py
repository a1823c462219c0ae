"""Layers that join several inputs into one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from shapecalc.layers.axes import resolve_axis
from shapecalc.layers.base import AXES, Call, Dim, Layer, Shape, Tensor, arg, distinct, format_shape
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.dtypes import NUMBERS, REALS, Kind, as_float, promote, require_kind
from shapecalc.layers.reaches import Along, Reaches, along_axis, axis_at
from shapecalc.reach import stepping


def axis_name(call: Call, rank: int, axis: int) -> str:
    """What an axis of a shape of this rank is called: ``channels``, ``height``, ``axis 1``."""
    spatial = AXES.get(rank - 1)
    if spatial is None:
        return "size" if rank == 1 else f"axis {axis + 1}"
    names = (*spatial, "channels") if call.channels_last else ("channels", *spatial)
    return names[axis]


def describe_inputs(call: Call) -> str:
    """The shapes of all inputs: ``64×32×32 and 64×28×28``."""
    shapes = [format_shape(tensor.shape) for tensor in call.inputs]
    return ", ".join(shapes[:-1]) + f" and {shapes[-1]}"


class _Elementwise(Layer):
    """Combines its inputs cell by cell; sizes of 1 are broadcast, as in PyTorch."""

    pointwise = True

    arity: ClassVar[tuple[int, int | None]] = (2, None)
    frameworks = ("pytorch", "keras")

    #: The kinds of numbers that PyTorch computes this of.
    takes: ClassVar[tuple[Kind, ...]] = (*NUMBERS, "bool")

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, self.takes)
        return call.tensor(broadcast(call), self.dtype(call))

    def dtype(self, call: Call) -> str:
        """The dtype of the output."""
        return promote(call.inputs)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(max(len(call.inputs) - 1, 1), numel(outputs[0].shape))


class _FloatElementwise(_Elementwise):
    """One whose result is no integer even for integers."""

    def dtype(self, call: Call) -> str:
        return as_float(promote(call.inputs))


def broadcast(call: Call, tensors: Sequence[Tensor] | None = None) -> Shape | None:
    """The common shape of all inputs (or of ``tensors``); SC104 for the axes that do not fit."""
    tensors = call.inputs if tensors is None else tensors
    if _misaligned(call, tensors):
        return None
    shapes = [tensor.shape for tensor in tensors if tensor.shape is not None]
    if len(shapes) < len(tensors):
        return None
    rank = max(len(shape) for shape in shapes)
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[Dim] = []
    wrong: list[tuple[int, int, int]] = []
    for axis, sizes in enumerate(zip(*aligned, strict=True)):
        wide = distinct(size for size in sizes if size != 1)
        if len(wide) > 1:
            wrong.append((axis, wide[0], wide[1]))
            result.append(None)
        elif wide:
            result.append(wide[0])
        else:
            result.append(None if None in sizes else 1)
    if wrong:
        report_mismatch(call, rank, wrong)
    return tuple(result)


def _misaligned(call: Call, tensors: Sequence[Tensor]) -> bool:
    """SC104 where PyTorch, which aligns the last axes, would align a batch with another axis.

    Keras inserts axes behind the batch instead.
    """
    known = [(len(tensor.shape), tensor.batched) for tensor in tensors if tensor.shape is not None]
    ranks = {rank for rank, batched in known if batched}
    longest = max((rank for rank, _ in known), default=0)
    if call.channels_last or not ranks or ranks == {longest}:
        return False
    sources = longest not in ranks
    call.report(
        "SC104",
        f"shapes {describe_inputs(call)} have different ranks: PyTorch aligns the last axes, and "
        "so the batch of one with another axis of the other",
        "from",
        "leave the batch out of the source's shape"
        if sources
        else "insert axes of size 1 first: {type: unsqueeze, dim: 1}",
    )
    return True


def report_mismatch(call: Call, rank: int, wrong: list[tuple[int, int, int]]) -> None:
    """SC104, naming the axes that differ, with the sizes in the order of the inputs."""
    axes = ", ".join(f"{axis_name(call, rank, axis)} {one} and {two}" for axis, one, two in wrong)
    channels = rank - 1 if call.channels_last else 0
    spatial = rank - 1 in AXES and all(axis != channels for axis, _, _ in wrong)
    call.report(
        "SC104",
        f"shapes {describe_inputs(call)} do not fit: {axes}",
        "from",
        "bring one to the size of the other first: {type: center_crop, like: …} or "
        "{type: upsample, like: …}"
        if spatial
        else None,
    )


def factors_kept(call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
    """What a product keeps: each factor whose other one needs a gradient, and the products of more
    than two factors on the way."""
    inputs: list[int] = []
    own: list[Tensor] = []
    before = wanted.inputs[0]
    for position in range(1, len(call.inputs)):
        if wanted.inputs[position] and position == 1:
            inputs.append(0)
        elif wanted.inputs[position]:
            own.append(outputs[0])
        if before:
            inputs.append(position)
        before = before or wanted.inputs[position]
    return Kept(tuple(inputs), own=tuple(own))


class Add(_Elementwise):
    """The sum of its inputs."""

    reference = "torch.add, keras.layers.Add, ONNX Add"
    example = "{type: add, from: [input, prev]}", (64, 8, 8)


class Multiply(_Elementwise):
    """The product of its inputs."""

    aliases = ("mul",)
    reference = "torch.mul, keras.layers.Multiply, ONNX Mul"
    example = "{type: multiply, from: [input, prev]}", (64, 8, 8)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return factors_kept(call, outputs, wanted)


class Subtract(_Elementwise):
    """Its first input minus its second."""

    arity = (2, 2)
    takes = NUMBERS
    aliases = ("sub",)
    reference = "torch.sub, keras.layers.Subtract, ONNX Sub"
    example = "{type: subtract, from: [input, prev]}", (64, 8, 8)


class Divide(_FloatElementwise):
    """Its first input divided by its second."""

    arity = (2, 2)
    aliases = ("div",)
    reference = "torch.div, keras.ops.divide, ONNX Div"
    example = "{type: divide, from: [input, prev]}", (64, 8, 8)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0, 1) if wanted.inputs[1] else (1,))


class Maximum(_Elementwise):
    """The larger of its inputs, cell by cell."""

    takes = REALS
    reference = "torch.maximum, keras.layers.Maximum, ONNX Max"
    example = "{type: maximum, from: [input, prev]}", (64, 8, 8)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        # Both sides of each comparison; the results of all but the last are new tensors.
        return Kept(tuple(range(len(call.inputs))), own=tuple(outputs) * (len(call.inputs) - 2))


class Minimum(_Elementwise):
    """The smaller of its inputs, cell by cell."""

    takes = REALS
    reference = "torch.minimum, keras.layers.Minimum, ONNX Min"
    example = "{type: minimum, from: [input, prev]}", (64, 8, 8)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        # Both sides of each comparison; the results of all but the last are new tensors.
        return Kept(tuple(range(len(call.inputs))), own=tuple(outputs) * (len(call.inputs) - 2))


class Average(_FloatElementwise):
    """The mean of its inputs, cell by cell."""

    reference = "sum(xs) / len(xs), keras.layers.Average, ONNX Mean"
    example = "{type: average, from: [input, prev]}", (64, 8, 8)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(len(call.inputs), numel(outputs[0].shape))


class Concat(Layer):
    """Its inputs one after another along an axis; all other axes are equal."""

    dim: int | None = arg("the axis, as in PyTorch; by default the channels", default=None)

    arity = (1, None)
    aliases = ("cat", "concatenate")
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.cat, keras.layers.Concatenate, ONNX Concat"
    equation = "out[dim] = Σ in[dim]; all other axes are equal"
    example = "{type: concat, from: [input, prev]}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shapes = [tensor.shape for tensor in call.inputs if tensor.shape is not None]
        if not shapes:
            return call.tensor(None)
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes):
            call.report("SC104", f"shapes {describe_inputs(call)} have different ranks", "from")
            return call.tensor(None)
        axis: int | None = rank - 1 if call.channels_last else 0
        if self.dim is not None:
            axis = resolve_axis(call, "dim", self.dim, rank=rank)
        if rank == 0 and self.dim is None:
            call.report("SC103", "the inputs have no axis besides the batch", "from")
        if axis is None or rank == 0:
            return call.tensor(None)
        return call.tensor(self._joined(call, shapes, axis), promote(call.inputs))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        given = call.inputs[number].shape or ()
        rank = len(given)
        axis = rank - 1 if call.channels_last else 0
        axis = axis if self.dim is None else axis_at(rank, self.dim)
        before = _starts(call.inputs, axis)[number]
        return along_axis(rank, axis + 1, stepping(-before, 1))

    def _joined(self, call: Call, shapes: list[Shape], axis: int) -> Shape:
        rank = len(shapes[0])
        result: list[Dim] = []
        wrong: list[tuple[int, int, int]] = []
        for position in range(rank):
            sizes = [shape[position] for shape in shapes]
            if position == axis:
                complete = len(shapes) == len(call.inputs) and None not in sizes
                result.append(sum(size or 0 for size in sizes) if complete else None)
                continue
            known = distinct(sizes)
            if len(known) > 1:
                wrong.append((position, known[0], known[1]))
                result.append(None)
            else:
                result.append(known[0] if known else None)
        if wrong:
            report_mismatch(call, rank, wrong)
        return tuple(result)


class Stack(Layer):
    """Its inputs, all of one shape, along a new axis."""

    dim: int = arg("where the new axis goes; 1 is the first after the batch", default=1)

    arity = (1, None)
    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.stack, keras.ops.stack"
    equation = "out[dim] = the number of inputs"
    example = "{type: stack, from: [input, prev], dim: 1}", (196, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        common = self._common(call)
        dtype = promote(call.inputs)
        if common is None:
            return call.tensor(None, dtype)
        axis = resolve_axis(call, "dim", self.dim, extra=1, rank=len(common))
        shape = None if axis is None else (*common[:axis], len(call.inputs), *common[axis:])
        return call.tensor(shape, dtype)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        rank = len(call.inputs[number].shape or ())
        axis = axis_at(rank + 1, self.dim)
        return [*map(Along, range(axis)), None, *map(Along, range(axis, rank))]

    @staticmethod
    def _common(call: Call) -> Shape | None:
        """The shape of each input; SC104 where they differ."""
        shapes = [tensor.shape for tensor in call.inputs if tensor.shape is not None]
        if len({len(shape) for shape in shapes}) > 1:
            call.report("SC104", f"shapes {describe_inputs(call)} have different ranks", "from")
            return None
        columns = [distinct(sizes) for sizes in zip(*shapes, strict=True)]
        wrong = [
            (axis, min(sizes), max(sizes)) for axis, sizes in enumerate(columns) if len(sizes) > 1
        ]
        if wrong:
            report_mismatch(call, len(columns), wrong)
        if not shapes:
            return None
        return tuple(sizes[0] if len(sizes) == 1 else None for sizes in columns)


#: Of the tensors that were joined last, where each starts: they are asked for one after another.
_last: tuple[tuple[Tensor, ...], int, list[int]] = ((), 0, [])


def _starts(tensors: tuple[Tensor, ...], axis: int) -> list[int]:
    """Where each of several tensors starts along the axis on which they are joined."""
    global _last
    if _last[0] is not tensors or _last[1] != axis:
        sizes = (tensor.shape[axis] or 0 if tensor.shape else 0 for tensor in tensors)
        _last = (tensors, axis, list(accumulate(sizes, initial=0)))
    return _last[2]
