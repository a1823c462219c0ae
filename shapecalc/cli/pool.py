"""``shapecalc pool``: the output size of a max or average pool."""

import typer

from shapecalc.cli import _one_off, _one_off_output, _options
from shapecalc.sizes import Rounding, pool_window

PANEL = "One-offs"
ORDER = 220


def command(
    sizes: _options.Sizes,
    kernel_size: _options.KernelSize,
    stride: _options.PoolStride = None,
    padding: _options.Padding = None,
    dilation: _options.Dilation = None,
    ceil_mode: _options.CeilMode = False,
    rounding: _options.RoundingOption = "floor",
    framework: _options.FrameworkOption = "pytorch",
    repeat: _options.Repeat = 1,
    quiet: _options.Quiet = False,
    output_format: _options.FormatOption = "text",
) -> int:
    """The output size of a max or average pool.

    \b
      shapecalc pool 112 -k3 -s2 -p1
      shapecalc pool 32 -k2 --repeat 5               32 → 16 → 8 → 4 → 2 → 1
      shapecalc pool 55x55 -k3 -s2 --ceil-mode
      shapecalc pool 7 -k2 -p same --framework keras

    The stride is the kernel's size unless it is given. --ceil-mode rounds up as PyTorch does, where
    the last window must start inside the input; --rounding ceil is the plain fraction rounded up.
    For --format json see shapecalc conv --help.
    """
    word = _one_off.padding_word(padding, framework)
    if framework == "keras" and (ceil_mode or dilation):
        option = "--ceil-mode" if ceil_mode else "--dilation"
        raise typer.BadParameter("Keras' pools have no such thing.", param_hint=f"'{option}'")

    if word == "same":
        rounding = "floor"  # its padding fixes the size

    def slide(how: Rounding, ceil_mode: bool = False) -> _one_off.Slide:
        return lambda n, at: pool_window(
            n,
            at.kernel_size,
            at.stride,
            _one_off.no_same_padding(at, "pools")
            if framework == "pytorch"
            else _one_off.conv_padding(n, _with_stride(at), framework),
            at.dilation,
            ceil_mode,
            how,
        )

    otherwise = {}
    if not (ceil_mode or word == "same"):
        otherwise = _one_off.other_rounding(rounding, slide)
        if framework == "pytorch":
            otherwise["--ceil-mode"] = slide("floor", ceil_mode=True)
    layer = _one_off.Layer(
        "pool",
        slide(rounding, ceil_mode),
        _one_off.arguments(kernel_size, stride, padding, dilation),
        framework,
        word,
        rounding="ceil" if ceil_mode else rounding,
        otherwise=otherwise,
    )
    return _one_off_output.run(
        layer, sizes, repeat=repeat, quiet=quiet, output_format=output_format
    )


def _with_stride(at: _one_off.AxisArguments) -> _one_off.AxisArguments:
    return at._replace(stride=at.stride or at.kernel_size)
