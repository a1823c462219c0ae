"""Where shapecalc is stricter than Keras on purpose, each with its reason (see ``differences.py``,
which needs PyTorch; this does not)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shapecalc.layers.base import Problem
from tests.oracle.keras_golden import Answer


class Difference(NamedTuple):
    """A deliberate difference: one of ``codes`` is reported, and ``holds`` is true of the case."""

    name: str
    codes: frozenset[str]
    reason: str
    holds: Callable[[Answer, Problem], bool]


def numbers(value: Any) -> Iterator[int]:
    """The integers of an argument."""
    for part in value if isinstance(value, list) else [value]:
        yield from numbers(part) if isinstance(part, list) else [part]


def _integers(keras: Answer, problem: Problem) -> bool:
    return keras.dtype == "int32"


def _floats_into_embedding(keras: Answer, problem: Problem) -> bool:
    return keras.type == "embedding" and keras.dtype == "float32"


def _batch_axis(keras: Answer, problem: Problem) -> bool:
    total = len(keras.inputs[0]) + 1
    return any(n % total == 0 for n in numbers(keras.args.get(problem.field or "", -1)))


def _negative_shared_axes(keras: Answer, problem: Problem) -> bool:
    return keras.type == "prelu" and min(numbers(keras.args["shared_axes"])) < 0


def _no_axis(keras: Answer, problem: Problem) -> bool:
    return keras.args.get("dim") == []


def _scale_elsewhere(keras: Answer, problem: Problem) -> bool:
    return keras.type == "rms_norm" and problem.field == "dim"


def _rank_in_the_name(keras: Answer, problem: Problem) -> bool:
    return keras.type.startswith(("adaptive", "batch_norm")) and keras.type != "batch_norm"


def _nothing(keras: Answer, problem: Problem) -> bool:
    shapes = [*(keras.outputs or ()), *keras.weights.values()]
    return any(0 in shape for shape in shapes)


def _axis_twice(keras: Answer, problem: Problem) -> bool:
    total = len(keras.inputs[0]) + 1
    axes = [n % total for n in numbers(keras.args.get("dim", -1))]
    return keras.type == "normalization" and len(set(axes)) < len(axes)


def _crop_larger(keras: Answer, problem: Problem) -> bool:
    sizes = zip(keras.args.get("size", ()), keras.inputs[0], strict=False)
    return keras.type == "center_crop" and any(size > n for size, n in sizes)


def _plain_attention(keras: Answer, problem: Problem) -> bool:
    return keras.type in ("attention", "additive_attention")


def _broadcast_state(keras: Answer, problem: Problem) -> bool:
    return keras.type.endswith("_cell")


def _no_image(keras: Answer, problem: Problem) -> bool:
    images = keras.type.startswith("random_") or keras.type == "resizing"
    return images or keras.type == "category_encoding"


DIFFERENCES = (
    Difference(
        "attention that broadcasts",
        frozenset({"SC103", "SC104"}),
        "Keras adds and multiplies whatever broadcasts, across the batch as well: queries of one "
        "feature with keys of eight, or vectors where sequences are meant.",
        _plain_attention,
    ),
    Difference(
        "a cell state that broadcasts",
        frozenset({"SC103", "SC104"}),
        "Keras' cells add and multiply states of any size and rank, if only they broadcast.",
        _broadcast_state,
    ),
    Difference(
        "another rank than images or indices have",
        frozenset({"SC103"}),
        "Keras' layers for images do not look at the rank, and take a batch of matrices for one "
        "image; CategoryEncoding promises other shapes than it yields for more than one axis.",
        _no_image,
    ),
    Difference(
        "integers into a layer that computes with floats",
        frozenset({"SC109"}),
        "Some of Keras' layers turn integers into floats, others fail, and which do depends on the "
        "backend. In a network they are indices that lack their embedding, or pixels that were "
        "not scaled.",
        _integers,
    ),
    Difference(
        "floats into an embedding",
        frozenset({"SC109"}),
        "Keras rounds floats down to indices without a word.",
        _floats_into_embedding,
    ),
    Difference(
        "the batch axis",
        frozenset({"SC106"}),
        "Shapes are written without the batch, and a sample cannot depend on its batch: a norm "
        "over axis 0 is a mistake that runs, with weights of the size of a batch.",
        _batch_axis,
    ),
    Difference(
        "shared_axes below 0",
        frozenset({"SC106"}),
        "Keras' PReLU takes 1 off each number and then counts from the end: -1 is the last but one "
        "axis, against every other layer.",
        _negative_shared_axes,
    ),
    Difference(
        "a norm over no axis",
        frozenset({"SC106"}),
        "Keras takes an empty list: a norm of each number by itself, or of all with the batch.",
        _no_axis,
    ),
    Difference(
        "an RMS norm over other axes than the last",
        frozenset({"SC106"}),
        "Keras lays the scale along the last axes whichever were normalised, and refuses it only "
        "where the sizes differ; where they agree, or are 1, it scales the wrong axis.",
        _scale_elsewhere,
    ),
    Difference(
        "another rank than the name says",
        frozenset({"SC103"}),
        "Keras' adaptive pools do not look at the rank and yield something else than they promise; "
        "its BatchNormalization takes any rank, as `batch_norm` does; `batch_norm2d` says which.",
        _rank_in_the_name,
    ),
    Difference(
        "nothing",
        frozenset({"SC102", "SC106"}),
        "Keras crops to a size of 0, yields an empty transposed convolution, and builds attention "
        "without a head. Nothing can be learned from it, and a later layer fails in its place.",
        _nothing,
    ),
    Difference(
        "an axis twice",
        frozenset({"SC106"}),
        "Keras' Normalization takes an axis that is named twice, and keeps its mean twice.",
        _axis_twice,
    ),
    Difference(
        "a crop larger than the input",
        frozenset({"SC106"}),
        "Keras' CenterCrop then enlarges the image instead, which is no crop.",
        _crop_larger,
    ),
)


def deliberate(keras: Answer, problems: list[Problem]) -> str | None:
    """The name of the difference that explains a refusal of what Keras accepts."""
    for problem in problems:
        for difference in DIFFERENCES:
            if problem.code in difference.codes and difference.holds(keras, problem):
                return difference.name
    return None
