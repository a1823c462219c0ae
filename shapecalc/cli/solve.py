"""``shapecalc solve``: which kernel, stride and padding get from one size to another."""

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli import _options, _terminal

if TYPE_CHECKING:
    from shapecalc.reasoning.search import Chain, Kind, Limits, Solution

PANEL = "Reasoning"
ORDER = 310

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
    int | None, typer.Option("--kernel-size", "-k", metavar="N", min=1, help="Only this kernel.")
]
Stride = Annotated[
    int | None, typer.Option("--stride", "-s", metavar="N", min=1, help="Only this stride.")
]
Padding = Annotated[
    int | None, typer.Option("--padding", "-p", metavar="N", min=0, help="Only this padding.")
]
MaxKernel = Annotated[
    int, typer.Option("--max-kernel", metavar="N", min=1, max=64, help="The largest kernel.")
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
    max_kernel: MaxKernel = 11,
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
      shapecalc solve 64:32 128:64           both at once
      shapecalc solve 64 1 --layers 5        a stack, DCGAN's discriminator among them
      shapecalc solve specs/alexnet.yaml --layer conv1 --output 56
    """
    if layer is not None or output is not None:
        return _layer(sizes, layer, output, most, output_format)
    from shapecalc.reasoning import search

    if transpose and pool:
        raise typer.BadParameter("a layer is either --transpose or --pool.")
    kind: Kind = "transpose" if transpose else "pool" if pool else "conv"
    pairs = _pairs(sizes)
    limits = search.Limits(
        kernels=_only(kernel_size) or range(1, max_kernel + 1),
        strides=_only(stride) or range(1, 9),
        dilations=range(1, 2 if layers > 1 or pool else 3),
        paddings=None if padding is None else range(padding, padding + 1),
        same_ratio=same_ratio,
    )
    if layers > 1:
        if len(pairs) > 1:
            raise typer.BadParameter("--layers takes one input and one output size.")
        chains = search.solve_chain(*pairs[0], layers, kind, limits)
        _print_chains(chains[:most], len(chains), output_format)
        return _no_chain(pairs[0], layers, kind, limits) if not chains else 0
    found = search.solve(pairs, kind, limits)
    _print_solutions(found[:most], len(found), output_format)
    return _none(pairs, kind, limits) if not found else 0


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


def _no_chain(pair: tuple[int, int], count: int, kind: "Kind", limits: "Limits") -> int:
    """Say that no stack leads there, with the nearest size that one does lead to."""
    from shapecalc.reasoning import search

    near = search.reachable_end(*pair, count, kind, limits)
    hint = f"; nearest: {pair[0]} → {near}" if near else ""
    _terminal.print_error(
        f"no exact solution for {pair[0]} → {pair[1]} in {count} layers within these limits{hint}"
    )
    return 1


def _only(value: int | None) -> range | None:
    return None if value is None else range(value, value + 1)


def _pairs(texts: list[str]) -> list[tuple[int, int]]:
    if len(texts) == 2 and not any(":" in text for text in texts):
        texts = [":".join(texts)]
    pairs: list[tuple[int, int]] = []
    for text in texts:
        source, _, target = text.partition(":")
        sides = [_options.parse_positive(side) for side in (source, target) if side]
        if len(sides) != 2 or len({len(side) for side in sides}) != 1:
            raise typer.BadParameter(
                f"{text!r} is not IN:OUT; write `solve 64 32` or `solve 64:32 128:64`.",
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
        first, last = chain.layers[0], chain.layers[-1]
        count = len(chain.layers)
        _terminal.print_out(" → ".join(map(str, chain.sizes)))
        if first == last:
            _terminal.print_out(f"  {count} × {first.describe()}")
        else:
            _terminal.print_out(f"  {count - 1} × {first.describe()}")
            _terminal.print_out(f"  then {last.describe()}")
    if total > len(found):
        _terminal.print_out(f"… {total - len(found)} more: --most {total}")


def _none(pairs: list[tuple[int, int]], kind: "Kind", limits: "Limits") -> int:
    """Say that there is no answer, with the nearest question that has one."""
    from shapecalc.reasoning import search

    asked = ", ".join(f"{n} → {wanted}" for n, wanted in pairs)
    close = search.rounded(*pairs[0], kind, limits) if len(pairs) == 1 else None
    near = None if close else search.closest(pairs, kind, limits)
    hint = f"; rounded down, {close.describe()} drops padding only" if close else ""
    if near:
        reached = ", ".join(f"{n} → {m}" for (n, _), m in zip(pairs, near.sizes, strict=True))
        hint = f"; nearest: {reached} with {near.solution.describe()}"
    _terminal.print_error(f"no exact solution for {asked} within these limits{hint}")
    return 1
