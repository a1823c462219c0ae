"""What a layer costs beside its weights and MACs: element operations, and memory.

The defaults are those of most layers; a class says where it differs. Memory is that of eager
PyTorch: which storage an output lies in, and what autograd saves for the backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from shapecalc.layers.strides import Strides

if TYPE_CHECKING:
    from shapecalc.layers.base import Call, Dim, Shape, Tensor


#: What most layers keep for the backward pass: nothing, the first input, all inputs, the output.
Keeps = Literal["", "input", "inputs", "output"]


class Wanted(NamedTuple):
    """Which gradients the backward pass computes: of each input, and of the weights; and which
    outputs something reads."""

    inputs: tuple[bool, ...]
    weights: bool
    outputs: tuple[bool, ...]


class Kept(NamedTuple):
    """What a layer keeps from the forward pass for the backward pass."""

    #: Inputs and outputs, by position.
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    #: Tensors of its own: masks, indices, statistics. Those that are not ``batched`` are as large
    #: for any batch.
    own: tuple[Tensor, ...] = ()


class Cost:
    """The part of :class:`~shapecalc.layers.base.Layer` that says what it costs."""

    #: Element operations for each number of the first output.
    element_cost: ClassVar[int] = 0
    #: What is kept for the backward pass.
    keeps: ClassVar[Keeps] = ""
    #: Whether it reads all of its weights, and not only the rows that it is asked for.
    reads_all_weights: ClassVar[bool] = True
    #: Whether autocast computes it in float32 whatever it is given, or in the lower precision;
    #: ``""``: in that of its inputs. Source: PyTorch's "Automatic Mixed Precision", CUDA op lists.
    autocast: ClassVar[Literal["", "lower", "float32"]] = ""

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        """Element operations for one sample; ``None``: not known.

        One for each number that an activation, an elementwise function or a merge yields, and for
        each that a pool or a reduction reads; norms and softmax some more (README).
        """
        return times(self.element_cost, numel(outputs[0].shape)) if self.element_cost else 0

    def buffers(self, call: Call) -> dict[str, Tensor]:
        """The tensors that it holds and that are no weights, by name."""
        return {}

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        """For each output that lies in the storage of the first input (a view of it, or the same
        cells overwritten), its strides there; ``None`` for one with a storage of its own.

        ``strides`` are those of the first input; all have the batch axis first.
        """
        return (None,) * len(outputs)

    def laid_out(self, call: Call, outputs: Sequence[Tensor]) -> tuple[Strides | None, ...]:
        """The strides of outputs in storages of their own; ``None``: as they lie in one piece."""
        return (None,) * len(outputs)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """What it keeps for the backward pass; asked only where a gradient is wanted."""
        if self.keeps == "inputs":
            return Kept(inputs=tuple(range(len(call.inputs))))
        if self.keeps == "input":
            return Kept(inputs=(0,))
        return Kept(outputs=(0,)) if self.keeps == "output" else Kept()


def numel(shape: Shape | None) -> Dim:
    """How many numbers a shape has; unknown where a size is."""
    if shape is None:
        return None
    sizes = [size for size in shape if size is not None]
    return prod(sizes) if len(sizes) == len(shape) else None


def times(factor: int, count: Dim) -> Dim:
    """A multiple of a count that may be unknown."""
    return None if count is None else factor * count


def added(*counts: Dim) -> Dim:
    """The sum of counts, unknown where one is."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
