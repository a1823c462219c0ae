"""``shapecalc solve SPEC --layer NAME --output N``: another size for one layer of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from shapecalc.cli import _numbers, _options, _terminal

if TYPE_CHECKING:
    from shapecalc.graph import Graph, Node
    from shapecalc.reasoning.layer_solutions import Change, Current, Sizes
    from shapecalc.spec.source import Source


def run(path: str, layer: str, output: str, most: int, output_format: str) -> int:
    """Find the changes, print them; exit code 1 where there are none."""
    from shapecalc import checker
    from shapecalc.reasoning.layer_solutions import changes, current

    wanted = _options.parse_positive(output)
    try:
        source = checker.read_source(path)
    except checker.UnreadableError as error:
        _terminal.print_error(str(error))
        return 2
    graph, node = _find(source, layer)
    now = current(node)
    label = node.spec.label(node.type) if node.spec else node.type
    if now is None:
        raise _wrong(f"{label} has no kernel that slides over a known size.", "--layer")
    if len(wanted) not in (1, len(now.inputs)):
        raise _wrong(
            f"{output!r} has {len(wanted)} sizes, {label} has {len(now.inputs)}.", "--output"
        )
    sizes = tuple(wanted) * (len(now.inputs) if len(wanted) == 1 else 1)
    if sizes == now.outputs:
        _terminal.print_error(f"{label} gives {_shape(sizes)} as it is")
        return 1
    found = changes(graph, node, now, sizes)
    if output_format == "json":
        _print_json(graph, node, found[:most], len(found))
    elif found:
        line = source.span(node.spec.extent).line if node.spec else 1
        text = (
            f"{label} at line {line}: {_shape(now.inputs)} → {_shape(now.outputs)} with "
            f"{now.describe()}; for {_shape(sizes)}:"
        )
        _terminal.print_out(_terminal.escaped(text))
        _print(graph, node, source, found, most)
    return _none(graph, node, now, sizes) if not found else 0


def _find(source: Source, layer: str) -> tuple[Graph, Node]:
    """The layer of that name or path. Wrong usage where there is none."""
    from shapecalc import checker
    from shapecalc.spec.names import did_you_mean

    report = checker.check_source(source)
    graphs = [model.graph for model in report.models]
    for graph in graphs:
        found = [node for node in graph.nodes if layer in (node.name, node.path)]
        if found:
            named = _numbers.numbers_needed(graph, _numbers.IN_THE_SPEC)
            if named is not None:
                raise _wrong(named, "--layer")
            return graph, found[-1]  # of a layer that is repeated its name means the last turn
    known = [name for graph in graphs for node in graph.nodes for name in (node.name, node.path)]
    near = did_you_mean(layer, [name for name in known if name])
    hint = f" Did you mean {near!r}?" if near else " Give its name, or its path: layers[3]."
    raise _wrong(f"{source.file} has no layer {layer!r}.{hint}", "--layer")


def _wrong(message: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=f"'{option}'")


def _shape(sizes: Sizes) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)


def _print(graph: Graph, node: Node, source: Source, found: list[Change], most: int) -> None:
    shown = found[:most]
    width = max(len(change.describe()) for change in shown)
    for change in shown:
        notes = [] if change.exact else ["only padding is dropped"]
        notes.append(_rest(graph, node, change, source))
        text = f"  {change.describe():<{width}}  {'; '.join(notes)}"
        _terminal.print_out(_terminal.escaped(text))
    if len(found) > most:
        _terminal.print_out(f"  … {len(found) - most} more: --most {len(found)}")


def _rest(graph: Graph, node: Node, change: Change, source: Source) -> str:
    from shapecalc.reasoning.layer_solutions import broken_by

    broken = broken_by(graph, node, change)
    if broken is None:
        return "the rest fits"
    if broken.spec is None:
        return "the rest does not fit"
    line = source.span(broken.spec.extent).line
    return f"then {broken.spec.label(broken.type)} at line {line} does not fit"


def _print_json(graph: Graph, node: Node, found: list[Change], total: int) -> None:
    import json

    from shapecalc.reasoning.layer_solutions import broken_by

    entries = []
    for change in found:
        broken = broken_by(graph, node, change)
        entries.append(
            {
                "change": {name: new for name, (new, _) in change.fields.items()},
                "arguments": change.arguments,
                "exact": change.exact,
                "breaks": broken.path if broken else None,
            }
        )
    _terminal.print_out(json.dumps({"version": 1, "total": total, "solutions": entries}))


def _none(graph: Graph, node: Node, now: Current, wanted: tuple[int, ...]) -> int:
    """Say that there is no answer, with what comes closest."""
    from shapecalc.reasoning.layer_solutions import nearest

    assert node.spec is not None
    close = nearest(graph, node, now, wanted)
    hint = f"; nearest: {_shape(close.outputs)} with {close.describe()}" if close else ""
    _terminal.print_error(
        f"no solution for {node.spec.label(node.type)}: {_shape(now.inputs)} → "
        f"{_shape(wanted)}{hint}"
    )
    return 1
