"""The input sizes that fit, against walking the spec again at each size.

    python -m tests.reasoning.brute_force [--periods 3] [SPEC...]
    python -m tests.reasoning.brute_force --random 5000 [--start 0]

try every size up to so many periods behind the smallest that fit, on all of `specs/` or on random
models: this takes minutes. The tests try some of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shapecalc.coverage import losses
from shapecalc.graph import Graph
from shapecalc.layers.base import Shape
from shapecalc.reasoning.input_sizes import AxisSizes, ModelSizes, model_sizes
from shapecalc.reasoning.replay import Replay
from shapecalc.spec.build import build_models
from shapecalc.spec.source import Source, parse
from shapecalc.walk import Overrides, WalkResult, walk
from tests.reasoning.random_models import model as random_model

SPECS = Path(__file__).parent.parent.parent / "specs"


@dataclass(frozen=True)
class Case:
    """A model and what is said of its sizes."""

    replay: Replay
    sizes: ModelSizes
    #: Whether it is valid at its own input.
    sound: bool


def cases(source: Source) -> list[Case]:
    """The models of a spec; nothing may be wrong with them."""
    walked: dict[str, WalkResult] = {}
    found = []
    for model in build_models(source, parse(source)[0])[0]:
        walked[model.name] = walk(model, walked)
        replay = Replay(walked[model.name].graph)
        found.append(Case(replay, model_sizes(replay), not walked[model.name].findings))
    return found


def of_spec(name: str) -> list[Case]:
    """The models of a published spec."""
    path = SPECS / f"{name}.yaml"
    return cases(Source(path.name, path.read_text("utf-8")))


def fits(case: Case, axes: AxisSizes, size: int) -> tuple[bool, bool]:
    """(Valid, exact) by walking the spec again with this size along these axes."""
    shapes: dict[str, Shape] = {}
    for axis in axes.axes:
        shape = shapes.get(axis.input, case.replay.base.inputs[axis.input].outputs[0].shape)
        assert shape is not None
        shapes[axis.input] = axis.resized(shape, size)
    result = walk(case.replay.spec, None, Overrides(inputs=shapes))
    valid = not result.findings and _weights(case.replay.base) == _weights(result.graph)
    return valid, valid and not list(losses(result.graph))


def _weights(graph: Graph) -> list[object]:
    return [node.inference.weights for node in graph.nodes if node.inference]


def squares(case: Case) -> AxisSizes | None:
    """Height and width together where each is said for itself: both sets must hold."""
    alone = [
        one for one in case.sizes.alone if one.axes[0].input == case.sizes.alone[0].axes[0].input
    ]
    if case.sizes.ties or len(alone) < 2 or len({one.own for one in alone}) > 1:
        return None
    first = alone[0]
    if any((one.valid, one.exact) != (first.valid, first.exact) for one in alone):
        return None
    return AxisSizes(
        tuple(one.axes[0] for one in alone),
        first.valid,
        first.exact,
        (),
        first.scanned,
        first.start,
        first.period,
    )


def questions(case: Case) -> Iterator[tuple[AxisSizes, bool]]:
    """All that is said, and whether it says that no layer at all loses cells."""
    square = squares(case)
    if square:
        yield square, len(case.sizes.alone) == len(square.axes)
    for together in case.sizes.together:
        yield together, True
    for alone in case.sizes.alone:
        yield alone, len(case.sizes.alone) == 1


def mistakes(case: Case, sizes_of: Iterable[int]) -> Iterator[str]:
    """Where an answer differs from the walk."""
    tried = list(sizes_of)
    for sizes, counts in questions(case):
        for size in tried:
            if sizes.scanned and not sizes.scanned[0] <= size <= sizes.scanned[1]:
                continue
            valid, exact = fits(case, sizes, size)
            said = (size in sizes.valid, size in sizes.exact)
            # Alone, an axis is exact although another one is not.
            if said[0] != valid or (said[1] != exact if counts else exact and not said[1]):
                names = [axis.name for axis in sizes.axes]
                yield f"{case.sizes.model} {names} {size}: said {said}, is {(valid, exact)}"


def every_size(case: Case, periods: int, at_most: int | None = None) -> list[int]:
    """All sizes up to so many periods behind the smallest that fit, and a few far beyond."""
    every = [*case.sizes.alone, *case.sizes.together]
    most = max((one.start + periods * one.period for one in every), default=0)
    most = most if at_most is None else min(most, at_most)
    return [*range(1, most + 1), *range(most + 1, most + 400, 37)] if most else []


def try_specs(names: list[str], periods: int) -> int:
    """How often an answer about a published spec is wrong."""
    wrong = 0
    for name in names:
        for case in of_spec(name):
            tried = every_size(case, periods)
            for mistake in mistakes(case, tried):
                wrong += 1
                print(mistake)
            print(f"{name}: {case.sizes.model}: {len(tried)} sizes", flush=True)
    return wrong


def try_random(start: int, count: int, periods: int) -> int:
    """How many of the random models that are valid at their own input have a wrong answer."""
    sound = wrong = 0
    for seed in range(start, start + count):
        for case in cases(Source(f"random {seed}", random_model(seed))):
            if not case.sound:
                continue
            sound += 1
            found = list(mistakes(case, every_size(case, periods, 300)))
            if found:
                wrong += 1
                print(f"{seed}: {len(found)} sizes, {found[0]}", flush=True)
    print(f"{wrong} of {sound} sound models of {count} have a wrong answer")
    return wrong


def main() -> int:
    """Try every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specs", nargs="*", metavar="SPEC")
    parser.add_argument("--periods", type=int, default=3)
    parser.add_argument("--random", type=int, metavar="COUNT")
    parser.add_argument("--start", type=int, default=0)
    options = parser.parse_args()
    if options.random:
        return int(try_random(options.start, options.random, options.periods) > 0)
    names = options.specs or sorted(path.stem for path in SPECS.glob("*.yaml"))
    return int(try_specs(names, options.periods) > 0)


if __name__ == "__main__":
    sys.exit(main())
