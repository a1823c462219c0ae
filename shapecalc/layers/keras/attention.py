"""Attention, as Keras has it: sizes are those of one head."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.attention_cost import attention_ops
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
from shapecalc.layers.cost import Kept, Wanted, added, times
from shapecalc.layers.reaches import Reaches, steps
from shapecalc.layers.sequences import require_floats, require_probability, total


class _KerasAttention(Layer):
    """What Keras' attentions share: queries from the first input, values (and keys) from others.

    The order is that of Keras' call: ``from: [query, value, key]``; without a key the values are
    the keys, without a value the queries are both.
    """

    dropout: float = arg("probability of a weight to be zeroed while training", default=0.0)
    bias: bool = arg("whether the projections have a bias", default=True)
    use_gate: bool = arg("whether a gate learned from the query is applied", default=False)

    autocast = "lower"
    frameworks = ("keras",)
    foreign = {"use_bias": "bias"}
    arity = (1, 3)

    def check(self, call: Call) -> bool:
        """Whether the inputs are sequences that fit; what is wrong is reported."""
        require_floats(call, self)
        require_probability(call, "dropout", self.dropout)
        known = [tensor.shape for tensor in call.inputs if tensor.shape is not None]
        for shape in known:
            if not self.takes(len(shape)) or len(shape) != len(known[0]):
                call.report(
                    "SC103",
                    f"it takes sequences of vectors, it is given "
                    f"{' and '.join(format_shape(shape) for shape in known)}",
                    None if len(known) == 1 else "from",
                )
                return False
        self._check_lengths(call)
        return len(known) == len(call.inputs)

    def takes(self, axes: int) -> bool:
        """Whether inputs may have so many axes."""
        raise NotImplementedError

    def _check_lengths(self, call: Call) -> None:
        value, key = self.shapes(call)[1:]
        if value is None or key is None:
            return
        pairs = zip(value[:-1], key[:-1], strict=True)
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            call.report(
                "SC104",
                f"the values are {format_shape(value)}, the keys {format_shape(key)}: they must "
                "agree on all but the last axis",
                "from",
            )

    @staticmethod
    def shapes(call: Call) -> tuple[Shape | None, Shape | None, Shape | None]:
        """The shapes of queries, values and keys."""
        last = len(call.inputs) - 1
        query, value, key = (call.inputs[min(position, last)].shape for position in range(3))
        return query, value, key

    def projections(self, **shapes: tuple[Shape, int]) -> Weights:
        """The weights of inner dense layers, the bias over the last so many axes of the kernel."""
        weights: Weights = {}
        for name, (kernel, axes) in shapes.items():
            weights[f"{name}/kernel"] = kernel
            if self.bias:
                weights[f"{name}/bias"] = kernel[-axes:]
        return weights

    def cost(self, call: Call, heads: int, key_dim: int, value_dim: int) -> int | None:
        """Each projection at each position, and every query with every key."""
        query, value, _ = self.shapes(call)
        if query is None or value is None:
            return None
        queries, keys = product(query[:-1]), product(value[:-1])
        weights = {n: product(s) for n, s in self.weights(call).items() if n.endswith("/kernel")}
        inner = [
            product((keys if name in ("key/kernel", "value/kernel") else queries, size))
            for name, size in weights.items()
        ]
        return total(*inner, product((queries, keys, heads, key_dim + value_dim)))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return steps(call, number)

    def ops(self, call: Call, heads: int) -> Dim:
        """The element operations between every query and every key."""
        query, value, _ = self.shapes(call)
        if query is None or value is None:
            return None
        return attention_ops(heads, product(query[:-1]), product(value[:-1]))

    def numbers(self, call: Call, queries: int, keys: int, values: int, heads: int) -> Kept:
        """The inputs; queries, keys and values of so many features as projected; the weights, and
        what they attend to."""
        query, value, _ = self.shapes(call)
        if query is None or value is None:
            return Kept(own=(Tensor((None,)),))
        length, met = product(query[:-1]), product(value[:-1])
        weights = product((heads, length, met))
        projected = added(times(2 * queries, length), times(keys + values, met))
        numbers = added(projected, times(2 if self.dropout else 1, weights))
        own = (Tensor((numbers,)),)
        masks = (Tensor((weights,), "bool"),) if self.dropout else ()
        return Kept(inputs=tuple(range(len(call.inputs))), own=own + masks)


class KerasMultiheadAttention(_KerasAttention):
    """Every position of the queries gathers from all positions of the values, in several heads."""

    num_heads: int = arg("how many heads")
    key_dim: int = arg("features of queries and keys in each head")
    value_dim: int | None = arg("features of values in each head; by default key_dim", default=None)
    output_shape: int | tuple[int, ...] | None = arg(
        "the last axes of the output; by default those of the queries", default=None
    )

    aliases = ("multi_head_attention",)
    reference = "keras.layers.MultiHeadAttention, torch.nn.MultiheadAttention, ONNX Attention"
    equation = "params = 4·E·heads·key_dim + 3·heads·key_dim + E"
    example = "{type: multihead_attention, num_heads: 8, key_dim: 64}", (50, 512)

    def takes(self, axes: int) -> bool:
        return axes >= 2

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        for field in ("num_heads", "key_dim", "value_dim"):
            value: int | None = getattr(self, field)
            if value is not None:
                call.require_least(field, value)
        fits = self.check(call)
        last = self._last(call)
        for size in last if self.output_shape else ():
            if size is not None and not call.require_least("output_shape", size):
                break
        shape = (*call.shape[:-1], *last) if fits and call.shape else None
        return (Tensor(shape, "float32", call.batched),)

    def _last(self, call: Call) -> Shape:
        """The last axes of the output."""
        if isinstance(self.output_shape, int) and self.output_shape:
            return (self.output_shape,)
        if self.output_shape:
            return tuple(self.output_shape)
        return call.shape[-1:] if call.shape else (None,)

    @property
    def _value_dim(self) -> int:
        return self.value_dim or self.key_dim

    def weights(self, call: Call) -> Weights:
        query, value, key = (shape[-1] if shape else None for shape in self.shapes(call))
        heads, last = self.num_heads, self._last(call)
        gate: dict[str, tuple[Shape, int]] = {}
        if self.use_gate:
            gate["gate"] = ((query, heads, self._value_dim), 2)
        return self.projections(
            query=((query, heads, self.key_dim), 2),
            key=((key, heads, self.key_dim), 2),
            **gate,
            value=((value, heads, self._value_dim), 2),
            attention_output=((heads, self._value_dim, *last), len(last)),
        )

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return self.cost(call, self.num_heads, self.key_dim, self._value_dim)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.ops(call, self.num_heads)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        keys, values = self.num_heads * self.key_dim, self.num_heads * self._value_dim
        return self.numbers(call, keys, keys, values, self.num_heads)


class GroupQueryAttention(_KerasAttention):
    """Multi-head attention in which several heads of the queries share one of the keys."""

    head_dim: int = arg("features of each head")
    num_query_heads: int = arg("how many heads the queries have")
    num_key_value_heads: int = arg("how many heads keys and values have; divides the others")

    reference = "keras.layers.GroupQueryAttention"
    aliases = ("grouped_query_attention",)
    equation = "params = 2·E·head_dim·(num_query_heads + num_key_value_heads), and biases"
    example = (
        "{type: group_query_attention, head_dim: 64, num_query_heads: 8, num_key_value_heads: 2}",
        (50, 512),
    )

    def takes(self, axes: int) -> bool:
        return axes == 2

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        fields = ("head_dim", "num_query_heads", "num_key_value_heads")
        positive = [call.require_least(field, getattr(self, field)) for field in fields]
        if all(positive) and self.num_query_heads % self.num_key_value_heads:
            call.report(
                "SC105",
                f"num_key_value_heads is {self.num_key_value_heads}, which does not divide "
                f"num_query_heads {self.num_query_heads}",
                "num_key_value_heads",
            )
        fits = self.check(call)
        query, value, _ = (shape[-1] if shape else None for shape in self.shapes(call))
        if fits and None not in (query, value) and query != value:
            message = f"the queries have {query} features, the values {value}"
            call.report("SC104", message, "from")
        return (Tensor(call.shape if fits else None, "float32", call.batched),)

    def weights(self, call: Call) -> Weights:
        query, value, key = (shape[-1] if shape else None for shape in self.shapes(call))
        heads, groups, size = self.num_query_heads, self.num_key_value_heads, self.head_dim
        gate: dict[str, tuple[Shape, int]] = {}
        if self.use_gate:
            gate["gate"] = ((query, heads, size), 2)
        return self.projections(
            query=((query, heads, size), 2),
            key=((key, groups, size), 2),
            **gate,
            value=((value, groups, size), 2),
            attention_output=((heads, size, query), 1),
        )

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return self.cost(call, self.num_query_heads, self.head_dim, self.head_dim)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.ops(call, self.num_query_heads)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        queries = self.num_query_heads * self.head_dim
        keys = self.num_key_value_heads * self.head_dim
        return self.numbers(call, queries, keys, keys, self.num_query_heads)
