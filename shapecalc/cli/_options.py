"""The options that commands share, and how their words become numbers."""

from typing import Annotated, Literal, NamedTuple

import typer

from shapecalc.limits import MAX_NUMBER
from shapecalc.sizes import Rounding

Framework = Literal["pytorch", "keras"]
OutputFormat = Literal["text", "json"]

#: More axes than depth, height and width have no layers.
MAX_AXES = 3


class Numbers(tuple[int, ...]):
    """One number for every axis, or one for each: ``3``, ``3x5``."""

    __slots__ = ()

    def __str__(self) -> str:
        return "x".join(map(str, self))


class PaddingChoice(NamedTuple):
    """``--padding``: numbers, or one of the words."""

    numbers: Numbers
    word: Literal["same", "valid"] | None = None


def parse_numbers(text: str, least: int) -> Numbers:
    """``3`` or ``3x5`` as numbers of at least ``least``; wrong usage for anything else."""
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise typer.BadParameter(
            f"{text!r} is not a whole number from {least} on, nor several joined by x (64x48)."
        )
    if len(parts) > MAX_AXES:
        raise typer.BadParameter(f"{text!r} has {len(parts)} numbers, {MAX_AXES} is the most.")
    if max(map(len, parts)) > len(str(MAX_NUMBER)) or max(map(int, parts)) >= MAX_NUMBER:
        raise typer.BadParameter(f"{text[:40]!r} is too large: numbers stay below 2**53.")
    numbers = Numbers(map(int, parts))
    if min(numbers) < least:
        raise typer.BadParameter(f"{min(numbers)} is too small, at least {least} is needed.")
    return numbers


def parse_positive(text: str) -> Numbers:
    """Numbers of at least 1."""
    return parse_numbers(text, least=1)


def parse_count(text: str) -> Numbers:
    """Numbers of at least 0."""
    return parse_numbers(text, least=0)


def parse_width(text: str) -> int:
    """A single number of at least 1."""
    numbers = parse_positive(text)
    if len(numbers) > 1:
        raise typer.BadParameter(f"{text!r} has {len(numbers)} numbers, one is needed.")
    return numbers[0]


def parse_padding(text: str) -> PaddingChoice:
    """``same``, ``valid``, or numbers of at least 0."""
    if text == "same":
        return PaddingChoice(Numbers(), "same")
    if text == "valid":
        return PaddingChoice(Numbers(), "valid")
    if text.isalpha():
        raise typer.BadParameter(f"{text!r} is neither a number nor 'same' or 'valid'.")
    return PaddingChoice(parse_count(text))


Sizes = Annotated[
    list[Numbers],
    typer.Argument(
        metavar="SIZE...",
        parser=parse_positive,
        help="Input sizes without batch and channels: 64, or 64x48 for several axes.",
    ),
]
Widths = Annotated[
    list[int],
    typer.Argument(
        metavar="WIDTH...",
        parser=parse_width,
        help="The widths of the layers, the input's first: at least two.",
    ),
]
KernelSize = Annotated[
    Numbers,
    typer.Option(
        "--kernel-size", "-k", metavar="N", parser=parse_positive, help="Size of the window."
    ),
]
Stride = Annotated[
    Numbers | None,
    typer.Option("--stride", "-s", metavar="N", parser=parse_positive, help="Step.  [default: 1]"),
]
PoolStride = Annotated[
    Numbers | None,
    typer.Option(
        "--stride", "-s", metavar="N", parser=parse_positive, help="Step.  [default: the kernel]"
    ),
]
Padding = Annotated[
    PaddingChoice | None,
    typer.Option(
        "--padding",
        "-p",
        metavar="N|same|valid",
        parser=parse_padding,
        help="Cells added on both sides.  [default: 0]",
    ),
]
Dilation = Annotated[
    Numbers | None,
    typer.Option(
        "--dilation",
        "-d",
        metavar="N",
        parser=parse_positive,
        help="Distance between the cells a window reads.  [default: 1]",
    ),
]
OutputPadding = Annotated[
    Numbers | None,
    typer.Option(
        "--output-padding",
        metavar="N",
        parser=parse_count,
        help="Cells added to one side of the output.  [default: 0; Keras: so that it fits]",
    ),
]
RoundingOption = Annotated[
    Rounding,
    typer.Option("--rounding", help="What becomes of a fraction; frameworks round down."),
]
CeilMode = Annotated[
    bool,
    typer.Option("--ceil-mode", help="Round up as PyTorch's pools do, with its last-window rule."),
]
FrameworkOption = Annotated[
    Framework,
    typer.Option("--framework", help="Whose 'same', defaults and weight layout apply."),
]
InChannels = Annotated[
    int | None,
    typer.Option(
        "--in-channels", "-i", metavar="N", parser=parse_width, help="Channels of the input."
    ),
]
OutChannels = Annotated[
    int | None,
    typer.Option(
        "--out-channels", "-o", metavar="N", parser=parse_width, help="Channels of the output."
    ),
]
Groups = Annotated[
    int,
    typer.Option("--groups", "-g", metavar="N", min=1, help="Blocks of channels."),
]
NoBias = Annotated[bool, typer.Option("--no-bias", help="No learned bias.")]
Repeat = Annotated[
    int,
    typer.Option(
        "--repeat", "-n", metavar="N", min=1, max=1000, help="As many such layers in a row."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The bare result, for scripts.")]
FormatOption = Annotated[OutputFormat, typer.Option("--format", help="How to print the result.")]
