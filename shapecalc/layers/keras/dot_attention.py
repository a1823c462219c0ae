"""Attention without projections, as Keras has it: Luong's (dot products) and Bahdanau's (sums)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    Shape,
    Tensor,
    Weights,
    arg,
    format_shape,
    product,
)
from shapecalc.layers.cost import Kept, Wanted, times
from shapecalc.layers.sequences import require_floats, require_probability, total


class _PlainAttention(Layer):
    """Every position of the queries gathers from all positions of the values.

    The order is that of Keras' call: ``from: [query, value, key]``; without a key the values are
    the keys.
    """

    dropout: float = arg("probability of a weight to be zeroed while training", default=0.0)

    autocast = "lower"
    frameworks = ("keras",)
    arity = (2, 3)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        require_probability(call, "dropout", self.dropout)
        query, value, key = shapes = self._shapes(call)
        if query is None or value is None or key is None or not self._fit(call, shapes):
            return (Tensor(None, "float32", call.batched),)
        return (Tensor((*query[:-1], value[-1]), "float32", call.batched),)

    @staticmethod
    def _shapes(call: Call) -> tuple[Shape | None, Shape | None, Shape | None]:
        """The shapes of queries, values and keys."""
        query, value, key = (*call.inputs, call.inputs[-1])[:3]
        return query.shape, value.shape, key.shape

    @staticmethod
    def _fit(call: Call, shapes: tuple[Shape | None, ...]) -> bool:
        """Whether the inputs are sequences of vectors that fit; what is wrong is reported."""
        query, value, key = (shape or () for shape in shapes)
        if len({len(query), len(value), len(key)}) > 1 or len(query) < 2:
            message = f"it takes sequences of vectors, it is given {_listed(query, value, key)}"
            call.report("SC103", message, "from")
            return False
        if _differ(query[-1:], key[-1:]):
            message = f"the queries have {query[-1]} features, the keys {key[-1]}"
        elif _differ(value[-2:-1], key[-2:-1]):
            message = f"there are {value[-2]} values and {key[-2]} keys"
        elif _differ(query[:-2], key[:-2]) or _differ(query[:-2], value[:-2]):
            message = f"the axes before the last two differ: {_listed(query, value, key)}"
        else:
            return True
        call.report("SC104", message, "from")
        return False

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        query, value, _ = self._shapes(call)
        if query is None or value is None or outputs[0].shape is None:
            return None
        scores = product((*query[:-1], value[-2]))
        return product((scores, total(self._products(query), value[-1])))

    def _products(self, query: Shape) -> int | None:
        """The products that one score takes."""
        raise NotImplementedError

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # The scale, and softmax's exponential, sum and division.
        return times(4, self._scores(call))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        scores = self._scores(call)
        masks = (Tensor((scores,), "bool"), Tensor((scores,))) if self.dropout else ()
        return Kept(tuple(range(len(call.inputs))), own=(Tensor((scores,)), *masks))

    def _scores(self, call: Call) -> Dim:
        """How many pairs of a query and a value there are."""
        query, value, _ = self._shapes(call)
        if query is None or value is None or len(value) < 2:
            return None
        return product((*query[:-1], value[-2]))


def _differ(one: Shape, other: Shape) -> bool:
    return any(None not in pair and pair[0] != pair[1] for pair in zip(one, other, strict=True))


def _listed(query: Shape, value: Shape, key: Shape) -> str:
    return " and ".join(format_shape(shape) for shape in dict.fromkeys((query, value, key)))


class Attention(_PlainAttention):
    """Attention by the dot products of queries and keys (Luong), which are not scaled."""

    use_scale: bool = arg("whether one learned number scales the scores", default=False)
    score_mode: Literal["dot", "concat"] = arg(
        "dot products, or the sum of tanh(query + key)", default="dot"
    )

    aliases = ("luong_attention",)
    reference = "keras.layers.Attention, torch.nn.functional.scaled_dot_product_attention"
    equation = "softmax(Q·Kᵀ)·V"
    example = "{type: attention, from: [input, input]}", (50, 64)

    def weights(self, call: Call) -> Weights:
        scale: Weights = {"scale": ()} if self.use_scale else {}
        return scale | ({"concat_score_weight": ()} if self.score_mode == "concat" else {})

    def _products(self, query: Shape) -> int | None:
        return query[-1] if self.score_mode == "dot" else 0


class AdditiveAttention(_PlainAttention):
    """Attention by the weighted sum of tanh(query + key) (Bahdanau)."""

    use_scale: bool = arg("whether each feature has a learned weight in the sum", default=True)

    aliases = ("bahdanau_attention",)
    reference = "keras.layers.AdditiveAttention"
    equation = "softmax(Σ scale·tanh(Q + K))·V"
    example = "{type: additive_attention, from: [input, input]}", (50, 64)

    def weights(self, call: Call) -> Weights:
        query = self._shapes(call)[0]
        return {"scale": (query[-1] if query else None,)} if self.use_scale else {}

    def _products(self, query: Shape) -> int | None:
        return query[-1] if self.use_scale else 0
