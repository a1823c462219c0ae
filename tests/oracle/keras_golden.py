"""Ask real Keras about layers drawn at random, and keep its answers.

    KERAS_BACKEND=jax python -m tests.oracle.keras_golden --count 170

needs ``pip install "keras==3.15.*" jax jaxlib`` and writes ``keras_golden.json.gz``, which
``test_keras_golden.py`` compares with shapecalc where no Keras is installed.

A layer is accepted where it can be called on symbolic tensors (as a functional model does) and then
traced on the backend, which makes all the checks of a run and computes nothing; one case in
``--eager`` is run as well. What is drawn follows from the fields of the layer types.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import os
import random
import re
import types
import typing
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

from shapecalc.layers import catalogue
from shapecalc.layers.base import Layer

os.environ.setdefault("KERAS_BACKEND", "jax")
FILE = Path(__file__).with_name("keras_golden.json.gz")
BATCH = 2

Sizes = tuple[int, ...]


class Answer(NamedTuple):
    """What Keras says of a layer: shapes without the batch; nothing where it refuses."""

    type: str
    args: dict[str, Any]
    inputs: list[list[int]]
    dtype: str
    outputs: list[list[int]] | None
    weights: dict[str, list[int]]


# What is asked.


class Subject(NamedTuple):
    """What the arguments of a layer are drawn for."""

    rng: random.Random
    layer: type[Layer]
    shape: Sizes

    @property
    def rank(self) -> int:
        """The number of spatial axes: the layer's, or else the input's."""
        return self.layer.rank or max(len(self.shape) - 1, 1)

    def mostly(self, usual: Sequence[Any], seldom: Sequence[Any], one_in: int = 12) -> Any:
        """One of ``usual``, once in a while one of ``seldom``."""
        return self.rng.choice(seldom if self.rng.randrange(one_in) == 0 else usual)

    def per_axis(self, draw: Callable[[], Any]) -> Any:
        """One number, or one for each axis, seldom of the wrong number."""
        if self.rng.random() < 0.5:
            return draw()
        count = self.mostly([self.rank], [0, 1, 2, 3, 4])
        return [draw() for _ in range(count)]


def small(s: Subject) -> int:
    """A size or a count."""
    found: int = s.mostly([1, 2, 3, 4], [0, -1, 5, 7, 9])
    return found


def channels(s: Subject) -> int:
    """A width."""
    found: int = s.mostly([1, 2, 3, 4, 6, 8, 12], [0, -1])
    return found


def divisor(s: Subject) -> int:
    """A number that divides the channels, seldom another."""
    last = s.shape[-1] if s.shape else 1
    fitting = [n for n in range(1, last + 1) if last % n == 0]
    found: int = s.mostly(fitting, [0, -1, 2, 3, 5, last + 1], 6)
    return found


def conv_channels(s: Subject) -> int:
    """A width that many numbers of groups divide."""
    found: int = s.mostly([1, 2, 4, 6, 12, 12, 12], [0, -1, 5])
    return found


def axis(s: Subject) -> int:
    """An axis, counted with the batch."""
    total = len(s.shape) + 1
    found: int = s.mostly([*range(1, total), -1], range(-total - 1, total + 1), 5)
    return found


def axes(s: Subject) -> Any:
    """One axis or a list of them."""
    if s.rng.random() < 0.5:
        return axis(s)
    return [axis(s) for _ in range(s.mostly([1, 2, 2, 3], [0, 4]))]


def last_axes(s: Subject) -> Any:
    """The last axes, as numbers from the end or from the front, seldom others."""
    if s.rng.random() < 0.3:
        return axes(s)
    found = range(-s.rng.randint(1, max(len(s.shape), 1)), 0)
    total = len(s.shape) + 1
    return [n + total for n in found] if s.rng.random() < 0.3 else list(found)


def sides(s: Subject) -> Any:
    """Numbers, or [before, after] pairs, an axis."""

    def number() -> int:
        found: int = s.mostly([0, 1, 2, 3], [-1, 5, 9])
        return found

    if s.rank == 1:
        return number() if s.rng.random() < 0.4 else [number(), number()]
    pairs = s.rng.random() < 0.5
    return s.per_axis(lambda: [number(), number()] if pairs else number())


def permutation(s: Subject) -> Any:
    """All axes in another order, seldom something else."""
    order = list(range(1, len(s.shape) + 1))
    s.rng.shuffle(order)
    return s.mostly([order], [order[1:], [0, *order], [axis(s) for _ in order]], 5)


def target_shape(s: Subject) -> Any:
    """Sizes that the elements fit into, one of them perhaps -1."""
    total = prod(s.shape)
    pairs = [[n, total // n] for n in range(1, total + 1) if total % n == 0]
    pairs += [[n, -1] for n, _ in pairs] + [[-1], [total], list(s.shape[::-1])]
    wrong = [[], [-1, -1], [total + 1], [0, -1], [-2, total], [2, 3, -1]]
    return s.mostly(pairs, wrong, 5)


def probability(s: Subject) -> float:
    """A probability, seldom none."""
    found: float = s.mostly([0.0, 0.5, 1.0], [-0.1, 1.5], 5)
    return found


def negative_slope(s: Subject) -> float:
    """A slope, seldom below zero."""
    found: float = s.mostly([0.0, 0.2, 1.0], [-0.5], 5)
    return found


def crop_size(s: Subject) -> Any:
    """A height and a width below those of the input, seldom above."""
    return [s.mostly([1, n, max(n // 2, 1)], [n + 1, 0], 8) for n in s.shape[:-1]]


EQUATIONS = [
    "abc,cd->abd",
    "...x,xy->...y",
    "ab,bd->ad",
    "abc,cde->abde",
    "abc,bcd->ad",
    "ab...,bc->ac...",
]
WRONG_EQUATIONS = [
    "abc,cd",
    "abc,cd->abq",
    "abc,cdz->abd",
    "...x...,xy->...y",
    "",
    "a,b->c",
    "abc->ab",
]

#: What is drawn for a field: by ``Class.field`` (the class or a base), or by its name.
FIELDS: dict[str, Callable[[Subject], Any]] = {
    "in_channels": lambda s: s.shape[-1] if s.shape else 1,
    "in_features": lambda s: s.shape[-1] if s.shape else 1,
    "input_size": lambda s: s.shape[-1] if s.shape else 1,
    "out_channels": channels,
    "_KerasConv.out_channels": conv_channels,
    "out_features": channels,
    "hidden_size": channels,
    "kernel_size": lambda s: s.per_axis(lambda: small(s)),
    "stride": lambda s: s.per_axis(lambda: s.mostly([1, 1, 2, 3], [0, -1, 4, 7])),
    "dilation": lambda s: s.per_axis(lambda: s.mostly([1, 1, 1, 2, 3], [0, -1, 4])),
    "output_padding": lambda s: s.per_axis(lambda: s.mostly([0, 0, 1, 2], [-1, 3])),
    "output_size": lambda s: s.per_axis(lambda: small(s)),
    "scale_factor": lambda s: small(s) if s.rank == 1 else s.per_axis(lambda: small(s)),
    "groups": divisor,
    "num_groups": lambda s: divisor(s) if s.rng.random() < 0.9 else 32,
    "_Sides.padding": sides,
    "_Sides.cropping": sides,
    "dim": axis,
    "KerasLayerNorm.dim": axes,
    "UnitNorm.dim": axes,
    "KerasRmsNorm.dim": last_axes,
    "axes": lambda s: axis(s) if s.rng.random() < 0.5 else [axis(s), axis(s)],
    "shared_axes": axes,
    "dims": permutation,
    "Reshape.shape": target_shape,
    "size": crop_size,
    "p": probability,
    "stddev": probability,
    "dropout": lambda s: s.mostly([0.0, 0.1, 0.5], [0.0]),
    "recurrent_dropout": lambda s: s.mostly([0.0, 0.1, 0.5], [0.0]),
    "negative_slope": negative_slope,
    "threshold": negative_slope,
    "max_value": lambda s: s.mostly([None, 6.0, 1.0], [-1.0, 0.0]),
    "value_dim": lambda s: s.mostly([None, 1, 2, 3], [0, -1]),
    "output_shape": lambda s: s.rng.choice([None, small(s), [small(s)], [small(s), small(s)]]),
    "num_query_heads": lambda s: s.mostly([2, 4, 6], [0, 3]),
    "num_key_value_heads": lambda s: s.mostly([1, 2], [0, 3, 4]),
    "_ConvLstm.kernel_size": lambda s: s.per_axis(lambda: s.mostly([1, 2, 3], [0, -1, 9])),
    "_KerasCell.hidden_size": lambda s: s.mostly([s.shape[-1] if s.shape else 1], [0, -1, 5]),
    "EinsumDense.subscripts": lambda s: s.mostly(EQUATIONS, WRONG_EQUATIONS, 6),
    "EinsumDense.output_shape": lambda s: s.rng.choice(
        [4, [4], [None, 4], [None, None, 4], [s.shape[0] if s.shape else 4, 4], [4, 3], [0]]
    ),
    "bias_axes": lambda s: s.mostly([None, "d", "y", "cd"], ["b", "q", "a"], 8),
    "factor": lambda s: s.rng.choice([0.1, 0.5, [0.1, 0.2], [-0.1, 0.1]]),
    "height_factor": lambda s: s.rng.choice([0.1, [0.1, 0.2]]),
    "width_factor": lambda s: s.rng.choice([0.1, [0.1, 0.2]]),
    "Normalization.dim": lambda s: s.rng.choice([None, axes(s), [], last_axes(s)]),
    "mean": lambda s: s.rng.choice([None, None, None, 0.5]),
    "variance": lambda s: s.rng.choice([None, None, None, 0.5]),
    "num_tokens": lambda s: s.mostly([4, 10], [0, -1]),
}
#: Fields that are given in any case: without them few of the layers would differ.
ALWAYS = frozenset({"dim", "axes", "shared_axes", "kernel_size", "num_groups", "size"})
#: Fields that are ours alone, or that the layer type gives a meaning Keras has not.
NEVER = frozenset({"num_features", "num_channels", "like"})
#: How many axes (without the batch) an input has where the class does not say.
RANKS: dict[str, Sizes] = {
    "rnn": (2,),
    "lstm": (2,),
    "gru": (2,),
    "multihead_attention": (2, 2, 2, 3, 4),
    "group_query_attention": (2,),
    "repeat_vector": (1,),
    "dot": (1, 2, 2, 3),
    "center_crop": (3,),
    "rnn_cell": (1,),
    "lstm_cell": (1,),
    "gru_cell": (1,),
    "attention": (2, 2, 2, 3),
    "additive_attention": (2, 2, 2, 3),
    "einsum_dense": (1, 2, 2, 3),
    "resizing": (3,),
    "category_encoding": (1,),
}


def fields_of(layer: type[Layer]) -> Iterator[tuple[dataclasses.Field[Any], Any]]:
    """The arguments of a layer type and what they may be."""
    prepared: Any = layer.prepare()
    hints = typing.get_type_hints(layer)
    for field in dataclasses.fields(prepared):
        if field.name not in NEVER:
            yield field, hints[field.name]


def value_of(s: Subject, name: str, hint: Any) -> Any:
    """What is drawn for an argument that is given."""
    for base in s.layer.__mro__:
        if f"{base.__name__}.{name}" in FIELDS:
            return FIELDS[f"{base.__name__}.{name}"](s)
    if name in FIELDS:
        return FIELDS[name](s)
    return from_hint(s, hint)


def from_hint(s: Subject, hint: Any) -> Any:
    """What is drawn for an annotation."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = s.rng.choice(typing.get_args(hint))
    if typing.get_origin(hint) is Literal:
        return s.rng.choice(typing.get_args(hint))
    if hint is bool:
        return s.rng.random() < 0.5
    if hint is int:
        return small(s)
    if hint is float:
        return s.rng.choice([0.5, 1.0, 0.1])
    return None


def draw_shape(rng: random.Random, layer: type[Layer]) -> Sizes:
    """The shape of an input, mostly of the right rank."""
    usual = RANKS.get(layer.type_name) or getattr(layer, "ranks", ()) or (1, 2, 3, 4)
    if layer.rank is not None and not getattr(layer, "ranks", ()):
        usual = (layer.rank + 1,)
    rank = rng.choice(usual) if rng.randrange(15) else rng.randrange(6)
    largest = {1: 24, 2: 24, 3: 14}.get(rank, 7)
    sizes = [rng.randint(1, largest) for _ in range(rank - 1)]
    return (*sizes, rng.choice([1, 2, 3, 4, 6, 8, 12])) if rank else ()


def draw_inputs(rng: random.Random, layer: type[Layer]) -> list[Sizes]:
    """The shapes of all inputs; the further ones are mostly like the first."""
    least, most = layer.arity
    count = rng.randint(least, least + 1 if most is None else min(most, 3))
    if layer.type_name in ("rnn", "lstm", "gru") or layer.type_name.startswith("conv_lstm"):
        count = 1
    first = draw_shape(rng, layer)
    return [first, *(_like(rng, layer, first) for _ in range(count - 1))]


def _like(rng: random.Random, layer: type[Layer], first: Sizes) -> Sizes:
    chance = rng.random()
    if chance < 0.5 or not first:
        return first
    if chance < 0.65:
        return draw_shape(rng, layer)
    other = list(first)
    other[rng.randrange(len(other))] = rng.choice([1, 2, 3, 4])
    return tuple(other) if chance < 0.85 else tuple(other[rng.randint(0, 1) :])


def draw_args(s: Subject) -> dict[str, Any]:
    """Arguments: the required ones, and some of the others."""
    args = {}
    for field, hint in fields_of(s.layer):
        required = field.default is dataclasses.MISSING or field.name in ALWAYS
        if required or s.rng.random() < 0.5:
            args[field.name] = value_of(s, field.name, hint)
    if not args.get("bidirectional"):
        args.pop("merge_mode", None)
    if s.layer.type_name == "einsum_dense" and s.rng.random() < 0.7:
        _arrange_equation(s, args)
    return args


def _arrange_equation(s: Subject, args: dict[str, Any]) -> None:
    """An equation that fits the input, and as many sizes as its output has letters."""
    fitting = {1: ["...x,xy->...y", "ab,bd->ad"], 3: ["...x,xy->...y", "ab...,bc->ac..."]}
    args["subscripts"] = s.rng.choice(fitting.get(len(s.shape), EQUATIONS))
    output = args["subscripts"].rpartition(">")[2]
    letters = output.strip(".")[0 if output.startswith("...") else 1 :]
    known = dict(zip("bc", s.shape, strict=False)) if "ab" in args["subscripts"] else {}
    args["output_shape"] = [known.get(letter, small(s)) for letter in letters]
    if args.get("bias_axes"):
        args["bias_axes"] = s.mostly(list(letters) or [None], ["q"])


# Keras' side.

#: Our fields -> Keras' arguments, where they are not the same; ``None``: ours alone.
NAMES: dict[str, str | None] = {
    "in_channels": None,
    "in_features": None,
    "input_size": None,
    "out_channels": "filters",
    "out_features": "units",
    "hidden_size": "units",
    "stride": "strides",
    "dilation": "dilation_rate",
    "bias": "use_bias",
    "eps": "epsilon",
    "dim": "axis",
    "p": "rate",
    "num_groups": "groups",
    "num_embeddings": "input_dim",
    "embedding_dim": "output_dim",
    "scale_factor": "size",
    "mode": "interpolation",
    "lambd": "threshold",
    "_KerasRecurrent.dropout": None,  # they leave their seed behind when they are traced
    "_KerasRecurrent.recurrent_dropout": None,
    "_KerasPool.kernel_size": "pool_size",
    "Reshape.shape": "target_shape",
    "EinsumDense.subscripts": "equation",
    "RandomFlip.mode": "mode",
    "_ConvLstm.dropout": None,
    "_ConvLstm.recurrent_dropout": None,
    "_KerasCell.dropout": None,
    "_KerasCell.recurrent_dropout": None,
}

#: How Keras and JAX refuse a layer.
REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, AssertionError, RuntimeError)

#: Types that name a Keras layer that does the same, but not with the same arguments.
NO_TWINS = frozenset({"crop", "normalize"})
KERAS_NAME = re.compile(r"keras\.(layers|activations)\.(\w+)")


def twins() -> dict[str, tuple[str, str]]:
    """The layer types that stand for something in Keras: its module and its name."""
    found = {}
    for name, layer in catalogue("keras").types.items():
        match = KERAS_NAME.search(layer.reference)
        if match and not layer.container and name not in NO_TWINS:
            found[name] = match[1], match[2]
    return found


def keras_arguments(layer: type[Layer], args: dict[str, Any]) -> dict[str, Any]:
    """Our arguments in Keras' words."""
    found = {}
    for name, value in args.items():
        special = (f"{base.__name__}.{name}" for base in layer.__mro__)
        key = next((NAMES[key] for key in (*special, name) if key in NAMES), name)
        if key is not None:
            found[key] = value
    return found


Run = Callable[[Sequence[Any]], Any]


def build(layer: type[Layer], args: dict[str, Any]) -> tuple[Any, Run]:
    """The Keras layer, and how it is called on its inputs."""
    keras = import_module("keras")
    module, name = twins()[layer.type_name]
    given = keras_arguments(layer, args)
    if module == "activations":
        function = partial(getattr(keras.activations, name), **given)
        return (twin := keras.layers.Activation(function)), lambda xs: twin(xs[0])
    cls = getattr(keras.layers, name)
    if layer.type_name == "center_crop":
        height, width = given.pop("size")
        given |= {"height": height, "width": width}
    if layer.type_name in ("rnn", "lstm", "gru"):
        return _recurrent(cls, given)
    if layer.type_name.startswith("conv_lstm"):
        twin = cls(**given)
        return twin, lambda xs: twin(xs[0], initial_state=list(xs[1:]) or None)
    if layer.type_name.endswith("_cell"):
        twin = cls(**given)
        return twin, lambda xs: twin(xs[0], list(xs[1:]))
    if layer.type_name in ("multihead_attention", "group_query_attention"):
        # With a dropout Keras takes the plain path: JAX's fused one lacks value_dim != key_dim.
        twin = cls(**{**given, "dropout": given.get("dropout") or 0.1})
        return twin, lambda xs: twin(*(xs if len(xs) > 1 else [xs[0], xs[0]]))
    twin = cls(**given)
    return twin, lambda xs: twin(list(xs) if layer.arity[1] != 1 else xs[0])


def _recurrent(cls: Any, given: dict[str, Any]) -> tuple[Any, Run]:
    keras = import_module("keras")
    bidirectional = given.pop("bidirectional", False)
    merge_mode = given.pop("merge_mode", "concat")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
    twin = cls(**given, name=name)
    if bidirectional:
        twin = keras.layers.Bidirectional(twin, merge_mode=merge_mode)
    return twin, lambda xs: twin(xs[0])


def answer(
    layer: type[Layer], args: dict[str, Any], shapes: list[Sizes], dtype: str, eager: bool
) -> tuple[list[list[int]], dict[str, list[int]]]:
    """The shapes of the outputs and of the weights. Raises whatever Keras raises."""
    jax, keras, np = (import_module(name) for name in ("jax", "keras", "numpy"))
    twin, run = build(layer, args)
    batched = [(BATCH, *shape) for shape in shapes]
    symbolic = _shapes(run([keras.KerasTensor(shape, dtype) for shape in batched]))
    if layer.type_name.startswith("random_"):
        # Their seeds cannot be traced.
        return symbolic, {}
    structs = [jax.ShapeDtypeStruct(shape, dtype) for shape in batched]
    outputs = _shapes(jax.eval_shape(lambda *xs: run(xs), *structs))
    if eager:
        ran = _shapes(run([np.zeros(shape, dtype) for shape in batched]))
        if ran != outputs:
            print(f"{layer.type_name} {args} on {shapes}: {ran} when run, {outputs} when traced")
    if symbolic != outputs and type(twin).__name__ != "Activation":
        print(f"{layer.type_name} {args} on {shapes}: promised {symbolic}, yields {outputs}")
    weights = {_path(w.path): list(w.shape) for w in twin.weights}
    return outputs, weights


def _path(path: str) -> str:
    """A weight's path without the layer's own name."""
    return path.split("/", 1)[-1]


def _shapes(outputs: Any) -> list[list[int]]:
    if isinstance(outputs, list | tuple):
        return [shape for output in outputs for shape in _shapes(output)]
    return [list(outputs.shape[1:])]


def start_from_zeroes() -> None:
    """Let all weights be zeroes: random ones are compiled anew for each shape."""
    keras, np = import_module("keras"), import_module("numpy")

    def zeroes(_: Any, shape: Sizes, dtype: Any = None, **__: Any) -> Any:
        return np.zeros(shape, dtype or "float32")

    for cls in vars(keras.initializers).values():
        if isinstance(cls, type):
            setattr(cls, "__call__", zeroes)  # noqa: B010


def draw(name: str, count: int, eager: int) -> Iterator[Answer]:
    """Keras' answers about one layer type."""
    layer = catalogue("keras").types[name]
    rng = random.Random(zlib.crc32(name.encode()))
    for number in range(count):
        shapes = draw_inputs(rng, layer)
        dtype = layer.example_dtype
        if rng.randrange(20) == 0:
            dtype = rng.choice(["float32", "int32"])
        args = draw_args(Subject(rng, layer, shapes[0]))
        case = name, args, [list(shape) for shape in shapes], dtype
        try:
            outputs, weights = answer(layer, args, shapes, dtype, number % eager == 0)
        except REFUSALS:
            yield Answer(*case, None, {})
        else:
            yield Answer(*case, outputs, weights)


def keep(answers: Sequence[Answer]) -> None:
    """Write answers down, in place of those about the same types."""
    known = [] if not FILE.exists() else json.loads(gzip.decompress(FILE.read_bytes()))
    asked = {answer.type for answer in answers}
    rows = [row for row in known if row[0] in twins() and row[0] not in asked]
    rows += [list(answer) for answer in answers]
    rows.sort(key=lambda row: row[0])
    text = json.dumps(rows, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.keras_golden")
    parser.add_argument("--count", type=int, default=170, help="cases of each type")
    parser.add_argument("--eager", type=int, default=25, help="run one case in so many")
    parser.add_argument(
        "--type", action="append", choices=list(twins()), help="only this type; the others stay"
    )
    options = parser.parse_args()
    start_from_zeroes()
    found: list[Answer] = []
    tally: Counter[bool] = Counter()
    for name in options.type or twins():
        answers = list(draw(name, options.count, options.eager))
        accepted = sum(answer.outputs is not None for answer in answers)
        print(f"{name:24}{len(answers):6}{accepted:6} accepted", flush=True)
        tally.update(answer.outputs is not None for answer in answers)
        found += answers
    keep(found)
    print(f"{tally.total():,} cases, {tally[True]:,} accepted")


if __name__ == "__main__":
    main()
