"""The layers of ``framework: keras`` against what real Keras said of them (``keras_golden.py``)."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from functools import cache
from typing import Any

import pytest

from shapecalc.layers import catalogue
from shapecalc.layers.base import Call, Dim, Problem, Tensor
from shapecalc.spec.fields import check_arguments
from tests.oracle.keras_differences import DIFFERENCES, deliberate
from tests.oracle.keras_golden import FILE, Answer, twins

CASES = 10_000


@cache
def answers() -> dict[str, list[Answer]]:
    """What Keras said, by layer type."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for row in json.loads(gzip.decompress(FILE.read_bytes())):
        found[row[0]].append(Answer(*row))
    return found


def frozen(value: Any) -> Any:
    """Lists as the engine hands them to a layer."""
    return tuple(frozen(part) for part in value) if isinstance(value, list) else value


def ask(case: Answer) -> tuple[list[Problem], list[list[Dim]], dict[str, list[Dim]]]:
    """What shapecalc finds, and the shapes it comes to where it finds nothing."""
    cls = catalogue("keras").types[case.type]
    args, wrong = check_arguments(cls, {k: frozen(v) for k, v in case.args.items()})
    if wrong:
        return [Problem("SC002", why, name, None) for name, why in wrong.items()], [], {}
    layer = cls(**args)
    call = Call(tuple(Tensor(tuple(s), case.dtype) for s in case.inputs), channels_last=True)
    outputs = layer.infer(call)
    weights = layer.weights(call)
    layer.macs(call, outputs)
    layer.windows(call)
    if call.problems:
        return call.problems, [], {}
    shapes = [list(output.shape or ()) for output in outputs]
    return [], shapes, {name: list(shape) for name, shape in weights.items()}


def disagreement(case: Answer) -> str | None:
    """How the two sides differ, where no deliberate difference explains it."""
    problems, outputs, weights = ask(case)
    if case.outputs is None:
        return None if problems else "Keras refuses it"
    if problems:
        return None if deliberate(case, problems) else f"{problems[0].code} {problems[0].message}"
    if outputs != case.outputs:
        return f"the outputs are {outputs}"
    return None if weights == case.weights else f"the weights are {weights}"


def test_the_file_covers_every_twin() -> None:
    assert set(answers()) == set(twins())
    assert sum(map(len, answers().values())) >= CASES


@pytest.mark.parametrize("name", sorted(twins()))
def test_agrees_with_keras(name: str) -> None:
    found = [(case, disagreement(case)) for case in answers()[name]]
    wrong = [f"{case}\n  {why}" for case, why in found if why]
    assert not wrong, f"{len(wrong)} of {len(found)}:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize("name", sorted(twins()))
def test_a_fair_share_is_accepted(name: str) -> None:
    cases = answers()[name]
    assert sum(case.outputs is not None for case in cases) > len(cases) / 4


def test_every_difference_is_needed() -> None:
    used = set()
    for case in (case for cases in answers().values() for case in cases):
        problems = ask(case)[0] if case.outputs is not None else []
        used.add(deliberate(case, problems) if problems else None)
    assert {difference.name for difference in DIFFERENCES} <= used
