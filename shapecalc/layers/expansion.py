"""The same cells again and again."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.axes import resolve_axis, with_sizes
from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, arg, format_shape, plural
from shapecalc.layers.reaches import Reaches, along_axis, same_place, without
from shapecalc.layers.strides import Strides, full_sizes
from shapecalc.reach import repeating


class Expand(Layer):
    """Repeats axes of size 1 to the sizes given (without the batch); -1 keeps a size."""

    sizes: tuple[int, ...] = arg("the size of each axis without the batch, -1 keeps it")

    aliases = ("broadcast_to",)
    foreign = {"shape": "sizes", "size": "sizes"}
    frameworks = ("pytorch", "keras")
    reference = "torch.Tensor.expand, keras.ops.broadcast_to, ONNX Expand"
    equation = "out = sizes"
    example = "{type: expand, sizes: [-1, 56, 56]}", (96, 1, 1)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if any(size < -1 for size in self.sizes):
            call.report("SC106", f"sizes {list(self.sizes)}: -1 is the least", "sizes")
            return call.tensor(None if shape is None else (None,) * len(self.sizes))
        if 0 in self.sizes:
            call.report("SC102", f"sizes {list(self.sizes)} leave nothing", "sizes")
        if shape is None:
            return call.tensor(tuple(size if size > 0 else None for size in self.sizes))
        new = len(self.sizes) - len(shape)
        if new < 0 or (new and call.input.batched) or -1 in self.sizes[:new]:
            self._report_length(call, shape)
            return call.tensor((None,) * len(self.sizes))
        return call.tensor(self._expanded(call, (1,) * new + shape))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return same_place(call.shape or (), outputs[0].shape or ())

    def _report_length(self, call: Call, shape: Shape) -> None:
        call.report(
            "SC106",
            f"sizes has {plural(len(self.sizes), 'number')}, the input has "
            f"{plural(len(shape), 'axis')} besides the batch: {format_shape(shape)}",
            "sizes",
            "insert axes first: {type: unsqueeze, dim: 1}" if self.sizes[len(shape) :] else None,
        )

    def _expanded(self, call: Call, shape: Shape) -> Shape:
        wrong = [
            f"{size} to {wanted}"
            for size, wanted in zip(shape, self.sizes, strict=True)
            if wanted > 0 and size not in (None, 1, wanted)
        ]
        if wrong:
            call.report(
                "SC106",
                f"only a size of 1 can be expanded, not {', '.join(wrong)}",
                "sizes",
                "write -1 to keep a size; {type: tile} copies larger ones",
            )
        return tuple(
            size if wanted == -1 else wanted or None
            for size, wanted in zip(shape, self.sizes, strict=True)
        )

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        sizes, wanted = full_sizes(call.input), full_sizes(outputs[0])
        if sizes is None or wanted is None or len(wanted) < len(sizes):
            return (None,)
        new = len(wanted) - len(sizes)
        steps = zip(strides, sizes, wanted[new:], strict=True)
        # What is repeated lies in one place.
        return ((*(0,) * new, *(0 if n != want else step for step, n, want in steps)),)


class Tile(Layer):
    """Lays copies of the whole input one after another along each axis (PyTorch's ``repeat``)."""

    repeats: tuple[int, ...] = arg("how many copies along each axis without the batch")

    foreign = {"dims": "repeats", "reps": "repeats", "multiples": "repeats", "sizes": "repeats"}
    frameworks = ("pytorch", "keras")
    reference = "torch.Tensor.repeat, torch.tile, keras.ops.tile, ONNX Tile"
    equation = "out = in·repeats"
    example = "{type: tile, repeats: [1, 2, 2]}", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        least = min(self.repeats, default=1)
        if least < 1:
            code = "SC102" if least == 0 else "SC106"
            call.report(code, f"repeats {list(self.repeats)}: at least 1 is needed", "repeats")
            return call.tensor(None if shape is None else (None,) * len(shape))
        if shape is None:
            return call.tensor((None,) * len(self.repeats))
        if len(self.repeats) != len(shape):
            call.per_axis("repeats", self.repeats, len(shape))
            return call.tensor((None,) * len(shape))
        return call.tensor(tuple(map(_times, shape, self.repeats)))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        copied = [axis for axis, count in enumerate(self.repeats) if count > 1]
        return without(call.shape or (), copied, keep=True)


class RepeatInterleave(Layer):
    """Repeats each index of an axis, one after another."""

    repeats: int = arg("how many times")
    dim: int = arg("the axis; 1 is the first after the batch", default=1)

    foreign = {"axis": "dim"}
    frameworks = ("pytorch", "keras")
    reference = "torch.repeat_interleave, keras.ops.repeat"
    equation = "out[dim] = in[dim]·repeats"
    example = "{type: repeat_interleave, repeats: 4, dim: 1}", (8, 196, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        axis = resolve_axis(call, "dim", self.dim)
        repeats: Dim = self.repeats
        if self.repeats < 1:
            code = "SC102" if self.repeats == 0 else "SC106"
            call.report(code, f"repeats is {self.repeats}, at least 1 is needed", "repeats")
            repeats = None
        if call.shape is None or axis is None:
            return call.tensor(None if call.shape is None else (None,) * len(call.shape))
        return call.tensor(with_sizes(call.shape, axis, _times(call.shape[axis], repeats)))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), self.dim, repeating(self.repeats))


def _times(size: Dim, factor: Dim) -> Dim:
    return None if size is None or factor is None else size * factor
