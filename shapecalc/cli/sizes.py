"""``shapecalc sizes``: which input sizes fit a model."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli import _options, _terminal

if TYPE_CHECKING:
    from shapecalc.reasoning.input_sizes import AxisSizes, Reason
    from shapecalc.reasoning.replay import Replay
    from shapecalc.reasoning.size_sets import SizeSet
    from shapecalc.spec.source import Source

PANEL = "Reasoning"
ORDER = 300

#: More sizes than these are not listed.
MAX_LISTED = 10_000

Path = Annotated[str, typer.Argument(metavar="PATH", help="A spec.", show_default=False)]
Near = Annotated[
    int | None,
    typer.Option("--near", metavar="N", min=1, help="The sizes nearest to N that fit."),
]
Range = Annotated[
    str | None,
    typer.Option("--list", metavar="A..B", help="All sizes from A to B that fit."),
]


def command(
    path: Path,
    near: Near = None,
    listed: Range = None,
    output_format: _options.FormatOption = "text",
) -> int:
    """Which input sizes fit a model, for every size there is.

    For each spatial axis of each input (the other axes as in the spec): the sizes at which the
    model has no error (valid), and at which no layer loses cells of its input (exact); what the
    outputs' sizes are; and which layers keep other sizes out. Sizes that are inferred from the
    input, as a dense layer's after a flatten, count as fixed at the spec's own input.

    \b
      shapecalc sizes specs/unet.yaml
      shapecalc sizes specs/unet.yaml --near 500
      shapecalc sizes specs/unet.yaml --list 500..600
    """
    from shapecalc import checker
    from shapecalc.reasoning.input_sizes import axis_sizes, input_axes

    bounds = _bounds(listed) if listed else None
    try:
        source = checker.read_source(path)
    except checker.UnreadableError as error:
        _terminal.print_error(str(error))
        return 2
    found: list[tuple[str, AxisSizes]] = []
    failed = False
    for replay in _models(source):
        axes = input_axes(replay.base)
        if replay.result.findings or replay.spec.problems:
            _terminal.print_error(
                f"{path}: {replay.spec.name} has errors at its own input: see `shapecalc check`"
            )
            failed = True
            continue
        found += [(replay.spec.name, axis_sizes(replay, *axis)) for axis in axes]
    if output_format == "json":
        _print_json(found, near, bounds)
    else:
        previous = None
        for model, sizes in found:
            if previous is not None and _alike(previous, sizes):
                _terminal.print_out(f"  {sizes.name:<{len(previous.name)}} likewise")
            else:
                _print(model, sizes, source, near, bounds)
            previous = sizes
    return int(failed)


def _models(source: "Source") -> "list[Replay]":
    from shapecalc.reasoning.replay import Replay
    from shapecalc.spec.build import build_models
    from shapecalc.spec.source import parse
    from shapecalc.walk import WalkResult, walk

    walked: dict[str, WalkResult] = {}
    replays = []
    for model in build_models(source, parse(source)[0])[0]:
        walked[model.name] = walk(model, walked)
        replays.append(Replay(model, walked[model.name]))
    return replays


def _bounds(text: str) -> tuple[int, int]:
    low, dots, high = text.partition("..")
    if not dots or not low.isdecimal() or not high.isdecimal() or not 0 < int(low) <= int(high):
        raise typer.BadParameter(f"{text!r} is not A..B, as 100..600.", param_hint="'--list'")
    if int(high) - int(low) >= MAX_LISTED:
        raise typer.BadParameter(
            f"{text} are more than {MAX_LISTED:,} sizes.", param_hint="'--list'"
        )
    return int(low), int(high)


def _print(
    model: str,
    sizes: "AxisSizes",
    source: "Source",
    near: int | None,
    bounds: tuple[int, int] | None,
) -> None:
    where = sizes.name if sizes.input == "input" else f"{sizes.input} {sizes.name}"
    _terminal.print_out(_terminal.style(f"{model}: {where}", "bold") + f" (here {sizes.own})")
    both = (("valid", sizes.valid), ("exact", sizes.exact))
    lines = [(kind, found.describe(sizes.name)) for kind, found in both]
    lines += [(f"output {name}", text) for name, text in sizes.outputs.items()]
    if near is not None:
        lines += [(f"{kind} near {near}", _nearest(found, near)) for kind, found in both]
    if bounds:
        lines += [
            (f"{kind} {bounds[0]} to {bounds[1]}", _listed(found, bounds)) for kind, found in both
        ]
    if sizes.scanned_to:
        lines.append(
            ("scanned", f"each size up to {sizes.scanned_to}; beyond it nothing is proved")
        )
    lines += [("not valid", _reason(reason, source)) for reason in sizes.invalid_because]
    lines += [("not exact", _reason(reason, source)) for reason in sizes.inexact_because]
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        _terminal.print_out(f"  {label:<{width}}  {text}")


def _alike(one: "AxisSizes", other: "AxisSizes") -> bool:
    """Whether two axes of one input have the same sizes, for the same reasons."""

    def essence(sizes: "AxisSizes") -> tuple[object, ...]:
        reasons = [
            (reason.size, reason.node.path)
            for reason in (*sizes.invalid_because, *sizes.inexact_because)
        ]
        return (sizes.input, sizes.own, sizes.valid, sizes.exact, reasons)

    return essence(one) == essence(other)


def _nearest(found: "SizeSet", size: int) -> str:
    sizes = dict.fromkeys(n for n in found.near(size) if n is not None)
    return ", ".join(map(str, sizes)) or "none"


def _listed(found: "SizeSet", bounds: tuple[int, int]) -> str:
    from shapecalc.reasoning.size_sets import runs

    return runs(found.within(*bounds)) or "none"


def _reason(reason: "Reason", source: "Source") -> str:
    spec = reason.node.spec
    if spec is None:
        return reason.message
    line = source.span(spec.extent).line
    message = reason.message.partition(": ⌊")[0]
    return f"{reason.size}: {spec.label(reason.node.type)} at line {line}: {message}"


def _print_json(
    found: "list[tuple[str, AxisSizes]]", near: int | None, bounds: tuple[int, int] | None
) -> None:
    import json

    entries = [
        {
            "model": model,
            "input": sizes.input,
            "axis": sizes.name,
            "own": sizes.own,
            "valid": _set_to_dict(sizes.valid, near, bounds),
            "exact": _set_to_dict(sizes.exact, near, bounds),
            "outputs": sizes.outputs,
            "proved": sizes.scanned_to is None,
            "scanned_to": sizes.scanned_to,
        }
        for model, sizes in found
    ]
    _terminal.print_out(json.dumps({"version": 1, "axes": entries}, indent=2))


def _set_to_dict(
    found: "SizeSet", near: int | None, bounds: tuple[int, int] | None
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "modulus": found.modulus,
        "residues": list(found.residues),
        "from": found.start,
        "exceptions": list(found.exceptions),
        "text": found.describe("n"),
    }
    if near is not None:
        entry["near"] = [n for n in found.near(near) if n is not None]
    if bounds is not None:
        entry["listed"] = list(found.within(*bounds))
    return entry
