"""What the one-off commands compute: layers in a row, for one input after another."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import prod
from typing import Literal, NamedTuple

import typer

from shapecalc.cli._options import Framework, Numbers, PaddingChoice
from shapecalc.limits import MAX_NUMBER
from shapecalc.sizes import (
    EmptyOutputError,
    Padding,
    Rounding,
    SizeError,
    TransposedWindow,
    Window,
    same_padding,
)

Shape = tuple[int, ...]
AnyWindow = Window | TransposedWindow
PaddingWord = Literal["same", "valid"]

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class AxisArguments(NamedTuple):
    """A layer's arguments along one axis; ``None`` is the layer's own default."""

    kernel_size: int
    stride: int | None = None
    padding: int | PaddingWord = 0
    dilation: int = 1
    output_padding: int | None = None


#: A layer along one axis: (input size, arguments) -> where its window ends up.
Slide = Callable[[int, AxisArguments], AnyWindow]


class Channels(NamedTuple):
    """What a layer does with the channels (a dense layer: with the features)."""

    into: int
    out: int
    groups: int = 1
    bias: bool = True


class Layer(NamedTuple):
    """A layer to compute: how it slides, with which arguments, over which channels."""

    command: Literal["conv", "conv-transpose", "pool"]
    slide: Slide
    arguments: Mapping[str, Numbers]
    framework: Framework = "pytorch"
    padding_word: PaddingWord | None = None
    channels: Channels | None = None
    rounding: Rounding = "floor"
    #: The same layer with another rounding, by what the user would write for it.
    otherwise: Mapping[str, Slide] = {}


class Step(NamedTuple):
    """One layer of a result."""

    input: Shape
    output: Shape
    windows: tuple[AnyWindow, ...] = ()
    arguments: tuple[AxisArguments, ...] = ()
    channels: Channels | None = None
    weights: Mapping[str, Shape] = {}
    macs: int | None = None

    @property
    def params(self) -> int | None:
        """The number of parameters; ``None`` where no channels were given."""
        return sum(map(prod, self.weights.values())) if self.weights else None

    @property
    def exact(self) -> bool:
        """Whether every size came out as an integer."""
        return all(window.exact for window in self.windows if isinstance(window, Window))


class Failure(NamedTuple):
    """Why there is no result; ``of_size``: it would be another with another input."""

    code: str
    message: str
    help: str | None = None
    of_size: bool = True


class Result(NamedTuple):
    """What became of one input: the layers, as far as there are any."""

    input: Shape
    steps: tuple[Step, ...]
    failure: Failure | None = None

    @property
    def sizes(self) -> list[Shape]:
        """The input's size and the size behind each layer."""
        return [self.input, *(step.output for step in self.steps)]

    @property
    def output(self) -> Shape | None:
        """The size behind the last layer; ``None`` where a layer before it failed."""
        return None if self.failure else self.sizes[-1]

    @property
    def params(self) -> int | None:
        """The parameters of all the layers."""
        return _total(step.params for step in self.steps)

    @property
    def macs(self) -> int | None:
        """The multiply-accumulates of all the layers."""
        return _total(step.macs for step in self.steps)


def _total(numbers: Iterable[int | None]) -> int | None:
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


class _ImpossibleError(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def arguments(
    kernel_size: Numbers,
    stride: Numbers | None,
    padding: PaddingChoice | None,
    dilation: Numbers | None = None,
    output_padding: Numbers | None = None,
) -> dict[str, Numbers]:
    """The arguments that were given as numbers, by the field of :class:`AxisArguments`."""
    given = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding.numbers if padding else None,
        "dilation": dilation,
        "output_padding": output_padding,
    }
    return {name: numbers for name, numbers in given.items() if numbers}


def channels(into: int | None, out: int | None, groups: int, no_bias: bool) -> Channels | None:
    """The channels where both are given; ``None`` where neither is."""
    if into is None and out is None:
        return None
    if into is None or out is None:
        missing, hint = ("-i", "--in-channels") if into is None else ("-o", "--out-channels")
        raise typer.BadParameter(
            f"the weight has both, add {missing} for the other side.", param_hint=f"'{hint}'"
        )
    return Channels(into, out, groups, not no_bias)


def padding_word(padding: PaddingChoice | None, framework: Framework) -> PaddingWord | None:
    """The word among the paddings; under Keras there is nothing else."""
    if padding is None:
        return "valid" if framework == "keras" else None
    if framework == "keras" and padding.word is None:
        if not any(padding.numbers):
            return "valid"
        raise typer.BadParameter(
            f"Keras knows 'same' and 'valid' only, not {padding.numbers}.",
            param_hint="'--padding' / '-p'",
        )
    return padding.word


def other_rounding(rounding: Rounding, slide: Callable[[Rounding], Slide]) -> dict[str, Slide]:
    """The layer rounded the other way, by what the user would write for it."""
    if rounding == "ceil":
        return {"rounding down, as PyTorch and Keras do,": slide("floor")}
    return {"--rounding ceil": slide("ceil")}


def conv_padding(n: int, at: AxisArguments, framework: Framework) -> Padding:
    """The padding in cells of a convolution or a pool that may say ``same``."""
    stride = at.stride or 1
    if framework == "keras" and stride > 1 and at.dilation > 1:
        raise SizeError(
            f"stride {stride} and dilation {at.dilation} cannot both be above 1 in Keras",
            "dilation",
        )
    if at.padding == "valid":
        return 0
    if at.padding != "same":
        return at.padding
    if framework == "pytorch" and stride != 1:
        raise SizeError(
            "padding 'same' needs a stride of 1 in PyTorch",
            "padding",
            f"use padding of {(at.kernel_size - 1) * at.dilation // 2}, or --framework keras",
        )
    return same_padding(n, at.kernel_size, stride, at.dilation)


def no_same_padding(at: AxisArguments, noun: str) -> int:
    """The padding in cells of a PyTorch layer that knows no ``same``."""
    if at.padding == "same":
        raise SizeError(
            f"padding 'same' is not for {noun} in PyTorch",
            "padding",
            "write the padding as a number, or use --framework keras",
        )
    return 0 if at.padding == "valid" else at.padding


def compute(layer: Layer, size: Numbers, repeat: int) -> Result:
    """The layer, ``repeat`` times in a row, on an input of this size."""
    current, axes = _broadcast(layer, size)
    result = Result(current, (), _wrong_groups(layer))
    if result.failure:
        return result
    for _ in range(repeat):
        try:
            step = _step(layer, current, axes)
        except _ImpossibleError as error:
            return result._replace(failure=error.failure)
        result = result._replace(steps=(*result.steps, step))
        current = step.output
        if layer.channels:
            layer = layer._replace(channels=layer.channels._replace(into=layer.channels.out))
    return result


def _broadcast(layer: Layer, size: Numbers) -> tuple[Shape, tuple[AxisArguments, ...]]:
    """The size and the arguments along each axis.

    A single number counts for every axis, of the size too: ``64 -k 3x5`` is a 64×64 input.
    """
    named = {"SIZE": size}
    named |= {f"--{name.replace('_', '-')}": value for name, value in layer.arguments.items()}
    longest = max(named, key=lambda name: len(named[name]))
    rank = len(named[longest])
    for name, value in named.items():
        if len(value) not in (1, rank):
            raise typer.BadParameter(
                f"{value} has {len(value)} numbers, but {longest} {named[longest]} has {rank}: "
                "give a single number for all axes, or one for each.",
                param_hint=f"'{name}'",
            )
    spread = {
        name: value * rank if len(value) == 1 else value for name, value in layer.arguments.items()
    }
    axes = [
        AxisArguments(**{name: value[axis] for name, value in spread.items()})
        for axis in range(rank)
    ]
    if layer.padding_word:
        axes = [at._replace(padding=layer.padding_word) for at in axes]
    return tuple(size * rank if len(size) == 1 else size), tuple(axes)


def _step(layer: Layer, sizes: Shape, axes: tuple[AxisArguments, ...]) -> Step:
    windows = tuple(_window(layer, sizes, axes, axis) for axis in range(len(sizes)))
    output = tuple(window.out for window in windows)
    if max(output) >= MAX_NUMBER:
        raise _ImpossibleError(Failure("SC007", "the output is too large: sizes stay below 2**53"))
    step = Step(sizes, output, windows, axes)
    if layer.channels is None:
        return step
    transposed = layer.command == "conv-transpose"
    kernel = tuple(at.kernel_size for at in axes)
    weights = conv_weights(layer.channels, kernel, layer.framework, transposed)
    # Each weight is used once for every output cell; transposed, once for every input cell.
    positions = sizes if transposed else output
    macs = prod(positions) * prod(next(iter(weights.values())))
    return step._replace(channels=layer.channels, weights=weights, macs=macs)


def _window(layer: Layer, sizes: Shape, axes: tuple[AxisArguments, ...], axis: int) -> AnyWindow:
    try:
        return layer.slide(sizes[axis], axes[axis])
    except SizeError as error:
        code = "SC102" if isinstance(error, EmptyOutputError) else "SC106"
        same = [
            name
            for name, *here in zip(AXES[len(sizes)], sizes, axes, strict=True)
            if here == [sizes[axis], axes[axis]]
        ]
        where = f" ({' and '.join(same)})" if len(same) < len(sizes) else ""
        raise _ImpossibleError(Failure(code, f"{error}{where}", error.help)) from None


def _wrong_groups(layer: Layer) -> Failure | None:
    if layer.channels is None or layer.channels.groups == 1:
        return None
    into, out, groups, _ = layer.channels
    if layer.framework == "keras" and layer.command == "conv-transpose":
        return Failure("SC106", "Keras' transposed convolutions have no groups", of_size=False)
    for name, count in (("in_channels", into), ("out_channels", out)):
        if count % groups:
            return Failure(
                "SC105",
                f"groups is {groups}, which does not divide {name} {count}",
                f"use a divisor of {count}, or make {name} a multiple of {groups}",
                of_size=False,
            )
    return None


def conv_weights(
    channels: Channels, kernel: Shape, framework: Framework, transposed: bool
) -> dict[str, Shape]:
    """The weights by name, in the framework's layout.

    PyTorch: ``[out, in/g, k...]``, transposed ``[in, out/g, k...]``; Keras has the kernel first and
    the other two turned round.
    """
    first, second = (channels.into, channels.out) if transposed else (channels.out, channels.into)
    second //= channels.groups
    bias = {"bias": (channels.out,)} if channels.bias else {}
    if framework == "keras":
        return {"kernel": (*kernel, second, first), **bias}
    return {"weight": (first, second, *kernel), **bias}


def dense_chain(widths: list[int], bias: bool, framework: Framework) -> Result:
    """Dense layers in a row. Weights are ``[out, in]``, ``[in, out]`` under Keras."""
    steps = []
    for into, out in pairwise(widths):
        both = {"kernel": (into, out)} if framework == "keras" else {"weight": (out, into)}
        weights = {**both, "bias": (out,)} if bias else both
        channels = Channels(into, out, bias=bias)
        steps.append(Step((into,), (out,), channels=channels, weights=weights, macs=into * out))
    return Result((widths[0],), tuple(steps))
