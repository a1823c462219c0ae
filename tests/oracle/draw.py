"""What hypothesis draws for a layer type: its inputs, and arguments from its own fields.

A new layer type needs nothing here as long as its fields can be drawn from their annotations and
from the rank of its input. Where that seldom gives a layer that runs, add a line to :data:`FIELDS`
(what to draw for a field), :data:`RANKS` (how many axes it takes) or :data:`ARRANGE` (inputs that
have to fit the arguments).
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from math import prod
from typing import Any, Literal, NamedTuple, TypeVar

from hypothesis import strategies as st

from shapecalc.layers import catalogue
from shapecalc.layers.base import Layer, Tensor, format_shape
from shapecalc.sizes import SizeError, conv_size

Strategy = st.SearchStrategy[Any]
Sizes = tuple[int, ...]
T = TypeVar("T")
D = TypeVar("D")


class Case(NamedTuple):
    """A layer type, its arguments and what it is run on (without the batch)."""

    layer: type[Layer]
    args: dict[str, Any]
    inputs: tuple[Tensor, ...]

    @property
    def shape(self) -> Sizes:
        """The shape of the first input; all sizes are known."""
        return sizes_of(self.inputs[0])

    def __repr__(self) -> str:
        args = ", ".join(f"{name}={value!r}" for name, value in self.args.items())
        inputs = ", ".join(
            f"{format_shape(i.shape)} {i.dtype}{'' if i.batched else ' (source)'}"
            for i in self.inputs
        )
        return f"{self.layer.type_name}({args}) on {inputs}"


def sizes_of(tensor: Tensor) -> Sizes:
    """A shape that is known in full."""
    return tuple(size for size in tensor.shape or () if size is not None)


class Subject(NamedTuple):
    """What the arguments of a layer are drawn for."""

    layer: type[Layer]
    shape: Sizes

    @property
    def rank(self) -> int:
        """The number of spatial axes: the layer's, or else the input's."""
        return self.layer.rank or max(len(self.shape) - 1, 1)

    @property
    def channels(self) -> int:
        """The first size of the input."""
        return self.shape[0] if self.shape else 1

    @property
    def features(self) -> int:
        """The last size of the input."""
        return self.shape[-1] if self.shape else 1


@cache
def twins() -> dict[str, str]:
    """The layer types that stand for a class of ``torch.nn``, and its name."""
    found = {}
    for name, layer in catalogue("pytorch").types.items():
        match = re.search(r"torch\.nn\.([A-Z]\w*)", layer.reference)
        if match and not layer.container:
            found[name] = match[1]
    return found


Fields = tuple[tuple[dataclasses.Field[Any], Any], ...]


@cache
def all_fields(layer: Any) -> Fields:
    """All fields of a layer type and what they may be."""
    layer.prepare()
    hints = typing.get_type_hints(layer)
    return tuple((field, hints[field.name]) for field in dataclasses.fields(layer))


def fields_of(layer: type[Layer]) -> Fields:
    """The arguments of a layer type: its fields, other than those that name another layer."""
    cls: Any = layer
    return tuple(pair for pair in all_fields(cls) if not pair[0].metadata["reference"])


def references(layer: type[Layer]) -> list[str]:
    """The fields that must name another layer, whose output is then a further input."""
    cls: Any = layer
    return [
        field.name
        for field, _ in all_fields(cls)
        if field.metadata["reference"] and field.default is dataclasses.MISSING
    ]


def by_class(table: Mapping[str, T], layer: type[Layer], otherwise: D) -> T | D:
    """The entry of a layer type or of the nearest of its bases."""
    for base in layer.__mro__:
        if base.__name__ in table:
            return table[base.__name__]
    return otherwise


# Numbers: mostly small and legal, now and then at an edge or past it.

SMALL = st.integers(1, 4)
CHANNELS = st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 16])
#: How large an extreme may be for a tensor of so many axes to stay small.
HUGE = {1: 100, 2: 33, 3: 12}


def mostly(usual: Strategy, seldom: Strategy, one_in: int = 12) -> Strategy:
    """Draw from ``seldom`` once in a while."""
    return st.integers(0, one_in - 1).flatmap(lambda n: seldom if n == one_in - 1 else usual)


def numbers(subject: Subject) -> Strategy:
    """An integer argument: a size, a step, a count."""
    return mostly(SMALL, st.sampled_from([0, -1, -2, 5, 7, 9, HUGE.get(subject.rank, 9)]))


def steps(subject: Subject) -> Strategy:
    """A stride or a dilation, which cost nothing where they are large."""
    return mostly(st.integers(1, 3), st.sampled_from([0, -1, 4, 5, 7, 33, 10**6]))


def paddings(subject: Subject) -> Strategy:
    """A padding, and seldom one that crops."""
    return mostly(st.integers(0, 3), st.sampled_from([-1, -2, 4, 5, HUGE.get(subject.rank, 5)]))


FLOATS: Strategy = mostly(
    st.sampled_from([0.5, 1.0, 0.1, 2.0]), st.sampled_from([0.0, -1.0, 1.5, 1e-5, 1e9]), 4
)


RATIOS = mostly(st.floats(0.2, 0.9), st.sampled_from([0.0, -0.5, 1.0, 1.5, 1e-3]))
PROBABILITIES = mostly(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([-0.1, 1.5]))


def per_axis(element: Strategy, rank: int) -> Strategy:
    """One value for each axis, seldom of the wrong number."""
    exact = st.lists(element, min_size=rank, max_size=rank)
    return mostly(exact, st.lists(element, max_size=4)).map(tuple)


def one_or_per_axis(element: Strategy, rank: int) -> Strategy:
    """One value, or one for each axis."""
    return st.one_of(element, element, per_axis(element, rank))


def divisors(subject: Subject, size: int) -> Strategy:
    """A number that divides a size, seldom another."""
    fitting = [n for n in range(1, size + 1) if size % n == 0]
    return mostly(st.sampled_from(fitting), st.sampled_from([0, -1, 2, 3, 5, size + 1]), 6)


def conv_padding(subject: Subject) -> Strategy:
    """A padding of a convolution, which may be a word or differ between the sides."""
    sides = st.tuples(st.integers(0, 3), st.integers(0, 3))
    return st.one_of(
        one_or_per_axis(paddings(subject), subject.rank),
        st.sampled_from(["same", "valid"]),
        per_axis(sides, subject.rank),
    )


def pad_sides(subject: Subject) -> Strategy:
    """The argument of a padding layer: two numbers an axis, the last axis first."""
    element = mostly(st.integers(0, 3), st.integers(-3, 9), 3)
    return st.one_of(element, per_axis(element, 2 * subject.rank))


def axis_numbers(subject: Subject) -> Strategy:
    """An axis, counted with the batch."""
    total = len(subject.shape) + 1
    usual = st.integers(1, total - 1) | st.just(-1) if total > 1 else st.just(-1)
    return mostly(usual, st.integers(-total - 1, total), 4)


def declared(subject: Subject, size: int) -> Strategy:
    """A size of the input that may be left out: given right, or seldom wrong."""
    return mostly(st.just(size), st.sampled_from([size + 1, 1, 0, -1]), 4)


def last_axes(subject: Subject) -> Strategy:
    """The last sizes of the input, as ``normalized_shape`` has them."""
    shape = subject.shape or (1,)
    ends = st.integers(0, len(shape) - 1).map(lambda start: shape[start:])
    wrong = st.lists(CHANNELS | st.just(0), max_size=3).map(tuple) | CHANNELS
    return mostly(st.one_of(ends, st.just(shape[-1])), wrong, 6)


def factored(subject: Subject) -> Strategy:
    """Sizes that an axis of the input may be split into."""
    size = subject.channels
    pairs = [(a, size // a) for a in range(1, size + 1) if size % a == 0]
    with_rest = [*pairs, *((a, -1) for a, _ in pairs), *((1, *pair) for pair in pairs), (size,)]
    wrong = st.lists(st.integers(-2, 4), max_size=3).map(tuple)
    return mostly(st.sampled_from(with_rest), wrong, 4)


def factors(subject: Subject) -> Strategy:
    """Scale factors: doubles whose product with a size is often just below an integer."""
    element = mostly(
        st.sampled_from([0.5, 2.0, 1.5, 3.0, 0.29, 4.35, 1.1, 0.7]) | st.floats(0.2, 4),
        st.sampled_from([0.0, -1.0, 0.01, 1e-9]),
    )
    return one_or_per_axis(element, subject.rank)


#: What to draw for a field, by its name or by ``Class.name`` (the class or one of its bases).
FIELDS: dict[str, Callable[[Subject], Strategy]] = {
    "in_channels": lambda s: declared(s, s.channels),
    "num_features": lambda s: declared(s, s.channels),
    "num_channels": lambda s: declared(s, s.channels),
    "in_features": lambda s: declared(s, s.features),
    "in1_features": lambda s: declared(s, s.features),
    "in2_features": lambda s: declared(s, s.features),
    "out_channels": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "out_features": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "stride": lambda s: one_or_per_axis(steps(s), s.rank),
    "dilation": lambda s: one_or_per_axis(steps(s), s.rank),
    "padding": lambda s: one_or_per_axis(paddings(s), s.rank),
    "output_padding": lambda s: one_or_per_axis(paddings(s), s.rank),
    "input_size": lambda s: declared(s, s.features),
    "embed_dim": lambda s: declared(s, s.features),
    "d_model": lambda s: declared(s, s.features),
    "num_heads": lambda s: divisors(s, s.features),
    "nhead": lambda s: divisors(s, s.features),
    "dim_feedforward": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "kdim": lambda s: mostly(st.none() | CHANNELS, st.sampled_from([0, -1])),
    "vdim": lambda s: mostly(st.none() | CHANNELS, st.sampled_from([0, -1])),
    "num_encoder_layers": lambda s: mostly(st.integers(1, 2), st.sampled_from([0, -1])),
    "num_decoder_layers": lambda s: mostly(st.integers(1, 2), st.sampled_from([0, -1])),
    "hidden_size": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "num_layers": lambda s: mostly(st.integers(1, 3), st.sampled_from([0, -1])),
    "proj_size": lambda s: st.integers(-1, 8),
    "num_embeddings": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "embedding_dim": lambda s: mostly(CHANNELS, st.sampled_from([0, -1])),
    "batch_first": lambda s: mostly(st.just(True), st.booleans()),
    "groups": lambda s: divisors(s, s.channels),
    "num_groups": lambda s: divisors(s, s.channels),
    "num_parameters": lambda s: mostly(st.sampled_from([1, s.channels]), numbers(s), 4),
    "normalized_shape": last_axes,
    "unflattened_size": factored,
    "scale_factor": factors,
    "dim": axis_numbers,
    "start_dim": axis_numbers,
    "end_dim": axis_numbers,
    "_Dropout.p": lambda s: PROBABILITIES,
    "dropout": lambda s: PROBABILITIES,
    "_Columns.kernel_size": lambda s: one_or_per_axis(numbers(s), 2),
    "_Columns.stride": lambda s: one_or_per_axis(steps(s), 2),
    "_Columns.dilation": lambda s: one_or_per_axis(steps(s), 2),
    "_Columns.padding": lambda s: one_or_per_axis(paddings(s), 2),
    "Fold.output_size": lambda s: one_or_per_axis(mostly(st.integers(1, 9), numbers(s)), 2),
    "_FractionalMaxPool.kernel_size": lambda s: one_or_per_axis(
        mostly(st.integers(1, 2), numbers(s), 8), s.rank
    ),
    "output_ratio": lambda s: one_or_per_axis(RATIOS, s.rank),
    "_ConvBase.padding": conv_padding,
    "_Pad.padding": pad_sides,
}

#: How many axes (without the batch) a type takes, where its class does not say.
RANKS: dict[str, tuple[int, ...]] = {
    "channel_shuffle": (2, 3, 4),
    "embedding_bag": (1,),
    "fold": (2,),
    "gru": (2,),
    "multihead_attention": (2,),
    "transformer": (2,),
    "transformer_decoder": (2,),
    "transformer_decoder_layer": (2,),
    "transformer_encoder": (2,),
    "transformer_encoder_layer": (2,),
    "gru_cell": (1,),
    "lstm": (2,),
    "lstm_cell": (1,),
    "pixel_shuffle": (3, 4),
    "pixel_unshuffle": (3, 4),
    "rnn": (2,),
    "rnn_cell": (1,),
    "unfold": (3,),
    "upsample": (2, 3, 4),
}


#: Arguments of which one is given; by class name, bases included.
ONE_OF: dict[str, tuple[str, ...]] = {
    "Upsample": ("size", "scale_factor"),
    "_Upsampling": ("size", "scale_factor"),
    "_FractionalMaxPool": ("output_size", "output_ratio"),
}


def field_strategy(subject: Subject, name: str, hint: Any) -> Strategy:
    """What is drawn for an argument that is given."""
    for base in subject.layer.__mro__:
        special = FIELDS.get(f"{base.__name__}.{name}")
        if special is not None:
            return special(subject)
    return FIELDS[name](subject) if name in FIELDS else from_hint(subject, hint)


def from_hint(subject: Subject, hint: Any) -> Strategy:
    """What is drawn for an annotation."""
    plain: dict[Any, Callable[[], Strategy]] = {
        bool: st.booleans,
        int: lambda: numbers(subject),
        float: lambda: FLOATS,
        types.NoneType: st.none,
    }
    if hint in plain:
        return plain[hint]()
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([from_hint(subject, part) for part in parts])
    if origin is tuple and parts[-1] is Ellipsis:
        return per_axis(from_hint(subject, parts[0]), subject.rank)
    if origin is tuple:
        return st.tuples(*(from_hint(subject, part) for part in parts))
    raise TypeError(f"{hint} of {subject.layer.__name__}: add its field to FIELDS")


# Inputs.


def ranks_of(layer: type[Layer]) -> tuple[int, ...]:
    """How many axes (without the batch) an input of this type may have."""
    if layer.type_name in RANKS:
        return RANKS[layer.type_name]
    ranks: tuple[int, ...] | None = getattr(layer, "ranks", None)
    if ranks:
        return ranks
    return (1, 2, 3, 4) if layer.rank is None else (layer.rank + 1,)


@st.composite
def shapes(draw: st.DrawFn, layer: type[Layer]) -> Sizes:
    """The shape of an input: mostly of the right rank."""
    rank = draw(mostly(st.sampled_from(ranks_of(layer)), st.integers(0, 5)))
    if not rank:
        return ()
    largest = {1: 24, 2: 24, 3: 12}.get(rank, 7)
    sizes = draw(st.lists(st.integers(1, largest), min_size=rank - 1, max_size=rank - 1))
    return (draw(CHANNELS), *sizes)


@st.composite
def inputs(draw: st.DrawFn, layer: type[Layer]) -> tuple[Tensor, ...]:
    """What a layer is run on; further inputs mostly have the shape of the first."""
    least, most = layer.arity
    named = len(references(layer))
    more = least + 1 if most is None else most
    count = draw(mostly(st.just(least), st.integers(least, more), 3))
    usual = layer.example_dtype
    count += named
    first = draw(shapes(layer))
    other = st.sampled_from(["float32", "int64"])
    result = []
    for position in range(count):
        shape = draw(mostly(st.just(first), shapes(layer), 3)) if position else first
        result.append(Tensor(shape, draw(mostly(st.just(usual), other))))
    return tuple(result)


def keep_one(
    draw: st.DrawFn, subject: Subject, names: tuple[str, ...], args: dict[str, Any]
) -> None:
    """Give exactly one of some arguments."""
    chosen = draw(st.sampled_from(names))
    hints = {field.name: hint for field, hint in fields_of(subject.layer)}
    for name in names:
        args.pop(name, None)
    given = field_strategy(subject, chosen, hints[chosen]).filter(lambda value: value is not None)
    args[chosen] = draw(given)


@st.composite
def cases(draw: st.DrawFn, layer: type[Layer]) -> Case:
    """A layer with its arguments and inputs."""
    tensors = draw(inputs(layer))
    subject = Subject(layer, sizes_of(tensors[0]))
    args: dict[str, Any] = dict.fromkeys(references(layer), "other")
    for field, hint in fields_of(layer):
        optional = field.default is not dataclasses.MISSING
        if optional and not draw(st.booleans()):
            continue
        args[field.name] = draw(field_strategy(subject, field.name, hint))
    exclusive = by_class(ONE_OF, layer, ())
    if exclusive and draw(mostly(st.just(True), st.just(False), 6)):
        keep_one(draw, subject, exclusive, args)
    case = Case(layer, args, tensors)
    arrange = by_class(ARRANGE, layer, None)
    if arrange is None or not draw(mostly(st.just(True), st.just(False), 4)):
        return case
    return case._replace(inputs=arrange(layer(**args), tensors))


# Inputs that have to fit the arguments.

Inputs = tuple[Tensor, ...]


def _columns(layer: Any, tensors: Inputs) -> Inputs:
    """As many columns as there are windows, and rows for each cell of one."""
    pairs = {
        name: value if isinstance(value := getattr(layer, name), tuple) else (value, value)
        for name in ("output_size", "kernel_size", "stride", "padding", "dilation")
    }
    arguments = list(zip(*pairs.values(), strict=False))
    try:
        count = prod(conv_size(*along) for along in arguments)
    except SizeError:
        return tensors
    rows = sizes_of(tensors[0])[:1] or (1,)
    cells = prod(pairs["kernel_size"])
    return (tensors[0]._replace(shape=(rows[0] * cells, count)),)


def _states(layer: Any, tensors: Inputs) -> Inputs:
    """States of the sizes that the layer has."""
    stacked = (layer.num_layers * layer.directions,) if hasattr(layer, "num_layers") else ()
    sizes = (getattr(layer, "out", layer.hidden_size), layer.hidden_size)
    states = (
        tensor._replace(shape=(*stacked, size))
        for tensor, size in zip(tensors[1:], sizes, strict=False)
    )
    return (
        (tensors[0], *states) if layer.hidden_size > 0 and min(stacked, default=1) > 0 else tensors
    )


def _places(layer: Any, tensors: Inputs) -> Inputs:
    """A place for each value."""
    return (tensors[0], Tensor(tensors[0].shape, "int64"))


def _keys_and_values(layer: Any, tensors: Inputs) -> Inputs:
    """Keys and values of the sizes that the layer expects, as many of the one as of the other."""
    features = sizes_of(tensors[0])[-1:]
    length = sizes_of(tensors[-1])[:1]
    if len(tensors) == 1 or not features or not length:
        return tensors
    sizes = [(size,) if size and size > 0 else features for size in (layer.kdim, layer.vdim)]
    others = zip(tensors[1:], sizes, strict=False)
    return (tensors[0], *(tensor._replace(shape=length + size) for tensor, size in others))


def _sequences(layer: Any, tensors: Inputs) -> Inputs:
    """Sequences of as many features as the first one, and of as many as the heads can share."""
    shapes = [sizes_of(tensor) for tensor in tensors]
    if any(len(shape) != 2 for shape in shapes) or min(layer.nhead, layer.d_model or 1) < 1:
        return tensors
    size = layer.d_model or layer.nhead * max(shapes[0][1] // layer.nhead, 1)
    fitting = zip(tensors, shapes, strict=True)
    return tuple(tensor._replace(shape=(shape[0], size)) for tensor, shape in fitting)


#: Inputs that have to fit the arguments: how to make them; by class name, bases included.
ARRANGE: dict[str, Callable[[Any, Inputs], Inputs]] = {
    "Fold": _columns,
    "MultiheadAttention": _keys_and_values,
    "_MaxUnpool": _places,
    "_Transformer": _sequences,
    "_Recurrent": _states,
    "_Cell": _states,
}


def elements(shape: Sizes) -> int:
    """How many numbers a tensor of this shape holds."""
    return prod(shape)
