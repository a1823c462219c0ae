"""``shapecalc mirror``: the decoder that undoes an encoder."""

from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shapecalc.cli import _numbers, _terminal

if TYPE_CHECKING:
    from shapecalc.graph import Graph, Port
    from shapecalc.spec.source import Source

PANEL = "Reasoning"
ORDER = 320

Path = Annotated[str, typer.Argument(metavar="PATH", help="The spec of the encoder.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Which model of the file; if it has several."),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="LAYER", help="Undo what leads to this layer, not the output."),
]
Unpool = Annotated[
    Literal["upsample", "conv_transpose"],
    typer.Option("--unpool", help="What undoes a pool."),
]
Output = Annotated[
    FilePath | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]


def command(
    path: Path,
    model: Model = None,
    to: To = None,
    unpool: Unpool = "upsample",
    output: Output = None,
    force: Force = False,
) -> int:
    """Write the decoder that undoes an encoder, as a spec.

    Convolutions become transposed ones with the output_padding that brings back what was rounded
    away, pools become upsamplings, a flatten an unflatten, a dense layer a dense layer; norms,
    activations and dropouts are kept. The result is checked: it takes the encoder's output and
    gives its input's shape. Merges have no inverse. Exit code 1 where there is no mirror.

    \b
      shapecalc mirror encoder.yaml
      shapecalc mirror encoder.yaml --to latent -o decoder.yaml
      shapecalc mirror specs/dcgan.yaml --model discriminator --unpool conv_transpose
    """
    from shapecalc import checker

    if output is not None and output.exists() and not force:
        _terminal.print_error(f"{output}: the file exists; --force overwrites it")
        return 2
    try:
        source = checker.read_source(path)
    except checker.UnreadableError as error:
        _terminal.print_error(str(error))
        return 2
    graph = _graph(source, model, to)
    if graph is None:
        return 1
    text = _mirrored(graph, source, _port(graph, to), unpool)
    if text is None:
        return 1
    if output is None:
        _terminal.print_out(text.rstrip("\n"))
        return 0
    return _write(output, text)


def _graph(source: "Source", name: str | None, to: str | None) -> "Graph | None":
    """The model asked for as it ran; ``None`` where something is wrong with it, which is said.

    What is wrong behind the layer ``to`` does not matter.
    """
    from shapecalc import checker

    report = checker.check_source(source)
    names = [one.spec.name for one in report.models]
    chosen = [one for one in report.models if name in (None, one.spec.name)]
    if names and (not chosen or len(chosen) > 1):
        raise typer.BadParameter(
            f"the file has the models {', '.join(names)}: say which.", param_hint="'--model'"
        )
    if not chosen or (to is None and any(one.severity == "error" for one in report.diagnostics)):
        _terminal.print_error(f"{source.file} has errors: see `shapecalc check`")
        return None
    graph = chosen[0].graph
    named = _numbers.numbers_needed(graph, _numbers.IN_THE_SPEC)
    if named is not None:
        _terminal.print_error(named)
        return None
    if graph.spec.framework == "keras":
        _terminal.print_error(
            f"{graph.spec.name}: only PyTorch's transposed convolutions can be told which size to "
            "bring back; a Keras model is not mirrored"
        )
        return None
    return graph


def _port(graph: "Graph", to: str | None) -> "Port":
    """Where the encoder ends."""
    from shapecalc.graph import Port

    if to is not None:
        found = [node for node in graph.nodes if to in (node.name, node.path)]
        if not found:
            raise typer.BadParameter(f"no layer is called {to!r}.", param_hint="'--to'")
        return Port(found[-1], 0, found[-1].outputs[0])
    outputs = list(graph.outputs.values())
    if len(outputs) != 1:
        names = ", ".join(graph.outputs)
        raise typer.BadParameter(
            f"the model has the outputs {names}: say which.", param_hint="'--to'"
        )
    return outputs[0]


def _mirrored(
    graph: "Graph", source: "Source", port: "Port", unpool: Literal["upsample", "conv_transpose"]
) -> str | None:
    """The text of the decoder; ``None`` where there is none, which is said."""
    from shapecalc import checker
    from shapecalc.reasoning.mirror import CannotMirrorError, as_spec, mirror
    from shapecalc.spec.source import Source

    if len(graph.inputs) != 1:
        _terminal.print_error(
            f"{graph.spec.name} has {len(graph.inputs)} inputs, one can be undone"
        )
        return None
    (given,) = graph.inputs.values()
    try:
        layers = mirror(graph, port, unpool)
    except CannotMirrorError as error:
        node = error.node
        where = graph.spec.name
        if node is not None and node.spec is not None:
            line = source.span(node.spec.extent).line
            where = f"{source.file}:{line}: {node.spec.label(node.type)}"
        _terminal.print_error(f"{where}: {error}; --to NAME mirrors what leads to a layer before")
        return None
    text = as_spec(graph.spec.name, port.tensor.shape or (), given.outputs[0].shape or (), layers)
    report = checker.check_source(Source("mirror", text))
    wrong = [one for one in report.diagnostics if one.severity == "error"]
    if wrong:
        _terminal.print_error(f"{graph.spec.name} cannot be undone: {wrong[0].text}")
        return None
    return text


def _write(output: FilePath, text: str) -> int:
    from shapecalc.fix import write_atomically

    try:
        write_atomically(output, text.encode("utf-8"))
    except OSError as error:
        _terminal.print_error(f"{output}: {error.strerror or error}")
        return 2
    return 0
