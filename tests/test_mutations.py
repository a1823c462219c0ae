"""Recovery, measured: one fault planted into a sound spec gives exactly one error, at its place.

``SHAPECALC_MUTATIONS`` says how many of the faults are tried: a number takes every so-many-th,
``all`` takes each of them (some 12,000, minutes).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from shapecalc.checker import check_source
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.report import FileReport
from shapecalc.spec.source import Source
from tests.faults import KINDS, SPECS, Fault, Spec, apply, faults_of, load, overlap

PATHS = sorted(SPECS.glob("*.yaml"))
_EVERY = os.environ.get("SHAPECALC_MUTATIONS", "20")
STEP = 1 if _EVERY == "all" else int(_EVERY)
PAIRS = 400 if _EVERY == "all" else 36
#: At most so many of a spec's pairs may hide one of the two although the shapes around it are
#: known (see :func:`may_hide`); of all specs' pairs together it is one in five hundred.
MOST_HIDDEN = 0.06

#: Kind -> why it may at some places be no error, or more than one. There is none.
EXCEPTIONS: dict[str, str] = {}

specs = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


class Place(NamedTuple):
    """What a finding is known by."""

    code: str
    line: int
    column: int


def check(spec: Spec, text: str) -> FileReport:
    return check_source(Source(f"{spec.name}.yaml", text))


def errors(report: FileReport) -> list[Diagnostic]:
    """The errors, without budgets: a kernel of 9999 does pass the limit on the parameters."""
    return [
        found
        for found in report.diagnostics
        if found.severity is Severity.ERROR and found.code < "SC2"
    ]


def place(found: Diagnostic) -> Place:
    return Place(found.code, found.line, found.column)


def plant(spec: Spec, faults: list[Fault]) -> tuple[str, list[Place]]:
    """The text with the faults, and what must be found in it."""
    text, offsets = apply(spec.text, faults)
    source = Source(spec.name, text)
    spans = [source.span((offset, offset)) for offset in offsets]
    return text, [
        Place(fault.code, span.line, span.column) for fault, span in zip(faults, spans, strict=True)
    ]


def explain(faults: list[Fault], found: list[Diagnostic]) -> str:
    planted = "; ".join(f"{f.kind} at {f.path}: {f.edits[0].text.strip()!r}" for f in faults)
    lines = [f"{one.line}:{one.column} {one.code} {one.text}" for one in found]
    return "\n  ".join([planted, *lines])


@specs
def test_sound(path: Path) -> None:
    spec = load(path)
    assert not errors(check(spec, spec.text))


@specs
def test_one_fault_one_error(path: Path) -> None:
    spec = load(path)
    wrong = []
    # Another rest for each spec, so that all kinds have their turn somewhere.
    for fault in faults_of(spec)[PATHS.index(path) % STEP :: STEP]:
        text, wanted = plant(spec, [fault])
        found = errors(check(spec, text))
        if fault.kind not in EXCEPTIONS and [place(one) for one in found] != wanted:
            wrong.append(explain([fault], found))
    assert not wrong, "\n".join(wrong)


def test_every_kind_occurs() -> None:
    counts = Counter(fault.kind for path in PATHS for fault in faults_of(load(path)))
    assert counts.keys() > KINDS.keys()
    assert min(counts.values()) > 10


def pairs(spec: Spec, count: int) -> Iterator[tuple[Fault, Fault]]:
    """Two faults at two layers, each kind as likely as any other; always the same."""
    chance = random.Random(spec.name)
    by_kind: dict[str, list[Fault]] = {}
    for fault in faults_of(spec):
        by_kind.setdefault(fault.kind, []).append(fault)
    kinds = sorted(by_kind)
    while count:
        one, other = (chance.choice(by_kind[chance.choice(kinds)]) for _ in range(2))
        if one.layer != other.layer and not overlap(one, other):
            count -= 1
            yield one, other


def may_hide(one: Fault, other: Fault) -> str | None:
    """Why the second fault may stay unseen until the first is mended."""
    if one.destroys and other.needs_values:
        return "what it is about cannot be known any more"
    if one.destroys and "blocks." in other.layer:
        return "the use of its block cannot be run any more"
    if other.kind == "wrong_argument" and "blocks." in one.layer:
        return "nothing may read the argument any more"
    if one.kind == other.kind == "duplicate_name":
        return "the name may be that of the layer with the wrong name"
    if one.kind == "duplicate_name" and other.kind in ("no_such_layer", "wrong_output"):
        return "the name that is nobody's may be that of the layer with the wrong name"
    return None


def is_blind(spec: Spec, one: Fault, other: Fault) -> bool:
    """Whether the first fault leaves unknown what the second one is about, or never run."""
    text, _ = apply(spec.text, [one])
    report = check(spec, text)
    graphs = [model.graph for model in report.models]
    if not other.layer:
        shapes = [port.tensor.shape for graph in graphs for port in graph.outputs.values()]
    else:
        start = next(site.extent[0] for site in spec.sites if site.path == other.layer)
        start += sum(len(e.text) - (e.end - e.start) for e in one.edits if e.start < start)
        nodes = [n for graph in graphs for n in graph.nodes if n.spec and n.spec.extent[0] == start]
        groups = [g for graph in graphs for g in graph.groups if g.spec.extent[0] == start]
        shapes = [port.tensor.shape for node in nodes for port in node.inputs]
        shapes += [tensor.shape for node in nodes for tensor in node.outputs]
        shapes += [group.output.shape for group in groups if group.output]
    return not shapes or any(shape is None or None in shape for shape in shapes)


@specs
def test_two_faults_two_errors(path: Path) -> None:
    spec = load(path)
    wrong, hidden = [], 0
    for one, other in pairs(spec, PAIRS):
        text, wanted = plant(spec, [one, other])
        found = errors(check(spec, text))
        places = [place(error) for error in found]
        if sorted(places) == sorted(wanted):
            continue
        faults = ((one, other), (other, one))
        excused = {wanted[i] for i in (0, 1) if may_hide(*faults[1 - i])}
        certain = set(wanted) - excused
        blind = any(is_blind(spec, *pair) and pair[1].needs_sizes for pair in faults)
        if len(certain) < 2 and certain <= set(places) and len(places) <= 2:
            hidden += not blind
        else:
            wrong.append(explain([one, other], found))
    assert not wrong, "\n".join(wrong)
    assert hidden <= MOST_HIDDEN * PAIRS


def runs_of(report: FileReport) -> Counter[tuple[int, int]]:
    """How often each layer of a sound spec runs, by where it is written."""
    return Counter(
        node.spec.extent
        for model in report.models
        for node in model.graph.nodes
        if node.spec is not None
    )


@specs
def test_a_fault_in_a_block_counts_its_uses(path: Path) -> None:
    spec = load(path)
    runs = runs_of(check(spec, spec.text))
    kinds = ("groups_do_not_divide", "stride_of_zero", "kernel_too_large", "wrong_declared_input")
    for site in spec.sites:
        if "blocks." not in site.path:
            continue
        for fault in (fault for kind in kinds for fault in KINDS[kind](site)):
            text, wanted = plant(spec, [fault])
            (found,) = errors(check(spec, text))
            assert place(found) == wanted[0]
            most = runs[site.extent]
            if fault.kind in ("kernel_too_large", "stride_of_zero"):
                # Behind the first use the sizes are not known, which raises nothing.
                assert 1 <= found.uses <= most
            else:
                assert found.uses == most, explain([fault], [found])
            assert found.first_use is not None
            assert (f"in {found.uses} uses" in found.text) == (found.uses > 1)


@pytest.mark.parametrize("uses", [1, 2, 16])
def test_uses_are_said(uses: int) -> None:
    layers = "\n".join(["  - {type: unit, width: 8}"] * uses)
    text = (
        "input: [8, 16, 16]\nblocks:\n  unit:\n    params: {width}\n    layers:\n"
        "      - {type: conv2d, in_channels: 9, out_channels: width, kernel_size: 1}\n"
        f"layers:\n{layers}\n"
    )
    (found,) = errors(check_source(Source("uses.yaml", text)))
    assert (found.code, found.line, found.uses, found.first_use) == ("SC101", 6, uses, 8)
    said = f" (in {uses} uses, first at line 8)"
    assert found.text.endswith(said) == (uses > 1)
