"""``shapecalc solve``: which kernel, stride and padding get from one size to another."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli import _options, _terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reasoning.search import Chain, Kind, Limits, Solution

PANEL = "Reasoning"
ORDER = 310

#: The largest kernel, unless told otherwise.
MAX_KERNEL = 11

Sizes = Annotated[
    list[str],
    typer.Argument(
        metavar="IN OUT | IN:OUT... | SPEC",
        help="Two sizes, pairs that must all hold, or the spec of a --layer.",
    ),
]
Transpose = Annotated[bool, typer.Option("--transpose", help="A transposed convolution.")]
Pool = Annotated[bool, typer.Option("--pool", help="A pool.")]
KernelSize = Annotated[
    int | None,
    typer.Option("--kernel-size", "-k", metavar="N", min=1, max=512, help="Only this kernel."),
]
Stride = Annotated[
    int | None,
    typer.Option("--stride", "-s", metavar="N", min=1, max=64, help="Only this stride."),
]
Padding = Annotated[
    int | None,
    typer.Option("--padding", "-p", metavar="N", min=0, max=4096, help="Only this padding."),
]
Dilation = Annotated[
    int | None,
    typer.Option("--dilation", "-d", metavar="N", min=1, max=64, help="Only this dilation."),
]
MaxKernel = Annotated[
    int | None,
    typer.Option(
        "--max-kernel", metavar="N", min=1, max=64, help="The largest kernel; by default 11."
    ),
]
SameRatio = Annotated[
    bool, typer.Option("--same-ratio", help="Only what divides every size the stride divides.")
]
Layers = Annotated[
    int, typer.Option("--layers", metavar="N", min=1, max=16, help="A stack of N layers.")
]
Layer = Annotated[
    str | None,
    typer.Option("--layer", metavar="NAME", help="The layer of a spec that gets --output."),
]
Output = Annotated[
    str | None, typer.Option("--output", metavar="SIZE", help="The size wanted: 16, or 16x12.")
]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many answers to show.")]


def command(
    sizes: Sizes,
    transpose: Transpose = False,
    pool: Pool = False,
    kernel_size: KernelSize = None,
    stride: Stride = None,
    padding: Padding = None,
    dilation: Dilation = None,
    max_kernel: MaxKernel = None,
    same_ratio: SameRatio = False,
    layers: Layers = 1,
    layer: Layer = None,
    output: Output = None,
    most: Most = 10,
    output_format: _options.FormatOption = "text",
) -> int:
    """Which kernel, stride and padding get from one size to another, exactly.

    What people use comes first. For a --layer of a spec: which change of its fields gives it
    another --output, the smallest first, and whether the rest of the model still fits. Exit code 1
    where there is no answer; the nearest question that has one is said.

    \b
      shapecalc solve 64 32
      shapecalc solve 64 32 -k3
      shapecalc solve 1 4 --transpose
      shapecalc solve 112 56 --pool
      shapecalc solve 64 64 -k5 -d2          which padding keeps the size
      shapecalc solve 64:32 128:64           both at once
      shapecalc solve 64 1 --layers 5        a stack, DCGAN's discriminator among them
      shapecalc solve specs/alexnet.yaml --layer conv1 --output 56
    """
    if layer is not None or output is not None:
        return _layer(sizes, layer, output, most, output_format)
    from shapecalc.reasoning import search

    if transpose and pool:
        raise typer.BadParameter("a layer is either --transpose or --pool.")
    if kernel_size is not None and max_kernel is not None and kernel_size > max_kernel:
        raise typer.BadParameter(f"-k{kernel_size} is beyond --max-kernel {max_kernel}.")
    kind: Kind = "transpose" if transpose else "pool" if pool else "conv"
    pairs = _pairs(sizes)
    limits = search.Limits(
        kernels=_only(kernel_size) or range(1, (max_kernel or MAX_KERNEL) + 1),
        strides=_only(stride) or range(1, 9),
        dilations=_only(dilation) or range(1, 2 if layers > 1 or pool else 3),
        paddings=_only(padding),
        same_ratio=same_ratio,
    )
    if layers > 1:
        if len(pairs) > 1:
            raise typer.BadParameter("--layers takes one input and one output size.")
        return _chains(*pairs[0], layers, kind, limits, most, output_format)
    found = search.solve(pairs, kind, limits)
    _print_solutions(found[:most], len(found), output_format)
    return _none(pairs, kind, limits) if not found else 0


def _chains(
    start: int, end: int, count: int, kind: "Kind", limits: "Limits", most: int, output_format: str
) -> int:
    from shapecalc.reasoning import search

    chains = search.Chains(start, count, kind, limits)
    found = chains.to(end)
    _print_chains(found[:most], len(found), output_format)
    if found:
        return 0
    near = chains.nearest_end(end)
    hint = f"; nearest: {start} → {near}" if near else ""
    _terminal.print_error(
        f"no exact solution for {start} → {end} in {count} layers {_within(limits)}{hint}"
    )
    return 1


def _layer(
    sizes: list[str], layer: str | None, output: str | None, most: int, output_format: str
) -> int:
    from shapecalc.cli import _solve_layer

    if layer is None or output is None or len(sizes) != 1:
        raise typer.BadParameter(
            "one spec, --layer and --output belong together: "
            "solve model.yaml --layer conv3 --output 16"
        )
    return _solve_layer.run(sizes[0], layer, output, most, output_format)


def _only(value: int | None) -> range | None:
    return None if value is None else range(value, value + 1)


def _pairs(texts: list[str]) -> list[tuple[int, int]]:
    if len(texts) == 2 and not any(":" in text for text in texts):
        texts = [":".join(texts)]
    pairs: list[tuple[int, int]] = []
    for text in texts:
        source, _, target = text.partition(":")
        if not source or not target or target.count(":"):
            raise typer.BadParameter(
                f"{text!r} is not IN:OUT; write `solve 64 32` or `solve 64:32 128:64`, or for a "
                "layer of a spec `solve model.yaml --layer conv3 --output 16`.",
                param_hint="'IN OUT'",
            )
        sides = [_options.parse_positive(side) for side in (source, target)]
        if len({len(side) for side in sides}) != 1:
            raise typer.BadParameter(
                f"{source} has {len(sides[0])} sizes and {target} {len(sides[1])}; "
                "write as many of both, as in `solve 64x48 32x24`.",
                param_hint="'IN OUT'",
            )
        pairs += zip(*sides, strict=True)
    return pairs


def _print_solutions(found: "list[Solution]", total: int, output_format: str) -> None:
    if output_format == "json":
        import json

        entries = [solution._asdict() for solution in found]
        _terminal.print_out(json.dumps({"version": 1, "total": total, "solutions": entries}))
        return
    if found:
        _print_table(found)
    if total > len(found):
        _terminal.print_out(f"… {total - len(found)} more: --most {total}")


def _print_table(found: "list[Solution]") -> None:
    """Aligned columns; those of fields that are all as by default are left out."""
    defaults = {"dilation": 1, "output_padding": 0}
    names = [
        name
        for name in found[0]._fields
        if any(getattr(one, name) != defaults.get(name, -1) for one in found)
    ]
    _terminal.print_out("  ".join(names))
    for one in found:
        row = "  ".join(f"{getattr(one, name):>{len(name)}}" for name in names)
        _terminal.print_out(f"{row}  keeps the ratio" if one.keeps_ratio else row)


def _print_chains(found: "list[Chain]", total: int, output_format: str) -> None:
    if output_format == "json":
        import json

        entries = [
            {"sizes": chain.sizes, "layers": [layer._asdict() for layer in chain.layers]}
            for chain in found
        ]
        _terminal.print_out(json.dumps({"version": 1, "total": total, "chains": entries}))
        return
    for chain in found:
        _terminal.print_out(" → ".join(map(str, chain.sizes)))
        then = ""
        for layer, alike in groupby(chain.layers):
            count = len(list(alike))
            times = f"{count} × " if count > 1 else ""
            _terminal.print_out(f"  {then}{times}{layer.describe()}")
            then = "then "
    if total > len(found):
        _terminal.print_out(f"… {total - len(found)} more: --most {total}")


def _none(pairs: list[tuple[int, int]], kind: "Kind", limits: "Limits") -> int:
    """Say that there is no answer, with the nearest question that has one."""
    asked = ", ".join(f"{n} → {wanted}" for n, wanted in pairs)
    outputs = dict(pairs)
    if any(outputs[n] != wanted for n, wanted in pairs):
        _terminal.print_error(f"{asked} contradict one another: a layer makes one size of another")
        return 1
    hints = [*_near(pairs, kind, limits), *_elsewhere(pairs, kind, limits)]
    _terminal.print_error("; ".join([f"no exact solution for {asked} {_within(limits)}", *hints]))
    return 1


def _near(pairs: list[tuple[int, int]], kind: "Kind", limits: "Limits") -> "Iterator[str]":
    """What leads closest; for several sizes (height and width) what leads there one by one."""
    from shapecalc.reasoning import search

    if len(pairs) > 1:
        alone = [search.solve([pair], kind, limits)[:1] for pair in dict.fromkeys(pairs)]
        if all(alone):
            each = [
                f"{n} → {wanted} has {found[0].describe()}"
                for (n, wanted), found in zip(dict.fromkeys(pairs), alone, strict=True)
            ]
            yield f"with other arguments for each, {', '.join(each)}"
    elif close := search.rounded(*pairs[0], kind, limits):
        yield f"rounded down, {close.describe()} drops padding only"
        return
    if near := search.closest(pairs, kind, limits):
        reached = ", ".join(f"{n} → {m}" for (n, _), m in zip(pairs, near.sizes, strict=True))
        yield f"nearest: {reached} with {near.solution.describe()}"


def _elsewhere(pairs: list[tuple[int, int]], kind: "Kind", limits: "Limits") -> "Iterator[str]":
    """Another kind of layer that does lead there."""
    from shapecalc.reasoning import search

    other: Kind = "conv" if kind == "transpose" else "transpose"
    if found := search.solve(pairs, other, limits):
        name = "a convolution" if other == "conv" else "a transposed convolution (--transpose)"
        yield f"{name} does it with {found[0].describe()}"


def _within(limits: "Limits") -> str:
    """``with kernels up to 11, strides up to 8``: what was searched."""
    parts = []
    for name, values in (
        ("kernel", limits.kernels),
        ("stride", limits.strides),
        ("dilation", limits.dilations),
        ("padding", limits.paddings),
    ):
        if values is None or (name == "dilation" and values == range(1, 2)):
            continue
        alone = len(values) == 1
        parts.append(f"{name} {values[0]}" if alone else f"{name}s up to {values[-1]}")
    return f"with {', '.join(parts)}" + (" that keeps the ratio" if limits.same_ratio else "")
