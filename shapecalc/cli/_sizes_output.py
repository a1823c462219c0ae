"""What ``shapecalc sizes`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.cli import _terminal
from shapecalc.reasoning.size_sets import SizeSet, runs

if TYPE_CHECKING:
    from shapecalc.reasoning.input_axes import InputAxis
    from shapecalc.reasoning.input_sizes import AxisSizes, ModelSizes
    from shapecalc.reasoning.joint import Tie
    from shapecalc.spec.source import Extent, Source


class Asked(NamedTuple):
    """What is to be said of the sets besides the sets themselves."""

    near: int | None = None
    bounds: tuple[int, int] | None = None


def print_text(models: list[ModelSizes], source: Source, asked: Asked) -> None:
    """The answers for people."""
    for model in models:
        tied = {axis for tie in model.ties for axis in tie.axes}
        for sizes in model.together:
            within = [tie for tie in model.ties if set(tie.axes) <= set(sizes.axes)]
            _print_axis(model, sizes, source, asked, within)
        previous: AxisSizes | None = None
        for sizes in model.alone:
            if previous is not None and _alike(previous, sizes):
                _terminal.print_out(f"  {sizes.name:<{len(previous.name)}}  likewise")
                continue
            ties = [tie for tie in model.ties if sizes.axes[0] in tie.axes]
            loose = [] if model.together else ties
            _print_axis(model, sizes, source, asked, loose, alone=sizes.axes[0] in tied)
            previous = sizes
        for note in model.notes:
            _terminal.print_out(_terminal.escaped(f"{model.model}: {note}"))
        if not (model.alone or model.together):
            name = _terminal.escaped(model.model)
            _terminal.print_out(f"{name}: no axis of its input may have another size")


def _print_axis(
    model: ModelSizes,
    sizes: AxisSizes,
    source: Source,
    asked: Asked,
    ties: list[Tie],
    alone: bool = False,
) -> None:
    rest = ", the others as in the spec" if alone else ""
    name = " and ".join(axis.name for axis in sizes.axes) if model.named else _title(sizes)
    title = _terminal.style(_terminal.escaped(f"{model.model}: {name}"), "bold")
    _terminal.print_out(title if model.named else f"{title} (here {sizes.own}{rest})")
    lines = [*_tie_lines(ties, source), *_lines(sizes, asked)]
    if not (alone and model.together):
        lines += _needs(sizes, source)
    lines.append(_proof(sizes))
    width = max(len(label) for label, _ in lines)
    before = ""
    for label, text in lines:
        start = f"  {label if label != before else '':<{width}}  "
        _terminal.print_out(_terminal.escaped(start + text))
        before = label


def _title(sizes: AxisSizes) -> str:
    names = list(map(_axis_name, sizes.axes))
    return names[0] if len(names) == 1 else f"{' and '.join(names)} of one size"


def _axis_name(axis: InputAxis) -> str:
    return axis.name if axis.input == "input" else f"{axis.input} {axis.name}"


def _tie_lines(ties: list[Tie], source: Source) -> Iterator[tuple[str, str]]:
    for tie in ties:
        one, other = map(_axis_name, tie.axes)
        condition = tie.condition or f"{one} and {other} fit together only"
        yield "together", f"{condition}: {_place(tie.failure.label, tie.failure.extent, source)}"


def _lines(sizes: AxisSizes, asked: Asked) -> Iterator[tuple[str, str]]:
    both = (("valid", sizes.valid), ("exact", sizes.exact))
    for kind, found in both:
        every = ", all that were tried" if _all(sizes, found) else ""
        yield kind, found.describe(sizes.name) + every
    for output in sizes.outputs:
        text = output.formula
        if output.where_exact:
            text += f"; {output.where_exact} where exact"
        yield f"output {output.output}", text
    for kind, found in both:
        if asked.near is not None:
            text = _nearest(found, asked.near) + _untried(sizes, asked.near, asked.near)
            yield f"{kind} near {asked.near}", text
        if asked.bounds:
            low, high = asked.bounds
            text = (runs(found.within(low, high)) or "none") + _untried(sizes, low, high)
            yield f"{kind} {low} to {high}", text


def _untried(sizes: AxisSizes, low: int, high: int) -> str:
    """What is asked that a scan has not reached."""
    if sizes.scanned is None or sizes.scanned[0] <= low <= high <= sizes.scanned[1]:
        return ""
    first, last = sizes.scanned
    return f"; only {first} to {last} were tried"


def _needs(sizes: AxisSizes, source: Source) -> Iterator[tuple[str, str]]:
    for kind, needs in (("valid needs", sizes.valid_needs), ("exact needs", sizes.exact_needs)):
        for need in needs:
            yield kind, need.describe(source)


def _all(sizes: AxisSizes, found: SizeSet) -> bool:
    """Whether every size that was tried belongs to a set that says nothing of others."""
    if sizes.scanned is None or found.residues:
        return False
    first, last = sizes.scanned
    return last > first and len(found.exceptions) == last - first + 1


def _proof(sizes: AxisSizes) -> tuple[str, str]:
    if sizes.scanned:
        return "scanned", sizes.bound
    if not (sizes.valid.residues or sizes.exact.residues):
        return "proved", "no larger size fits"
    if sizes.period == 1:
        return "proved", f"from {sizes.start} on all sizes are alike"
    return "proved", f"from {sizes.start} on it repeats every {sizes.period} sizes"


def _place(label: str, extent: Extent, source: Source) -> str:
    return f"{label} at line {source.span(extent).line}"


def _alike(one: AxisSizes, other: AxisSizes) -> bool:
    """Whether two axes of one input have the same sizes, for the same reasons."""

    def essence(sizes: AxisSizes) -> tuple[object, ...]:
        needs = [
            (need.label, need.extent, need.sizes, need.example)
            for need in (*sizes.valid_needs, *sizes.exact_needs)
        ]
        return (sizes.axes[0].input, sizes.own, sizes.valid, sizes.exact, needs)

    return essence(one) == essence(other)


def _nearest(found: SizeSet, size: int) -> str:
    sizes = dict.fromkeys(n for n in found.near(size) if n is not None)
    return ", ".join(map(str, sizes)) or "none"


def print_json(models: list[ModelSizes], source: Source, asked: Asked) -> None:
    """The answers for programs."""
    axes = [
        _axis(model, sizes, source, asked)
        for model in models
        for sizes in (*model.together, *model.alone)
    ]
    ties = [
        {
            "model": model.model,
            "axes": [{"input": axis.input, "axis": axis.name} for axis in tie.axes],
            "condition": tie.condition,
            "layer": tie.failure.label,
            "line": source.span(tie.failure.extent).line,
        }
        for model in models
        for tie in model.ties
    ]
    notes = [{"model": model.model, "note": note} for model in models for note in model.notes]
    answer = {"version": 1, "axes": axes, "together": ties, "notes": notes}
    _terminal.print_out(json.dumps(answer, indent=2, ensure_ascii=False))


def _axis(model: ModelSizes, sizes: AxisSizes, source: Source, asked: Asked) -> dict[str, Any]:
    return {
        "model": model.model,
        "input": sizes.axes[0].input,
        "axis": sizes.name,
        "of": [{"input": axis.input, "axis": axis.name} for axis in sizes.axes],
        "own": None if model.named else sizes.own,
        "valid": _set(sizes.valid, asked),
        "exact": _set(sizes.exact, asked),
        "outputs": {output.output: output.formula for output in sizes.outputs},
        "outputs_where_exact": {
            output.output: output.where_exact or output.formula for output in sizes.outputs
        },
        "needs": sizes.needs_to_dict(source),
        "proved": sizes.scanned is None,
        "scanned": list(sizes.scanned) if sizes.scanned else None,
    }


def _set(found: SizeSet, asked: Asked) -> dict[str, Any]:
    entry = found.to_dict()
    if asked.near is not None:
        entry["near"] = [n for n in found.near(asked.near) if n is not None]
    if asked.bounds is not None:
        entry["listed"] = list(found.within(*asked.bounds))
    return entry
