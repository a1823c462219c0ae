"""How alike two tensors are."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.axes import resolve_axis, with_sizes
from shapecalc.layers.base import Call, Dim, Layer, Tensor, arg
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.dtypes import FLOAT, as_float, kind_of, promote, require_kind
from shapecalc.layers.merge import broadcast


class CosineSimilarity(Layer):
    """The cosine of the angle between two tensors along an axis."""

    dim: int = arg("the axis, as in PyTorch; it disappears", default=1)
    eps: float = arg("the least product of the lengths", default=1e-8)

    autocast = "float32"
    arity = (2, 2)
    foreign = {"axis": "dim"}
    reference = "torch.nn.CosineSimilarity, keras.losses.cosine_similarity"
    equation = "out = in without dim"
    example = "{type: cosine_similarity, from: [input, prev]}", (128,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        dtype = promote(call.inputs)
        if kind_of(dtype) != "float":
            require_kind(call, FLOAT)
        shape = broadcast(call)
        if shape is None:
            return call.tensor(None, as_float(dtype))
        if self.eps < 0:
            call.report("SC106", f"eps is {self.eps:g}, at least 0 is needed", "eps")
        axis = resolve_axis(call, "dim", self.dim, rank=len(shape))
        rest = (None,) * max(len(shape) - 1, 0) if axis is None else with_sizes(shape, axis)
        return call.tensor(rest, as_float(dtype))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # Three products and their sums.
        return times(6, numel(broadcast(Call(call.inputs, channels_last=True))))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0, 1), own=(*call.inputs, *(outputs[0],) * 4))


class PairwiseDistance(Layer):
    """The length of the difference of two tensors along the last axis."""

    p: float = arg("which norm measures the length", default=2.0)
    eps: float = arg("added to the difference", default=1e-6)
    keepdim: bool = arg("keep the last axis, with a size of 1", default=False)

    arity = (2, 2)
    reference = "torch.nn.PairwiseDistance"
    equation = "out = in without the last axis"
    example = "{type: pairwise_distance, from: [input, prev]}", (128,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if all(tensor.dtype == "bool" for tensor in call.inputs):
            call.require_number(self)
        shape = broadcast(call)
        if shape == ():
            call.wrong_rank(self, 1)
        if shape:
            shape = (*shape[:-1], 1) if self.keepdim else shape[:-1]
        return call.tensor(shape, as_float(promote(call.inputs)))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(3, numel(broadcast(Call(call.inputs, channels_last=True))))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        shape = broadcast(Call(call.inputs, channels_last=True))
        return Kept(outputs=(0,), own=(outputs[0]._replace(shape=shape),))  # the difference
