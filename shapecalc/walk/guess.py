"""What is certain of a layer although some of its fields are not known.

A field that could not be read leaves unknown only what depends on it: the layer is tried with many
values for it, and what comes out the same each time is what it gives, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Literal, NamedTuple, get_args, get_origin

from shapecalc.layers.base import Call, Layer, Problem, Tensor
from shapecalc.spec.fields import check_arguments, fields_of

#: What a field of a type is tried with.
_CANDIDATES: dict[Any, tuple[Any, ...]] = {
    int: (1, 2, 3, 5, 8, 64, 1000),
    float: (0.5, 1.0, 2.0, 7.0),
    bool: (True, False),
    type(None): (None,),
}


def agreed(one: Tensor, other: Tensor) -> Tensor:
    """A tensor that is either of two: the sizes on which they agree."""
    if one.shape is None or other.shape is None or len(one.shape) != len(other.shape):
        return one._replace(shape=None)
    sizes = (a if a == b else None for a, b in zip(one.shape, other.shape, strict=True))
    return one._replace(shape=tuple(sizes))


class Guess(NamedTuple):
    """What no value of the fields that are not known changes."""

    outputs: tuple[Tensor, ...]
    problems: tuple[Problem, ...]
    #: Whether the number of outputs is certain.
    counted: bool


def certain(
    cls: type[Layer], known: Mapping[str, Any], unknown: Sequence[str], call: Call
) -> Guess | None:
    """The sizes and the problems that no value of the ``unknown`` fields changes; ``None`` where
    not even the number of outputs is certain."""
    outputs: tuple[Tensor, ...] | None = None
    problems: list[Problem] = []
    counted = True
    for values in _combinations(cls, unknown):
        checked, wrong = check_arguments(cls, {**known, **values})
        if wrong:
            return None
        layer = cls(**checked, **dict.fromkeys(cls.lists, ()))
        trial = Call(call.inputs, call.rounding, call.channels_last, trust_declared=False)
        found = layer.infer(trial)
        counted = counted and not trial.problems
        if outputs is None:
            outputs, problems = found, [p for p in trial.problems if p.field not in unknown]
        elif len(outputs) != len(found):
            return None
        else:
            outputs = tuple(agreed(*pair) for pair in zip(outputs, found, strict=True))
            problems = [problem for problem in problems if problem in trial.problems]
    return None if outputs is None else Guess(outputs, tuple(problems), counted)


def _combinations(cls: type[Layer], unknown: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Values for the unknown fields; all of them together where there are two, else in step."""
    fields = fields_of(cls)
    lists = [list(_candidates(fields[name].annotation)) for name in unknown]
    if len(lists) <= 2:
        yield from (dict(zip(unknown, values, strict=True)) for values in product(*lists))
        return
    if not all(lists):
        return
    for step in range(max(map(len, lists))):
        values = (options[step * (i + 1) % len(options)] for i, options in enumerate(lists))
        yield dict(zip(unknown, values, strict=True))


def _candidates(annotation: Any) -> Iterator[Any]:
    """Values of a type: some of the numbers, all of the words; lists where there are no numbers."""
    origin, args = get_origin(annotation), get_args(annotation)
    if int in args and origin is not tuple:
        args = tuple(part for part in args if get_origin(part) is not tuple)
    if origin is Literal:
        yield from args
    elif origin is tuple:
        # (int, ...) has any length, (int, int) its own.
        lengths = range(1, 5) if args[-1] is Ellipsis else (len(args),)
        inner = list(_candidates(args[0]))
        yield from ((value,) * length for value in inner for length in lengths)
    elif origin is not None:
        for part in args:
            yield from _candidates(part)
    else:
        yield from _CANDIDATES.get(annotation, ())
