"""What hypothesis draws for the functional operations: inputs, some of them from sources, and
arguments that fit them more often than not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shapecalc.layers import catalogue
from shapecalc.layers.base import DTYPES, Tensor
from tests.oracle.draw import PROBABILITIES, Case, Inputs, Sizes, Strategy, mostly, sizes_of

SIZES = st.sampled_from([1, 1, 2, 3, 4, 5, 6])
DTYPE = mostly(st.just("float32"), st.sampled_from(DTYPES), 5)
NUMBERS = st.sampled_from([0.5, 1.0, 2.0, 3.0, -1.0, 0.0])


class Recipe(NamedTuple):
    """What to draw for a type: its inputs, and for them its arguments."""

    inputs: Strategy
    arguments: Callable[[Inputs], Strategy]


def shapes(least: int = 0, most: int = 4) -> Strategy:
    """Shapes without the batch."""
    return st.lists(SIZES, min_size=least, max_size=most).map(tuple)


def tensors(least: int = 0, most: int = 4, dtype: Strategy = DTYPE) -> Strategy:
    """A single input."""
    return st.builds(Tensor, shapes(least, most), dtype).map(lambda tensor: (tensor,))


def fields(required: dict[str, Strategy], **optional: Strategy) -> Strategy:
    """Arguments by name."""
    return st.fixed_dictionaries(required, optional=optional)


def rank_of(inputs: Inputs) -> int:
    """The number of axes of the first input."""
    return len(sizes_of(inputs[0]))


def axis(rank: int, new: int = 0) -> Strategy:
    """An axis number, counted with the batch."""
    total = rank + 1 + new
    usual = st.integers(1, total - 1) | st.just(-1) if total > 1 else st.just(-1)
    return mostly(usual, st.integers(-total - 1, total), 5)


def axes(rank: int) -> Strategy:
    """One axis number or a list of them."""
    return axis(rank) | st.lists(axis(rank), max_size=3).map(tuple)


def sized(inputs: Inputs, at: Callable[[int], Strategy], name: str) -> Strategy:
    """An axis, and an argument that depends on its size."""
    shape = sizes_of(inputs[0])
    return axis(len(shape)).flatmap(
        lambda dim: fields({"dim": st.just(dim), name: at(_size(shape, dim))})
    )


def _size(shape: Sizes, dim: int) -> int:
    whole = (1, *shape)
    return whole[dim] if -len(whole) <= dim < len(whole) else 3


def _parts(size: int) -> Strategy:
    """Sizes that add up to one, or nearly."""
    cut = st.lists(st.integers(0, size), max_size=3).map(
        lambda cuts: tuple(b - a for a, b in pairwise([0, *sorted(cuts), size]))
    )
    return st.integers(-1, size + 1) | mostly(
        cut, st.lists(st.integers(-1, 3), max_size=3).map(tuple), 5
    )


# Several inputs.


def like(shape: Sizes, shorter: bool) -> Strategy:
    """A shape that may be broadcast with another."""
    ones = st.tuples(*(st.sampled_from([size, size, 1]) for size in shape))
    cut = st.integers(0, len(shape) if shorter else 0)
    return mostly(st.builds(lambda sizes, n: sizes[n:], ones, cut), shapes(), 6)


@st.composite
def broadcastable(draw: st.DrawFn, most: int, dtype: Strategy = DTYPE) -> Inputs:
    """Two inputs or more, some of which may come from sources."""
    shape = draw(shapes())
    kind = draw(dtype)
    found = []
    for _ in range(draw(st.integers(2, most))):
        batched = draw(mostly(st.just(True), st.just(False), 3))
        sizes = draw(like(shape, shorter=not batched))
        found.append(Tensor(sizes, draw(mostly(st.just(kind), dtype, 6)), batched))
    return tuple(found)


@st.composite
def alike(draw: st.DrawFn) -> Inputs:
    """Inputs that mostly have one shape."""
    first = draw(shapes())
    count = draw(st.integers(1, 3))
    return tuple(
        Tensor(draw(mostly(st.just(first), like(first, shorter=True), 6)), draw(DTYPE))
        for _ in range(count)
    )


@st.composite
def matrices(draw: st.DrawFn) -> Inputs:
    """Two inputs that mostly can be multiplied."""
    leading = draw(shapes(0, 2))
    n, m, p = draw(st.tuples(SIZES, SIZES, SIZES))
    kind = draw(mostly(st.just("float32"), st.sampled_from(["int64", "bool", "complex64"]), 6))
    found = []
    for position, pair in enumerate([(n, m), (m, p)]):
        batched = draw(mostly(st.just(True), st.just(False), 3))
        sizes = (*draw(like(leading, shorter=not batched)), *pair)
        if draw(mostly(st.just(False), st.just(True), 6)):
            sizes = (*sizes[:-2], m) if position else sizes[-1:]
        sizes = draw(mostly(st.just(sizes), shapes(), 8))
        found.append(Tensor(sizes, draw(mostly(st.just(kind), DTYPE, 8)), batched))
    return tuple(found)


@st.composite
def attended(draw: st.DrawFn) -> Inputs:
    """Queries, keys, values, and seldom a mask."""
    found: list[Tensor] = []
    leading = draw(shapes(0, 2))
    length, keys, features, values, heads = draw(st.tuples(*[SIZES] * 5))
    for pair in [(length, features), (keys, features), (keys, values)]:
        batched = draw(mostly(st.just(True), st.just(False), 6))
        sizes = (*draw(like(leading, shorter=not batched)), *pair)
        if len(sizes) > 2 and len(found) == 0 and draw(st.booleans()):
            sizes = (*sizes[:-3], sizes[-3] * heads, *pair)
        sizes = draw(mostly(st.just(sizes), shapes(), 20))
        found.append(Tensor(sizes, draw(mostly(st.just("float32"), DTYPE, 12)), batched))
    if draw(mostly(st.just(False), st.just(True), 3)):
        scores = (*leading, length, keys)
        batched = draw(st.booleans())
        mask = draw(like(scores, shorter=not batched))
        kind = draw(mostly(st.sampled_from(["float32", "bool"]), DTYPE, 8))
        found.append(Tensor(mask, kind, batched))
    return tuple(found)


@st.composite
def equations(draw: st.DrawFn) -> tuple[Inputs, str]:
    """An equation and inputs that mostly fit it."""
    size = {letter: draw(SIZES) for letter in "ijkl"}
    hidden = draw(shapes(0, 2))
    terms, inputs = [], []
    for _ in range(draw(st.sampled_from([1, 2, 2, 2, 3]))):
        letters = draw(st.lists(st.sampled_from("ijkl"), max_size=3, unique_by=None))
        if draw(mostly(st.just(True), st.just(False), 6)):
            letters = list(dict.fromkeys(letters))
        batched = draw(mostly(st.just(True), st.just(False), 4))
        dots = draw(mostly(st.just(False), st.just(True), 4))
        own = draw(like(hidden, shorter=True)) if dots else ()
        sizes = tuple(draw(mostly(st.just(size[x]), SIZES, 12)) for x in letters)
        lead = draw(mostly(st.just("b"), st.sampled_from(["", "a", "i"]), 10)) if batched else ""
        middle = ("..." if dots else "") + "".join(letters)
        if dots and draw(st.booleans()):
            lead = ""
        terms.append(lead + middle)
        inputs.append(Tensor((*own, *sizes), "float32", batched))
    text = ",".join(terms)
    if draw(mostly(st.just(True), st.just(False), 5)):
        letters = sorted({x for term in terms for x in term if x in "ijkl"})
        kept = draw(st.permutations(letters)) if letters else []
        kept = kept[: draw(st.integers(0, len(kept)))]
        dots = "..." if any("..." in term for term in terms) else ""
        bare = any(term.startswith("...") for term in terms)
        batch = "" if bare or not any("b" in term for term in terms) else "b"
        end = batch + dots + "".join(kept)
        text += "->" + draw(mostly(st.just(end), st.text("bijz.", max_size=4), 10))
    if draw(mostly(st.just(False), st.just(True), 12)):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(list(" ,.->bi1"))) + text[at:]
    return tuple(inputs), text


@st.composite
def looked_up(draw: st.DrawFn) -> Inputs:
    """A table and indices."""
    table = Tensor(draw(shapes(1)), draw(DTYPE), draw(st.booleans()))
    sizes = draw(mostly(shapes(1, 1), shapes(0, 2), 5))
    kind = draw(mostly(st.sampled_from(["int64", "int32"]), DTYPE, 5))
    return table, Tensor(sizes, kind, draw(mostly(st.just(False), st.just(True), 8)))


# Windows.

PLANE = {1: 36, 2: 14, 3: 7}


def images(rank: int) -> Strategy:
    """A channel-first image, seldom of another rank."""
    side = st.integers(1, PLANE[rank])
    exact = st.tuples(st.sampled_from([1, 2, 3, 4, 6]), *[side] * rank)
    kind = mostly(st.just("float32"), st.just("int64"))
    shape = mostly(exact, shapes(), 15)
    return st.builds(Tensor, shape, kind).map(lambda tensor: (tensor,))


def along(element: Strategy, rank: int) -> Strategy:
    """One number, or one for each axis."""
    exact = st.lists(element, min_size=rank, max_size=rank)
    return element | mostly(exact, st.lists(element, max_size=4)).map(tuple)


def windowed(rank: int, dilated: bool = True, **more: Strategy) -> Recipe:
    """A layer that slides."""
    kernel = mostly(st.integers(1, 5), st.sampled_from([0, -1, 7, 9]))
    step = mostly(st.integers(1, 3), st.sampled_from([0, -1, 4, 7, 33 if rank < 3 else 8]))
    own = {"stride": along(step, rank), **more}
    if dilated:
        own["dilation"] = along(step, rank)
    return Recipe(images(rank), lambda _: fields({"kernel_size": along(kernel, rank)}, **own))


def convolution(rank: int) -> Recipe:
    """A same-padded convolution."""
    recipe = windowed(rank, bias=st.booleans(), groups=mostly(st.just(1), st.integers(-1, 4), 3))

    def arguments(inputs: Inputs) -> Strategy:
        shape = sizes_of(inputs[0])
        channels = shape[0] if shape else 1
        declared = fields(
            {"out_channels": mostly(st.sampled_from([1, 2, 4, 6, 12]), st.just(0))},
            in_channels=mostly(st.just(channels), st.just(channels + 1), 8),
        )
        return st.builds(lambda own, more: own | more, recipe.arguments(inputs), declared)

    return Recipe(recipe.inputs, arguments)


def unary(**optional: Strategy) -> Recipe:
    """One input of any shape and dtype."""
    return Recipe(tensors(), lambda _: fields({}, **optional))


def reduction(several: bool = True, **optional: Strategy) -> Recipe:
    """One input, axes and ``keepdim``."""
    which = axes if several else axis
    return Recipe(
        tensors(),
        lambda inputs: fields({"dim": which(rank_of(inputs))}, keepdim=st.booleans(), **optional),
    )


def one_axis(name: str, values: Callable[[int], Strategy]) -> Recipe:
    """One input, an axis, and an argument that depends on the size of that axis."""
    return Recipe(tensors(), lambda inputs: sized(inputs, values, name))


def around(size: int) -> Strategy:
    """A place of an axis, or one beyond its ends."""
    return st.integers(-size - 2, size + 2)


def _slice(inputs: Inputs) -> Strategy:
    ends = st.none() | st.integers(-8, 8)
    step = mostly(st.integers(1, 3), st.integers(-1, 7), 5)
    return fields({}, dim=axis(rank_of(inputs)), start=ends, end=ends, step=step)


def _narrow(inputs: Inputs) -> Strategy:
    shape = sizes_of(inputs[0])
    return axis(len(shape)).flatmap(
        lambda dim: fields(
            {
                "dim": st.just(dim),
                "start": mostly(st.integers(0, _size(shape, dim)), around(_size(shape, dim)), 3),
                "length": mostly(st.integers(1, _size(shape, dim)), st.integers(-1, 8), 3),
            }
        )
    )


def _roll(inputs: Inputs) -> Strategy:
    shift = st.integers(-9, 9)
    pairs = st.lists(st.tuples(shift, axis(rank_of(inputs))), min_size=1, max_size=2)
    both = pairs.map(
        lambda found: {"shifts": tuple(s for s, _ in found), "dims": tuple(d for _, d in found)}
    )
    several = st.lists(shift, max_size=2).map(tuple)
    free = fields({"shifts": shift | several, "dims": axes(rank_of(inputs))})
    return mostly(both, free, 4)


def _expand(inputs: Inputs) -> Strategy:
    shape = sizes_of(inputs[0])
    fitting = st.tuples(
        *(st.sampled_from([-1, size]) if size > 1 else st.sampled_from([-1, 3]) for size in shape)
    )
    new = st.lists(st.integers(1, 3), max_size=1).map(tuple)
    longer = st.builds(lambda front, rest: front + rest, new, fitting)
    wrong = st.lists(st.integers(-2, 4), max_size=4).map(tuple)
    return fields({"sizes": mostly(fitting | longer, wrong, 5)})


def _tile(inputs: Inputs) -> Strategy:
    rank = rank_of(inputs)
    exact = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    return fields(
        {"repeats": mostly(exact, st.lists(st.integers(-1, 3), max_size=4), 4).map(tuple)}
    )


def _reshape(inputs: Inputs) -> Strategy:
    shape = sizes_of(inputs[0])
    total = prod(shape)
    pairs = [(n, total // n) for n in range(1, total + 1) if total % n == 0]
    whole = [(total,), (-1,), shape, shape[::-1], (1, *shape), *pairs]
    free = [(n, -1) for n, _ in pairs] + [(-1, 1, n) for n, _ in pairs]
    wrong = st.lists(st.integers(-2, 7), max_size=4).map(tuple)
    return fields({"shape": mostly(st.sampled_from([*whole, *free]), wrong, 4)})


def _permute(inputs: Inputs) -> Strategy:
    rank = rank_of(inputs)
    rest = st.permutations(range(1, rank + 1))
    order = rest.map(lambda dims: (0, *dims))
    from_end = rest.map(lambda dims: (0, *(dim - rank - 1 for dim in dims)))
    moved = st.permutations(range(rank + 1)).map(tuple)
    wrong = st.lists(st.integers(-rank - 2, rank + 1), max_size=4).map(tuple)
    return fields({"dims": mostly(order | from_end, moved | wrong, 4)})


def _center_crop(inputs: Inputs) -> Strategy:
    spatial = sizes_of(inputs[0])[1:]
    each = st.tuples(*(mostly(st.integers(1, size), st.integers(-1, 7), 8) for size in spatial))
    wrong = st.lists(st.integers(1, 3), max_size=4).map(tuple)
    return fields({"size": mostly(each | st.integers(1, 2), wrong, 6)})


def _pad(inputs: Inputs) -> Strategy:
    rank = rank_of(inputs)
    side = mostly(st.integers(0, 3), st.integers(-5, 7), 4)
    pairs = st.integers(max(rank - 1, 0), max(rank, 0)).flatmap(
        lambda n: st.lists(side, min_size=2 * n, max_size=2 * n)
    )
    zeros = pairs.map(lambda sides: [*sides, 0, 0])
    sides = mostly(pairs, zeros | st.lists(side, max_size=9), 5).map(tuple)
    modes = st.sampled_from(["constant", "reflect", "replicate", "circular"])
    return fields({"padding": sides}, mode=modes, value=st.none() | NUMBERS)


def _crop(inputs: Inputs) -> Strategy:
    rank = max(rank_of(inputs) - 1, 0)
    side = mostly(st.integers(0, 2), st.integers(-1, 4))
    each = st.lists(side | st.tuples(side, side), min_size=rank, max_size=rank)
    wrong = st.lists(side | st.tuples(side, side), max_size=4)
    return fields({"cropping": mostly(each.map(tuple) | side, wrong.map(tuple), 6)})


def _scale(inputs: Inputs) -> Strategy:
    shape = sizes_of(inputs[0])
    size = mostly(st.sampled_from(shape or (1,)), st.integers(1, 6))
    return fields({}, dim=st.none() | axis(len(shape)), num_features=size, bias=st.booleans())


def _blur(rank: int) -> Recipe:
    return Recipe(
        images(rank),
        lambda inputs: fields(
            {},
            channels=mostly(st.just((sizes_of(inputs[0]) or (1,))[0]), st.integers(1, 4)),
            kernel_size=along(mostly(st.integers(1, 7), st.sampled_from([0, -1, 9])), rank),
            stride=along(mostly(st.integers(1, 3), st.sampled_from([0, -1, 7])), rank),
            padding_mode=st.sampled_from(["reflect", "replicate", "zeros"]),
        ),
    )


def _space(grows: bool) -> Recipe:
    def enlarged(shape: Sizes, factor: int) -> Sizes:
        if len(shape) != 3:
            return shape
        channels, height, width = shape
        if grows:
            return (channels * factor**2, height, width)
        return (channels, height * factor, width * factor)

    factor = st.integers(1, 3)
    shape = st.builds(enlarged, mostly(shapes(3, 3), shapes()), factor)
    return Recipe(
        st.builds(Tensor, shape, DTYPE).map(lambda tensor: (tensor,)),
        lambda _: fields({"block_size": mostly(factor, st.integers(-1, 4))}),
    )


def _sources(**more: Strategy) -> Recipe:
    sizes = mostly(shapes(), st.lists(st.integers(-1, 4), max_size=4).map(tuple), 5)
    return Recipe(st.just(()), lambda _: fields({"shape": sizes}, **more))


def _plain(inputs: Strategy) -> Recipe:
    return Recipe(inputs, lambda _: st.just({}))


#: Types of two inputs, or more.
ELEMENTWISE = {
    "add": 3,
    "multiply": 3,
    "maximum": 3,
    "minimum": 3,
    "average": 3,
    "subtract": 2,
    "divide": 2,
}
#: Types of one input and no argument.
UNARY = (
    *("abs", "neg", "sign", "floor", "ceil", "round", "square"),
    *("sqrt", "rsqrt", "reciprocal", "exp", "log", "sin", "cos", "erf"),
)
INTEGER_OR_FLOAT = st.integers(-2, 3) | st.sampled_from([0.5, 2.0, -1.5])

#: What to draw for each type; einsum, whose equation goes with its inputs, is drawn apart.
RECIPES: dict[str, Recipe] = {
    **{name: _plain(broadcastable(most)) for name, most in ELEMENTWISE.items()},
    **{name: unary() for name in UNARY},
    "pow": Recipe(tensors(), lambda _: fields({"exponent": INTEGER_OR_FLOAT})),
    "clamp": unary(min=st.none() | INTEGER_OR_FLOAT, max=st.none() | INTEGER_OR_FLOAT),
    "normalize": Recipe(
        tensors(), lambda inputs: fields({}, dim=axes(rank_of(inputs)), p=NUMBERS, eps=NUMBERS)
    ),
    "scale": Recipe(tensors(), _scale),
    "drop_path": unary(p=PROBABILITIES, mode=st.sampled_from(["row", "batch"])),
    "cast": Recipe(tensors(), lambda _: fields({"dtype": st.sampled_from(DTYPES)})),
    "concat": Recipe(alike(), lambda inputs: fields({}, dim=axis(rank_of(inputs)))),
    "stack": Recipe(alike(), lambda inputs: fields({}, dim=axis(rank_of(inputs), 1))),
    "transpose": Recipe(
        tensors(),
        lambda inputs: fields({"dim0": axis(rank_of(inputs)), "dim1": axis(rank_of(inputs))}),
    ),
    "squeeze": Recipe(tensors(), lambda inputs: fields({}, dim=st.none() | axes(rank_of(inputs)))),
    "unsqueeze": Recipe(tensors(), lambda inputs: fields({"dim": axis(rank_of(inputs), 1)})),
    "flip": Recipe(tensors(), lambda inputs: fields({"dims": axes(rank_of(inputs))})),
    "roll": Recipe(tensors(), _roll),
    "split": one_axis("split_size", _parts),
    "unbind": Recipe(tensors(), lambda inputs: fields({}, dim=axis(rank_of(inputs)))),
    "slice": Recipe(tensors(), _slice),
    "narrow": Recipe(tensors(), _narrow),
    "select": one_axis("index", around),
    "index_select": Recipe(looked_up(), lambda inputs: fields({}, dim=axis(rank_of(inputs)))),
    "expand": Recipe(
        st.builds(Tensor, shapes(), DTYPE, mostly(st.just(True), st.just(False), 3)).map(
            lambda tensor: (tensor,)
        ),
        _expand,
    ),
    "tile": Recipe(tensors(), _tile),
    "repeat_interleave": one_axis("repeats", lambda _: st.integers(-1, 4)),
    "space_to_depth": _space(grows=False),
    "depth_to_space": _space(grows=True),
    **{name: reduction() for name in ("mean", "sum", "max", "min", "logsumexp")},
    **{name: reduction(unbiased=st.booleans()) for name in ("std", "var")},
    "vector_norm": reduction(p=NUMBERS | st.just(float("inf"))),
    **{name: reduction(several=False) for name in ("prod", "argmax", "argmin")},
    "matmul": _plain(matrices()),
    "scaled_dot_product_attention": Recipe(
        attended(),
        lambda _: fields(
            {},
            is_causal=st.booleans(),
            dropout_p=PROBABILITIES,
            scale=st.none() | NUMBERS,
            enable_gqa=st.booleans(),
        ),
    ),
    "parameter": _sources(),
    "constant": _sources(dtype=st.sampled_from(DTYPES)),
    "blur_pool1d": _blur(1),
    "blur_pool2d": _blur(2),
    **{f"conv{rank}d_same": convolution(rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_same": windowed(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d_same": windowed(rank, dilated=False) for rank in (1, 2, 3)},
    "reshape": Recipe(tensors(), _reshape),
    "permute": Recipe(tensors(), _permute),
    "chunk": one_axis("chunks", lambda _: mostly(st.integers(1, 5), st.integers(-1, 9))),
    **{
        f"global_{kind}_pool{rank}d": Recipe(
            images(rank), lambda _: fields({}, keepdims=st.booleans())
        )
        for kind in ("avg", "max")
        for rank in (1, 2, 3)
    },
    "center_crop": Recipe(tensors(), _center_crop),
    "pad": Recipe(tensors(), _pad),
    "crop": Recipe(tensors(1), _crop),
}

#: All types that are drawn here.
TYPES = (*RECIPES, "einsum")


def functional_cases(name: str) -> Strategy:
    """Cases of a functional operation."""
    layer = catalogue("pytorch").types[name]
    if name == "einsum":
        return equations().map(lambda drawn: Case(layer, {"subscripts": drawn[1]}, drawn[0]))
    recipe = RECIPES[name]

    def with_arguments(inputs: Inputs) -> Any:
        return recipe.arguments(inputs).map(lambda args: Case(layer, args, inputs))

    return recipe.inputs.flatmap(with_arguments)
