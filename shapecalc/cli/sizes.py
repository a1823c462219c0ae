"""``shapecalc sizes``: which input sizes fit a model."""

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli import _options, _terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.base import Shape
    from shapecalc.reasoning.input_sizes import ModelSizes
    from shapecalc.spec.source import Source
    from shapecalc.walk import WalkResult

PANEL = "Reasoning"
ORDER = 300

#: Of a model of which no size can be told, or only at another input.
ERRORS = "has errors at its own input: see `shapecalc check`"

#: More sizes than these are not listed, and no larger ones asked for.
MAX_LISTED = 10_000
MAX_ASKED = 10_000_000

Path = Annotated[str, typer.Argument(metavar="PATH", help="A spec.", show_default=False)]
Near = Annotated[
    int | None,
    typer.Option(
        "--near", metavar="N", min=1, max=MAX_ASKED, help="The sizes nearest to N that fit."
    ),
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

    For each height, width or length of each input: the sizes at which the model has no error
    (valid), and at which no layer loses cells of its input (exact); what the outputs' sizes are;
    and which layer forces each modulus and each bound. Sizes that are inferred from the input, as
    a dense layer's after a flatten, count as fixed at the spec's own input; axes that fit together
    only are said with what ties them, and answered for equal sizes. What is not proved for all
    sizes is said to be tried up to a bound. A model that does not fit its own input is answered
    for the nearest that it fits, with exit code 1; one with `dims` is asked about these.

    \b
      shapecalc sizes specs/unet.yaml
      shapecalc sizes specs/unet.yaml --near 500
      shapecalc sizes specs/unet.yaml --list 500..600
    """
    from shapecalc import checker
    from shapecalc.cli import _sizes_output

    asked = _sizes_output.Asked(near, _bounds(listed) if listed is not None else None)
    try:
        source = checker.read_source(path)
    except checker.UnreadableError as error:
        _terminal.print_error(str(error))
        return 2
    found, wrong = _sizes(source)
    for problem in wrong:
        _terminal.print_error(f"{path}: {problem}")
    if output_format == "json":
        _sizes_output.print_json(found, source, asked)
    else:
        _sizes_output.print_text(found, source, asked)
    return int(bool(wrong))


def _sizes(source: "Source") -> "tuple[list[ModelSizes], list[str]]":
    """What is known of the models of a file at their own input, or at the nearest that fits, and
    what is wrong."""
    from shapecalc.checker import walk_model
    from shapecalc.reasoning.elsewhere import at_a_fitting_input
    from shapecalc.reasoning.input_sizes import model_sizes
    from shapecalc.reasoning.replay import Replay
    from shapecalc.spec.build import build_models
    from shapecalc.spec.source import parse
    from shapecalc.walk import WalkResult

    documents, problems = parse(source)
    models, more = build_models(source, documents)
    walked: dict[str, WalkResult] = {}
    found: list[ModelSizes] = []
    wrong = [f"the file {ERRORS}"] if problems or more else []
    for model in models:
        result = walked[model.name] = walk_model(model, walked)
        domain = result.graph.domain
        if domain is not None and domain.sizes is not None:
            found.append(domain.sizes)
            continue
        if result.findings or model.problems:
            other = None if domain else at_a_fitting_input(model, walked, result)
            wrong.append(_wrong(model.name, result, other and other[1]))
            if other is None:
                continue
            result = walked[model.name] = other[0]
        found.append(model_sizes(Replay(result.graph)))
    if not (models or wrong):
        wrong.append(f"the file {ERRORS}")
    return found, wrong


def _wrong(name: str, result: "WalkResult", shapes: "Mapping[str, Shape] | None") -> str:
    """What is said of a model with errors, which is answered for other input shapes."""
    from shapecalc.layers.base import format_shape

    if not shapes:
        return f"{name} {ERRORS}"
    own = {name: node.outputs[0].shape for name, node in result.graph.inputs.items()}
    if shapes == own:
        return f"{name} has an `expect` that does not hold; these are left out here"
    other = ", ".join(format_shape(shape) for shape in shapes.values())
    return f"{name} {ERRORS}; what follows is for {other}"


def _bounds(text: str) -> tuple[int, int]:
    low, dots, high = text.partition("..")
    if not dots or not low.isdecimal() or not high.isdecimal() or not 0 < int(low) <= int(high):
        raise typer.BadParameter(f"{text!r} is not A..B, as 100..600.", param_hint="'--list'")
    if int(high) - int(low) >= MAX_LISTED or int(high) > MAX_ASKED:
        raise typer.BadParameter(
            f"{text} are more than {MAX_LISTED:,} sizes, or beyond {MAX_ASKED:,}.",
            param_hint="'--list'",
        )
    return int(low), int(high)
