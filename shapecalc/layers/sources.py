"""Sources: tensors that the network holds, and that no layer computes."""

from __future__ import annotations

from shapecalc.layers.base import Call, Layer, Shape, Tensor, Weights, arg
from shapecalc.layers.dtypes import DType


class _Source(Layer):
    """A tensor that is there from the beginning.

    In PyTorch it has no batch axis: it broadcasts over the batch, or is expanded before it is
    joined to what has one. Its shape is therefore written without the batch, and all layers treat
    it as if it stood there for each sample: a class token of ``[1, 768]`` and 196 patches of
    ``[196, 768]`` are concatenated along axis 1 to ``[197, 768]``, and a bias of ``[768]`` may be
    added to them although its rank is lower.
    """

    shape: tuple[int, ...] = arg("its shape without the batch")

    arity = (0, 0)
    foreign = {"size": "shape", "dims": "shape"}
    frameworks = ("pytorch", "keras")

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        least = min(self.shape, default=1)
        if least < 1:
            call.report("SC106", f"shape {list(self.shape)}: a size is at least 1", "shape")
        return (Tensor(self.sizes(), self.stored_as(), batched=False),)

    def sizes(self) -> Shape:
        """The shape, unknown where it cannot be."""
        return tuple(size if size > 0 else None for size in self.shape)

    def stored_as(self) -> str:
        """Its dtype."""
        return "float32"


class Parameter(_Source):
    """A learned tensor: class tokens, position embeddings, queries. Its weight is ``weight``.

    Written without the batch, and expanded over it: a class token is ``[1, 768]``, positions for
    197 tokens are ``[197, 768]``.
    """

    reference = "nn.Parameter, keras.Layer.add_weight"
    equation = "params = Πshape"
    example = (
        "{type: sequential, layers: [{type: parameter, name: token, shape: [1, 768]}, "
        "{type: concat, from: [token, input], dim: 1}]}",
        (196, 768),
    )

    def weights(self, call: Call) -> Weights:
        return {"weight": self.sizes()}


class Constant(_Source):
    """A fixed tensor: position indices, masks, tables. It is written without the batch."""

    dtype: DType = arg("its dtype", default="float32")

    aliases = ("buffer",)
    reference = "torch.Tensor.register_buffer, ONNX Constant"
    example = (
        "{type: sequential, layers: [{type: constant, name: order, shape: [196], dtype: int64}, "
        "{type: index_select, from: [input, order], dim: 1}]}",
        (196, 768),
    )

    def stored_as(self) -> str:
        return self.dtype

    def buffers(self, call: Call) -> dict[str, Tensor]:
        return {"value": Tensor(self.sizes(), self.dtype, batched=False)}
