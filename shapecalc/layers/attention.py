"""Attention, and the transformers made of it.

Every query meets every key: besides the projections, attention costs ``2·L·S·E`` for ``L`` queries
and ``S`` keys (the products with the keys, and the weighted sum of the values).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from shapecalc.layers.attention_cost import Attention, Block, Numbers, as_kept, attention_ops
from shapecalc.layers.base import Call, Dim, Layer, Tensor, Weights, arg, product
from shapecalc.layers.cost import Kept, Wanted, added, times
from shapecalc.layers.reaches import Reaches, steps
from shapecalc.layers.sequences import (
    bounded,
    require_batch_first,
    require_floats,
    require_layers,
    require_probability,
    require_sequences,
    sequence_of,
    total,
)


def check_heads(call: Call, field: str, heads: int, size_field: str, size: Dim) -> None:
    """SC105 where the heads do not divide the features."""
    if call.require_least(field, heads) and size is not None and size % heads:
        call.report(
            "SC105",
            f"{field} is {heads}, which does not divide {size_field} {size}",
            field,
            f"use a divisor of {size}, or make {size_field} a multiple of {heads}",
        )


def linear_weights(prefix: str, rows: Dim, columns: Dim, bias: bool) -> Weights:
    """The weights of an inner dense layer."""
    weights: Weights = {f"{prefix}.weight": (rows, columns)}
    return weights | ({f"{prefix}.bias": (rows,)} if bias else {})


def norm_weights(prefix: str, size: Dim, bias: bool) -> Weights:
    """The weights of an inner layer norm."""
    weights: Weights = {f"{prefix}.weight": (size,)}
    return weights | ({f"{prefix}.bias": (size,)} if bias else {})


def attention_weights(size: Dim, bias: bool) -> Weights:
    """The weights of an attention whose keys and values have as many features as its queries."""
    weights: Weights = {"in_proj_weight": (times(3, size), size)}
    if bias:
        weights["in_proj_bias"] = (times(3, size),)
    return weights | linear_weights("out_proj", size, size, bias)


def attention_macs(
    size: Dim, queries: Dim, keys: Dim, kdim: Dim, vdim: Dim, extra_keys: int = 0
) -> Dim:
    """Projections of queries, keys, values and output, and two products of queries and keys."""
    met = None if keys is None else keys + extra_keys
    return total(
        times(2, product((queries, size, size))),
        product((keys, kdim, size)),
        product((keys, vdim, size)),
        times(2, product((queries, met, size))),
    )


class MultiheadAttention(Layer):
    """Attention of queries to keys and values, which are the queries themselves unless given.

    ``from: x`` attends to itself, ``from: [q, kv]`` to another sequence, ``from: [q, k, v]`` to
    keys and values of their own. Output 0 is the attended sequence, output 1 the weights, averaged
    over the heads: one for each query and key.
    """

    embed_dim: int | None = arg("features of the queries and the output; inferred", default=None)
    num_heads: int = arg("into how many heads the features are divided")
    dropout: float = arg("probability of a weight to be zeroed", default=0.0)
    bias: bool = arg("whether the projections have a bias", default=True)
    add_bias_kv: bool = arg("add a learned key and value", default=False)
    add_zero_attn: bool = arg("add a key and value of zeros", default=False)
    kdim: int | None = arg("features of the keys; by default embed_dim", default=None)
    vdim: int | None = arg("features of the values; by default embed_dim", default=None)
    batch_first: bool = arg("true: shapes are written without the batch", default=True)

    autocast = "lower"
    arity = (1, 3)
    aliases = ("multi_head_attention",)
    foreign = {"key_dim": "kdim", "value_dim": "vdim", "use_bias": "bias"}
    reference = "torch.nn.MultiheadAttention, keras.layers.MultiHeadAttention, ONNX Attention"
    equation = "params = 4·E² + 4·E; num_heads divides E"
    example = "{type: multihead_attention, num_heads: 8}", (50, 512)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        require_batch_first(call, self.batch_first)
        require_probability(call, "dropout", self.dropout)
        require_sequences(call, self)
        queries, received = sequence_of(call.input)
        size = call.check_declared("embed_dim", self.embed_dim, received)
        check_heads(call, "num_heads", self.num_heads, "embed_dim", size)
        keys = self._check_keys(call, size)
        met = None if keys is None else keys + self._extra_keys
        return call.tensor((queries, size)) + call.tensor((queries, met))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return steps(call, number)

    @property
    def _extra_keys(self) -> int:
        return self.add_bias_kv + self.add_zero_attn

    def _check_keys(self, call: Call, size: Dim) -> Dim:
        """Compare keys and values with what they must be; how many keys there are."""
        (keys, key_features), (values, value_features) = (
            sequence_of(call.inputs[:position][-1]) for position in (2, 3)
        )
        self._check_features(call, size, key_features, value_features)
        if None not in (keys, values) and keys != values:
            call.report("SC104", f"there are {keys} keys and {values} values", "from")
        return values if keys is None else keys

    def _check_features(self, call: Call, size: Dim, key: Dim, value: Dim) -> None:
        if len(call.inputs) == 1 and any(p.field == "embed_dim" for p in call.problems):
            return
        wrong = []
        for field, declared, received in (("kdim", self.kdim, key), ("vdim", self.vdim, value)):
            if declared is not None:
                call.check_declared(field, declared, received)
            elif None not in (size, received) and received != size:
                wrong.append((field, received))
        if wrong:
            which = " and ".join("keys" if field == "kdim" else "values" for field, _ in wrong)
            call.report(
                "SC101",
                f"the {which} have {wrong[0][1]} features, embed_dim is {size}",
                "from",
                "write " + ", ".join(f"{field}: {received}" for field, received in wrong),
            )

    def _sizes(self, call: Call) -> tuple[Dim, Dim, Dim]:
        """Features of queries, keys and values."""
        shape = call.shape
        size = (shape[-1] if shape else None) if self.embed_dim is None else self.embed_dim
        return (
            size,
            size if self.kdim is None else self.kdim,
            size if self.vdim is None else self.vdim,
        )

    def weights(self, call: Call) -> Weights:
        size, kdim, vdim = self._sizes(call)
        weights = attention_weights(size, self.bias)
        if not size == kdim == vdim:
            del weights["in_proj_weight"]
            weights |= {
                "q_proj_weight": (size, size),
                "k_proj_weight": (size, kdim),
                "v_proj_weight": (size, vdim),
            }
        if self.add_bias_kv:
            weights |= {"bias_k": (1, 1, size), "bias_v": (1, 1, size)}
        return weights

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        size, kdim, vdim = self._sizes(call)
        (queries, _), (_, met) = (tensor.shape or (None, None) for tensor in outputs)
        keys = None if met is None else met - self._extra_keys
        return attention_macs(size, queries, keys, kdim, vdim, self._extra_keys)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        queries, met = outputs[1].shape or (None, None)
        # The weights are averaged over the heads too.
        return added(
            attention_ops(self.num_heads, queries, met), product((self.num_heads, queries, met))
        )

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        size, kdim, vdim = self._sizes(call)
        queries, keys = (call.inputs[n].shape or (None,) for n in (0, min(1, len(call.inputs) - 1)))
        attention = Attention(
            self.num_heads,
            size,
            queries[0],
            keys[0],
            (kdim, vdim)[: len(call.inputs) - 1],
            self._extra_keys,
            self.dropout,
        )
        # Weights that nothing reads need not be computed (`need_weights=False`).
        return as_kept(attention.kept(with_weights=wanted.outputs[1]), input_too=False)


class _Transformer(Layer):
    """What transformers and their layers share: attention and a dense stack, with norms."""

    d_model: int | None = arg("features of the sequence; inferred", default=None)
    nhead: int = arg("into how many heads the features are divided")
    dim_feedforward: int = arg("features inside the dense stack", default=2048)
    dropout: float = arg("probability of an element to be zeroed", default=0.1)
    activation: Literal["relu", "gelu"] = arg("between the dense layers", default="relu")
    layer_norm_eps: float = arg("added to the variance in the norms", default=1e-5)
    batch_first: bool = arg("true: shapes are written without the batch", default=True)
    norm_first: bool = arg("normalise before attention and dense stack, not after", default=False)
    bias: bool = arg("whether dense layers, attention and norms have a bias", default=True)

    autocast = "lower"
    foreign = {"num_heads": "nhead", "embed_dim": "d_model", "intermediate_dim": "dim_feedforward"}
    #: Which input is the sequence that comes out.
    main: ClassVar[int] = 0

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        require_batch_first(call, self.batch_first)
        require_probability(call, "dropout", self.dropout)
        call.require_least("dim_feedforward", self.dim_feedforward)
        require_sequences(call, self)
        _, received = sequence_of(call.input)
        size = call.check_declared("d_model", self.d_model, received)
        check_heads(call, "nhead", self.nhead, "d_model", size)
        self.check_layers(call)
        for tensor in call.inputs[1:]:
            self._check_other(call, sequence_of(tensor)[1], size)
        return call.tensor((self.length(call, self.main), size))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return steps(call, number)

    def check_layers(self, call: Call) -> None:
        """How many layers are stacked."""

    @staticmethod
    def _check_other(call: Call, features: Dim, size: Dim) -> None:
        """SC101 where another input has other features than the first one."""
        if None not in (features, size) and features != size:
            call.report(
                "SC101",
                f"the second input has {features} features, d_model is {size}",
                "from",
                f"put {{type: linear, out_features: {size}}} before it",
            )

    @staticmethod
    def length(call: Call, position: int) -> Dim:
        """How many vectors an input has."""
        return sequence_of(call.inputs[position])[0] if position < len(call.inputs) else None

    def size(self, call: Call) -> Dim:
        """The number of features, declared or received."""
        shape = call.shape
        return (shape[-1] if shape else None) if self.d_model is None else self.d_model

    def layer_weights(self, size: Dim, *attentions: str) -> Weights:
        """The weights of one layer with these attentions."""
        weights: Weights = {}
        for name in attentions:
            inner = attention_weights(size, self.bias).items()
            weights |= {f"{name}.{inner_name}": shape for inner_name, shape in inner}
        weights |= linear_weights("linear1", self.dim_feedforward, size, self.bias)
        weights |= linear_weights("linear2", size, self.dim_feedforward, self.bias)
        for number in range(1, len(attentions) + 2):
            weights |= norm_weights(f"norm{number}", size, self.bias)
        return weights

    def encoder_weights(self, size: Dim) -> Weights:
        """The weights of one encoder layer."""
        return self.layer_weights(size, "self_attn")

    def decoder_weights(self, size: Dim) -> Weights:
        """The weights of one decoder layer."""
        return self.layer_weights(size, "self_attn", "multihead_attn")

    def stacked(self, layer: Weights, count: int, size: Dim, norm: bool) -> Weights:
        """The weights of a stack of equal layers, with a norm behind it."""
        weights = {
            f"layers.{number}.{name}": shape
            for number in range(bounded(count))
            for name, shape in layer.items()
        }
        return weights | (norm_weights("norm", size, self.bias) if norm else {})

    def layer_macs(self, size: Dim, length: Dim, *met: Dim) -> Dim:
        """The cost of one layer of so many positions, which attend to so many each time."""
        attentions = (attention_macs(size, length, keys, size, size) for keys in met)
        return total(*attentions, times(2, product((length, size, self.dim_feedforward))))

    def encoder_macs(self, call: Call, position: int = 0) -> Dim:
        """The cost of one encoder layer on an input."""
        length = self.length(call, position)
        return self.layer_macs(self.size(call), length, length)

    def decoder_macs(self, call: Call, position: int, memory: int) -> Dim:
        """The cost of one decoder layer on an input and a memory."""
        length = self.length(call, position)
        return self.layer_macs(self.size(call), length, length, self.length(call, memory))

    def block(self, call: Call) -> Block:
        """One layer, as far as its cost goes."""
        return Block(
            self.size(call),
            self.nhead,
            self.dim_feedforward,
            self.activation == "gelu",
            self.dropout,
            self.norm_first,
        )

    def encoder_kept(self, call: Call) -> Numbers:
        """What one encoder layer on the first input keeps."""
        length = self.length(call, 0)
        return self.block(call).kept(length, length)

    def decoder_kept(self, call: Call, position: int, memory: int) -> Numbers:
        """What one decoder layer on an input and a memory keeps."""
        length = self.length(call, position)
        return self.block(call).kept(length, length, self.length(call, memory))

    def encoder_ops(self, call: Call) -> Dim:
        """The element operations of one encoder layer on the first input."""
        length = self.length(call, 0)
        return self.block(call).ops(length, length)

    def decoder_ops(self, call: Call, position: int, memory: int) -> Dim:
        """The element operations of one decoder layer on an input and a memory."""
        length = self.length(call, position)
        return self.block(call).ops(length, length, self.length(call, memory))

    def norm_ops(self, call: Call, position: int) -> Dim:
        """The element operations of a norm behind a stack."""
        return product((5, self.length(call, position), self.size(call)))


class TransformerEncoderLayer(_Transformer):
    """Self-attention and a dense stack, each with a shortcut and a norm."""

    reference = "torch.nn.TransformerEncoderLayer, keras_hub.layers.TransformerEncoder"
    equation = "params = 4·E² + 4·E + 2·E·F + F + E + 4·E"
    example = "{type: transformer_encoder_layer, nhead: 8}", (50, 512)

    def weights(self, call: Call) -> Weights:
        return self.encoder_weights(self.size(call))

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return self.encoder_macs(call)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.encoder_ops(call)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return as_kept(self.encoder_kept(call), self.norm_first)


class TransformerDecoderLayer(_Transformer):
    """Self-attention, attention to a memory and a dense stack: ``from: [target, memory]``."""

    arity = (2, 2)
    reference = "torch.nn.TransformerDecoderLayer, keras_hub.layers.TransformerDecoder"
    equation = "params = 2·(4·E² + 4·E) + 2·E·F + F + E + 6·E"
    example = "{type: transformer_decoder_layer, nhead: 8, from: [prev, input]}", (50, 512)

    def weights(self, call: Call) -> Weights:
        return self.decoder_weights(self.size(call))

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return self.decoder_macs(call, 0, 1)

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.decoder_ops(call, 0, 1)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return as_kept(self.decoder_kept(call, 0, 1), self.norm_first)


class _Stack(_Transformer):
    """Equal transformer layers one after another."""

    num_layers: int = arg("how many layers are stacked")
    norm: bool = arg("whether a layer norm follows the last one", default=False)

    def check_layers(self, call: Call) -> None:
        require_layers(call, "num_layers", self.num_layers)


class TransformerEncoder(_Stack):
    """A stack of encoder layers."""

    reference = "torch.nn.TransformerEncoder"
    equation = "params = num_layers·(those of an encoder layer), and 2·E with norm"
    example = "{type: transformer_encoder, nhead: 8, num_layers: 6}", (50, 512)

    def weights(self, call: Call) -> Weights:
        size = self.size(call)
        return self.stacked(self.encoder_weights(size), self.num_layers, size, self.norm)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return times(bounded(self.num_layers), self.encoder_macs(call))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        layers = times(bounded(self.num_layers), self.encoder_ops(call))
        return added(layers, self.norm_ops(call, 0) if self.norm else 0)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return as_kept(
            self.block(call).stacked(
                bounded(self.num_layers),
                self.encoder_kept(call),
                self.length(call, 0),
                self.norm,
            ),
            self.norm_first,
        )


class TransformerDecoder(_Stack):
    """A stack of decoder layers, which all attend to one memory: ``from: [target, memory]``."""

    arity = (2, 2)
    reference = "torch.nn.TransformerDecoder"
    equation = "params = num_layers·(those of a decoder layer), and 2·E with norm"
    example = (
        "{type: transformer_decoder, nhead: 8, num_layers: 6, from: [prev, input]}",
        (50, 512),
    )

    def weights(self, call: Call) -> Weights:
        size = self.size(call)
        return self.stacked(self.decoder_weights(size), self.num_layers, size, self.norm)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return times(bounded(self.num_layers), self.decoder_macs(call, 0, 1))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        layers = times(bounded(self.num_layers), self.decoder_ops(call, 0, 1))
        return added(layers, self.norm_ops(call, 0) if self.norm else 0)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return as_kept(
            self.block(call).stacked(
                bounded(self.num_layers),
                self.decoder_kept(call, 0, 1),
                self.length(call, 0),
                self.norm,
            ),
            self.norm_first,
        )


class Transformer(_Transformer):
    """An encoder, and a decoder that attends to what it yields: ``from: [source, target]``."""

    nhead: int = arg("into how many heads the features are divided", default=8)
    num_encoder_layers: int = arg("layers of the encoder", default=6)
    num_decoder_layers: int = arg("layers of the decoder", default=6)

    main = 1
    arity = (2, 2)
    reference = "torch.nn.Transformer"
    equation = "params = those of both stacks, and a norm behind each"
    example = "{type: transformer, nhead: 8, from: [input, prev]}", (50, 512)

    def check_layers(self, call: Call) -> None:
        require_layers(call, "num_encoder_layers", self.num_encoder_layers)
        require_layers(call, "num_decoder_layers", self.num_decoder_layers)

    def weights(self, call: Call) -> Weights:
        return dict(self._named(self.size(call)))

    def _named(self, size: Dim) -> Iterator[tuple[str, tuple[Dim, ...]]]:
        parts = {
            "encoder": (self.encoder_weights(size), self.num_encoder_layers),
            "decoder": (self.decoder_weights(size), self.num_decoder_layers),
        }
        for part, (layer, count) in parts.items():
            for name, shape in self.stacked(layer, count, size, norm=True).items():
                yield f"{part}.{name}", shape

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return total(
            times(bounded(self.num_encoder_layers), self.encoder_macs(call)),
            times(bounded(self.num_decoder_layers), self.decoder_macs(call, 1, 0)),
        )

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return added(
            times(bounded(self.num_encoder_layers), self.encoder_ops(call)),
            times(bounded(self.num_decoder_layers), self.decoder_ops(call, 1, 0)),
            self.norm_ops(call, 0),
            self.norm_ops(call, 1),
        )

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        block = self.block(call)
        encoder = block.stacked(
            bounded(self.num_encoder_layers), self.encoder_kept(call), self.length(call, 0), True
        )
        decoder = block.stacked(
            bounded(self.num_decoder_layers),
            self.decoder_kept(call, 1, 0),
            self.length(call, 1),
            True,
        )
        own = (*encoder.tensors(), *decoder.tensors())
        return Kept(inputs=(0, 1) if self.norm_first else (), own=own)
