"""Tables of vectors, looked up by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.base import Call, Dim, Layer, Tensor, Weights, arg
from shapecalc.layers.cost import Kept, Wanted, numel, times
from shapecalc.layers.reaches import Along, Reaches


class _Table(Layer):
    """What both lookups share: the table."""

    num_embeddings: int = arg("how many vectors there are: one for each number from 0 on")
    embedding_dim: int = arg("size of each vector")
    padding_idx: int | None = arg("the number whose vector is not learned", default=None)
    max_norm: float | None = arg("longer vectors are shortened to this", default=None)
    norm_type: float = arg("which norm measures the length", default=2.0)
    scale_grad_by_freq: bool = arg("divide gradients by how often a number occurs", default=False)
    sparse: bool = arg("compute sparse gradients", default=False)

    foreign = {
        "input_dim": "num_embeddings",
        "output_dim": "embedding_dim",
        "vocab_size": "num_embeddings",
    }
    keeps = "input"
    reads_all_weights = False
    equation = "params = num_embeddings·embedding_dim"
    example_dtype = "int64"
    #: The dtypes of the numbers.
    takes: ClassVar[tuple[str, ...]] = ("int32", "int64")

    def check(self, call: Call) -> None:
        """Report what is wrong with the table and with the dtype of the input."""
        if call.dtype not in self.takes:
            call.report(
                "SC109",
                f"it takes {' or '.join(self.takes)}, the input is {call.dtype}",
                help="give the input its dtype: {shape: […], dtype: int64}",
            )
        count = self.num_embeddings
        call.require_least("embedding_dim", self.embedding_dim)
        usable = call.require_least("num_embeddings", count) and self.padding_idx is not None
        if usable and self.padding_idx not in range(-count, count):
            call.report(
                "SC106",
                f"padding_idx is {self.padding_idx}, the numbers end at {count - 1}",
                "padding_idx",
                f"use 0 to {count - 1}, or -1 for the last",
            )

    def weights(self, call: Call) -> Weights:
        return {"weight": (self.num_embeddings, self.embedding_dim)}


class Embedding(_Table):
    """A vector for each number of the input."""

    reference = "torch.nn.Embedding, keras.layers.Embedding, ONNX Gather"
    example = "{type: embedding, num_embeddings: 30000, embedding_dim: 128}", (50,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self.check(call)
        shape = None if call.shape is None else (*call.shape, self.embedding_dim)
        return call.tensor(shape, "float32")

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return [*map(Along, range(len(call.shape or ()))), None]


class EmbeddingBag(_Table):
    """The sum, mean or maximum of the vectors of all numbers of a sample."""

    mode: Literal["sum", "mean", "max"] = arg("how the vectors are joined", default="mean")
    include_last_offset: bool = arg(
        "for inputs of one axis, which have a batch here", default=False
    )

    foreign = {**_Table.foreign, "combiner": "mode"}
    reference = "torch.nn.EmbeddingBag"
    example = "{type: embedding_bag, num_embeddings: 30000, embedding_dim: 64}", (20,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self.check(call)
        if call.shape is not None and len(call.shape) != 1:
            call.wrong_rank(self, 1)
        for field in ("scale_grad_by_freq", "sparse"):
            if self.mode == "max" and getattr(self, field):
                call.report("SC106", f"mode max cannot be had with {field}", field)
        return call.tensor((self.embedding_dim,), "float32")

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return times(self.embedding_dim, numel(call.shape))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        # Which bag each number is in; where it begins, how large it is, its largest number.
        bags = Tensor((3,), "int64", call.batched)
        return Kept(inputs=(0,), own=(call.input._replace(dtype="int64"), bags))
