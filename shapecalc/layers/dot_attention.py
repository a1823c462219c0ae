"""Attention as a function of queries, keys and values; ``attention.py`` has the layers."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, arg, format_shape, product
from shapecalc.layers.cost import Kept, Wanted, times
from shapecalc.layers.dtypes import FLOAT, kind_of, require_kind, require_one_dtype
from shapecalc.layers.merge import broadcast, describe_inputs
from shapecalc.layers.reaches import Along, Reaches
from shapecalc.layers.strides import Strides, contiguous, full_sizes
from shapecalc.reach import PREFIX

#: How many axes, with the batch, the fused kernels take.
FUSED_RANK = 4


class ScaledDotProductAttention(Layer):
    """``softmax(q kᵀ/√E) v`` with ``from: [q, k, v]``, and a mask as a fourth input."""

    dropout_p: float = arg("probability of an attention weight to be zeroed", default=0.0)
    is_causal: bool = arg("whether later keys are masked", default=False)
    scale: float | None = arg("factor of the products; by default 1/√E", default=None)
    enable_gqa: bool = arg("whether a head of keys may serve several of queries", default=False)

    autocast = "lower"
    arity = (3, 4)
    aliases = ("sdpa",)
    reference = "torch.nn.functional.scaled_dot_product_attention, ONNX Attention"
    equation = "q […, L, E], k […, S, E], v […, S, V] → […, L, V]; MACs = L·S·(E + V) a head"
    example = "{type: scaled_dot_product_attention, from: [input, prev, prev]}", (12, 197, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        self._check_arguments(call)
        shapes = [tensor.shape for tensor in call.inputs[:3] if tensor.shape is not None]
        if any(len(shape) < 2 for shape in shapes):
            call.report(
                "SC103",
                f"shapes {describe_inputs(call)}: a sequence of features has two axes besides "
                "the batch",
                "from",
            )
            return call.tensor(None)
        if len(shapes) < 3:
            return call.tensor(None)
        leading = self._leading(call)
        found = None if leading is None else broadcast(call, leading)
        if leading is None or found is None:
            return call.tensor(None)
        query, key, value = (shape[-2:] for shape in shapes)
        self._check_pair(call, "features of queries and keys", query[1], key[1])
        self._check_pair(call, "lengths of keys and values", key[0], value[0])
        scores = broadcast(Call(call.inputs), leading[:2])
        if len(call.inputs) > 3 and scores is not None:
            self._check_mask(call, (*scores, query[0], key[0]))
        return call.tensor((*found, query[0], value[1]))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        given, yielded = call.inputs[number].shape or (), outputs[0].shape or ()
        rank = len(yielded)
        if number == 0:
            return [*map(Along, range(rank - 1)), None]
        past = Along(rank - 2, PREFIX) if self.is_causal and len(given) == rank else None
        return [*([None] * (rank - 2)), past, None]

    def _check_arguments(self, call: Call) -> None:
        require_kind(call, FLOAT, call.inputs[:3])
        require_one_dtype(call, call.inputs[:3])
        if self.dropout_p > 1:
            call.report("SC106", f"dropout_p is {self.dropout_p}, at most 1 is", "dropout_p")
        if self.is_causal and len(call.inputs) > 3:
            call.report(
                "SC106",
                "is_causal is a mask, and another one is given",
                "is_causal",
                "leave one of them out",
            )

    def _leading(self, call: Call) -> list[Tensor] | None:
        """Queries, keys and values without (length, features), heads repeated for each query."""
        leading = [tensor._replace(shape=(tensor.shape or ())[:-2]) for tensor in call.inputs[:3]]
        if not self.enable_gqa:
            return leading
        if any(not tensor.shape and not tensor.batched for tensor in leading):
            call.report("SC103", "enable_gqa needs an axis of heads", "enable_gqa")
            return None
        query = leading[0].shape
        if not query or any(not tensor.shape for tensor in leading):
            return leading
        for tensor in leading[1:]:
            self._check_heads(call, query[-1], (tensor.shape or ())[-1])
        return [
            tensor._replace(shape=(*(tensor.shape or ())[:-1], query[-1])) for tensor in leading
        ]

    @staticmethod
    def _check_heads(call: Call, queries: Dim, keys: Dim) -> None:
        if queries is not None and keys is not None and queries % keys and not call.problems:
            call.report(
                "SC105",
                f"the queries have {queries} heads, which the {keys} of keys or values do not "
                "divide",
                "from",
            )

    @staticmethod
    def _check_pair(call: Call, what: str, one: Dim, other: Dim) -> None:
        if one is not None and other is not None and one != other:
            call.report(
                "SC104",
                f"shapes {describe_inputs(call)} do not fit: the {what} are {one} and {other}",
                "from",
            )

    def _check_mask(self, call: Call, scores: Shape) -> None:
        mask = call.inputs[3]
        if mask.dtype not in ("bool", "float32", call.dtype) or kind_of(mask.dtype) == "integer":
            call.report(
                "SC109", f"the mask is {mask.dtype}, bool or {call.dtype} is needed", "from"
            )
        if mask.shape is None:
            return
        batched = any(tensor.batched for tensor in call.inputs[:2])
        rank = len(mask.shape)
        fits = rank == len(scores) and batched if mask.batched else 2 <= rank <= len(scores)
        over = scores[len(scores) - rank :] if fits else ()
        if not fits or any(
            size not in (None, 1, whole) and whole is not None
            for size, whole in zip(mask.shape, over, strict=True)
        ):
            call.report(
                "SC104",
                f"the mask {format_shape(mask.shape)} does not broadcast over the products of "
                f"queries and keys, {format_shape(scores)}",
                "from",
            )

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        query, key, _ = (tensor.shape for tensor in call.inputs[:3])
        out, scores = outputs[0].shape, self._scores(call)
        if out is None or not query or not key or scores is None:
            return None
        products = product((*scores, query[-1]))
        sums = product((*out, key[-2]))
        return None if products is None or sums is None else products + sums

    def _scores(self, call: Call) -> Shape | None:
        """The shape of the products of queries and keys."""
        query, key, _ = (tensor.shape for tensor in call.inputs[:3])
        leading = self._leading(Call(call.inputs))
        if leading is None or not query or not key or min(len(query), len(key)) < 2:
            return None
        heads = broadcast(Call(call.inputs), leading[:2])
        return None if heads is None else (*heads, query[-2], key[-2])

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        scores = self._scores(call)
        # The scale, and softmax's exponential, sum and division.
        return None if scores is None else times(4, product(scores))

    def laid_out(self, call: Call, outputs: Sequence[Tensor]) -> tuple[Strides | None, ...]:
        """The fused kernels yield one position after another, all heads of it together."""
        sizes = full_sizes(outputs[0])
        if sizes is None or len(sizes) != FUSED_RANK:
            return (None,)
        _, heads, _, features = sizes
        batch, _, rows, column = contiguous(sizes)
        return ((batch, features, rows * heads, column),)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """The fused kernels keep no weight of any query and key, but a sum for each query.

        They take (batch, heads, length, features); anything else is computed step by step, from
        scaled queries and keys and copies of the values.
        """
        scores = self._scores(call)
        weights = outputs[0]._replace(shape=scores)
        if call.shape is not None and len(call.shape) + call.batched != FUSED_RANK:
            masks = (weights._replace(dtype="bool"), weights) if self.dropout_p else ()
            return Kept(own=(*call.inputs[:3], weights, *masks))
        sums = outputs[0]._replace(shape=None if scores is None else scores[:-1])
        return Kept(tuple(range(len(call.inputs))), (0,), (sums,))
