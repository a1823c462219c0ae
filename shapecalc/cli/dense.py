"""``shapecalc dense``: the weights of dense (linear) layers."""

import typer

from shapecalc.cli import _one_off, _one_off_output, _options

PANEL = "One-offs"
ORDER = 230


def command(
    widths: _options.Widths,
    no_bias: _options.NoBias = False,
    framework: _options.FrameworkOption = "pytorch",
    quiet: _options.Quiet = False,
    output_format: _options.FormatOption = "text",
) -> int:
    """The weights of dense (linear) layers.

    \b
      shapecalc dense 9 4
      shapecalc dense 784 256 10             a chain: two layers

    The first width is the input's, each further one is a layer's. Weights are written inputs ×
    outputs; --format json has them in the framework's layout (PyTorch's is outputs first), and is
    otherwise as shapecalc conv --help describes it. With --quiet: the number of parameters.
    """
    if len(widths) < 2:
        raise typer.BadParameter(
            f"a layer has two widths: shapecalc dense {widths[0]} 10", param_hint="'WIDTH...'"
        )
    result = _one_off.dense_chain(widths, not no_bias, framework)
    if output_format == "json":
        _one_off_output.print_json("dense", framework, [result])
    else:
        _one_off_output.print_dense(result, quiet)
    return 0
