"""Embeddings, as Keras has them."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import INTEGERS, Call, Layer, Tensor, Weights, arg
from shapecalc.layers.reaches import Along, Reaches


class KerasEmbedding(Layer):
    """A learned vector for each number of the input."""

    num_embeddings: int = arg("how many vectors there are: one for each number from 0 on")
    embedding_dim: int = arg("size of each vector")
    mask_zero: bool = arg("whether a 0 is padding that later layers skip", default=False)

    keeps = "input"
    reads_all_weights = False
    frameworks = ("keras",)
    foreign = {"input_dim": "num_embeddings", "output_dim": "embedding_dim"}
    reference = "keras.layers.Embedding, torch.nn.Embedding, ONNX Gather"
    equation = "params = num_embeddings·embedding_dim"
    example = "{type: embedding, num_embeddings: 10000, embedding_dim: 64}", (80,)
    example_dtype = "int32"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if call.dtype not in INTEGERS:
            call.report(
                "SC109",
                f"it takes integers, the input is {call.dtype}",
                help="give the input its dtype: {shape: […], dtype: int32}",
            )
        call.require_least("num_embeddings", self.num_embeddings)
        call.require_least("embedding_dim", self.embedding_dim)
        shape = None if call.shape is None else (*call.shape, self.embedding_dim)
        return (Tensor(shape, "float32", call.batched),)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return [*map(Along, range(len(call.shape or ()))), None]

    def weights(self, call: Call) -> Weights:
        return {"embeddings": (self.num_embeddings, self.embedding_dim)}
