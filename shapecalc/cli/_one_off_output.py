"""How the one-off commands print their results: as text, as bare values, as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from shapecalc.cli._one_off import (
    AXES,
    AxisArguments,
    Failure,
    Layer,
    Result,
    Shape,
    Step,
    compute,
)
from shapecalc.cli._options import Framework, Numbers, OutputFormat
from shapecalc.cli._terminal import print_error, print_out, style
from shapecalc.sizes import Rounding, TransposedWindow, Window

VERSION = 1


def run(
    layer: Layer,
    sizes: Sequence[Numbers],
    *,
    repeat: int,
    quiet: bool,
    output_format: OutputFormat,
) -> int:
    """Compute a layer for each size and print what comes out; the exit code."""
    results = [compute(layer, size, repeat) for size in sizes]
    if output_format == "json":
        print_json(layer.command, layer.framework, results, layer.rounding)
    else:
        for result in results:
            if result.output is not None:
                lines = [_plain(result.output)] if quiet else _text(layer, result)
                print_out("\n".join(lines))
    return report_failures(results)


def report_failures(results: Iterable[Result]) -> int:
    """One line on standard error for each input that cannot be; the exit code."""
    failures = {_sentence(result): result.failure.code for result in results if result.failure}
    for sentence, code in failures.items():
        print_error(sentence, code)
    return 1 if failures else 0


def _sentence(result: Result) -> str:
    failure = result.failure
    assert failure is not None
    where = f"{_chain(result)} → ?: " if failure.of_size else ""
    return f"{where}{failure.message}{f'; {failure.help}' if failure.help else ''}"


def _plain(shape: Shape) -> str:
    """A size as it can be given again: ``64x48``."""
    return str(Numbers(shape))


def _times(shape: Iterable[int]) -> str:
    """A size to read: ``64×48``."""
    return "×".join(map(str, shape))


def _chain(result: Result) -> str:
    return " → ".join(map(_times, result.sizes))


def cells(count: int, kind: str = "") -> str:
    """``1 cell``, ``3 padding cells``."""
    return counted(count, f"{kind}cell", f"{kind}cells")


def _text(layer: Layer, result: Result) -> list[str]:
    lines = [style(_chain(result), "bold")]
    for step in result.steps:
        lines += _step_lines(layer, step)
    if layer.channels:
        lines += _weight_lines(layer, result)
    return lines


def _step_lines(layer: Layer, step: Step) -> list[str]:
    """The equation of each axis, once where all of them have the same."""
    axes = list(zip(AXES[len(step.windows)], step.windows, step.arguments, strict=True))
    alike = len(set(step.windows)) == 1
    width = max(len(name) for name, _, _ in axes) + 2
    lines = []
    for name, window, at in axes[:1] if alike else axes:
        label = "" if alike else name.ljust(width)
        if isinstance(window, Window):
            first, *more = _sliding_lines(layer, window, at)
        else:
            first, *more = [window.equation()]
        lines += [f"  {label}{first}", *(f"  {' ' * len(label)}{line}" for line in more)]
    return lines


def _sliding_lines(layer: Layer, window: Window, at: AxisArguments) -> list[str]:
    equation = window.equation(layer.rounding)
    if window.exact:
        return [f"{equation} (exact)", *_gap_lines(window)]
    return [
        equation,
        style(f"not exact: {remainder(window)}", "yellow"),
        *_gap_lines(window),
        *_other_roundings(layer, window, at),
        *_ways_out(layer, window, at),
    ]


def remainder(window: Window) -> str:
    """What happens to the cells that the last window does not come out even with."""
    if window.leftover < 0:
        return f"the last window reaches {cells(-window.leftover)} past the end"
    if window.unread == 0:
        return (
            f"only padding is dropped, {part_of(window.dropped_padding, window.after)} at the end"
        )
    lost = (
        "the last input cell is never read"
        if window.unread == 1
        else f"the last {window.unread} input cells are never read"
    )
    behind = window.dropped_padding
    return f"{lost}, nor {cells(behind, 'padding ')} behind" if behind else lost


def _gap_lines(window: Window) -> list[str]:
    if not window.gap or window.out == 1:
        return []
    verb = "is" if window.gap == 1 else "are"
    text = f"{cells(window.gap)} between one window and the next {verb} never read"
    return [style(text, "yellow")]


def _other_roundings(layer: Layer, window: Window, at: AxisArguments) -> list[str]:
    """What the other ways of rounding give, those that agree in one breath."""
    names: dict[int, list[str]] = {}
    for name, slide in layer.otherwise.items():
        out = slide(window.n, at).out
        if out != window.out:
            names.setdefault(out, []).append(name)
    return [f"{' or '.join(same)} gives {out}" for out, same in names.items()]


def _ways_out(layer: Layer, window: Window, at: AxisArguments) -> list[str]:
    """Arguments that make the size an integer, where cells of the input are lost otherwise."""
    if window.unread == 0:
        return []
    pool = layer.command == "pool"
    ways = []
    if isinstance(at.padding, int) and layer.framework == "pytorch":
        padding = window.exact_padding(at.kernel_size // 2 if pool else None)
        if padding is not None:
            ways.append((f"-p{padding}", at._replace(padding=padding, stride=window.stride)))
    if at.padding != "same":
        kernel = window.exact_kernel(2 * window.before if pool else 1)
        if kernel is not None:
            stride = f" -s{window.stride}" if at.stride is None and pool else ""
            changed = at._replace(kernel_size=kernel, stride=window.stride)
            ways.append((f"-k{kernel}{stride}", changed))
    texts = [f"{option} (gives {layer.slide(window.n, changed).out})" for option, changed in ways]
    inputs = [str(n) for n in window.exact_inputs] if at.padding != "same" else []
    if inputs:
        texts.append(f"an input of {' or '.join(inputs)}")
    if len(texts) > 1:
        texts[-1] = f"or {texts[-1]}"
    return [f"exact with {', '.join(texts)}"] if texts else []


def _weight_lines(layer: Layer, result: Result) -> list[str]:
    rank = len(result.input)
    name = f"{layer.command.replace('-', '_')}{rank}d"
    lines = [f"  {name} {weight_line(step)}" for step in result.steps]
    if len(lines) > 1:
        lines.append(f"  total {costs(result.params, result.macs)}")
    if rank == 1:
        size = result.input[0]
        lines.append(style(f"  (one axis; for a square image write {size}x{size})", "dim"))
    return lines


def weight_line(step: Step) -> str:
    """``3 → 64 channels: weight 64×3×4×4, bias 64: 3,136 parameters, …``."""
    channels = step.channels
    assert channels is not None
    weights = ", ".join(f"{name} {_times(shape)}" for name, shape in step.weights.items())
    return f"{channels.into} → {channels.out} channels: {weights}: {costs(step.params, step.macs)}"


def costs(params: int | None, macs: int | None) -> str:
    """``3,136 parameters, 3,145,728 MACs``."""
    numbers = (params or 0, "parameter", "parameters"), (macs or 0, "MAC", "MACs")
    return ", ".join(counted(*number) for number in numbers)


def part_of(count: int, whole: int) -> str:
    """``the cell``, ``the 2 cells``, ``1 of the 2 cells``."""
    if count == whole == 1:
        return "the cell"
    return f"the {cells(whole)}" if count == whole else f"{count:,} of the {cells(whole)}"


def counted(count: int, one: str, many: str) -> str:
    """``1 weight``, ``3,072 weights``."""
    return f"{count:,} {one if count == 1 else many}"


def print_json(
    command: str, framework: Framework, results: Sequence[Result], rounding: Rounding = "floor"
) -> None:
    """The results as one JSON object; its form is described in the commands' help."""
    import json

    document = {
        "version": VERSION,
        "command": command,
        "framework": framework,
        "results": [_result_data(result, rounding) for result in results],
    }
    print_out(json.dumps(document, ensure_ascii=False))


def _result_data(result: Result, rounding: Rounding) -> dict[str, Any]:
    failure = result.failure
    return {
        "input": result.input,
        "output": result.output,
        "exact": None if failure else all(step.exact for step in result.steps),
        "params": None if failure else result.params,
        "macs": None if failure else result.macs,
        "error": failure_data(failure) if failure else None,
        "steps": [_step_data(step, rounding) for step in result.steps],
    }


def failure_data(failure: Failure) -> dict[str, str | None]:
    """Why there is no result, as data."""
    return {"code": failure.code, "message": failure.message, "help": failure.help}


def _step_data(step: Step, rounding: Rounding) -> dict[str, Any]:
    return {
        "input": step.input,
        "output": step.output,
        "exact": step.exact,
        "params": step.params,
        "macs": step.macs,
        "weights": step.weights,
        "axes": [_axis_data(window, rounding) for window in step.windows],
    }


def _axis_data(window: Window | TransposedWindow, rounding: Rounding) -> dict[str, Any]:
    data: dict[str, Any] = {
        "input": window.n,
        "output": window.out,
        "kernel_size": window.kernel,
        "stride": window.stride,
        "padding": [window.before, window.after],
        "dilation": window.dilation,
    }
    if not isinstance(window, Window):
        return {**data, "output_padding": window.output_padding, "equation": window.equation()}
    return {
        **data,
        "fraction": window.fraction,
        "exact": window.exact,
        "unread": window.unread,
        "dropped_padding": window.dropped_padding,
        "gap": window.gap,
        "equation": window.equation(rounding),
    }


def print_dense(result: Result, quiet: bool) -> None:
    """Dense layers, one a line, and their total."""
    if quiet:
        print_out(str(result.params))
        return
    print_out(style(_chain(result), "bold"))
    rows = [_dense_row(step) for step in result.steps]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        padded = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        print_out(f"  weight {name.ljust(widths[0])} {' + '.join(padded)}")
    print_out(f"  {'total ' if len(rows) > 1 else ''}{costs(result.params, result.macs)}")


def _dense_row(step: Step) -> list[str]:
    (into,), (out,) = step.input, step.output
    counts = [counted(into * out, "weight", "weights"), counted(out, "bias", "biases")]
    return [f"{into}×{out}:", *counts[: len(step.weights)]]
