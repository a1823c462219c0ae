"""``shapecalc conv-transpose``: the output size of a transposed convolution."""

from shapecalc.cli import _one_off, _one_off_output, _options
from shapecalc.sizes import TransposedWindow, conv_transpose_window, keras_conv_transpose_window

PANEL = "One-offs"
ORDER = 210


def command(
    sizes: _options.Sizes,
    kernel_size: _options.KernelSize,
    stride: _options.Stride = None,
    padding: _options.Padding = None,
    output_padding: _options.OutputPadding = None,
    dilation: _options.Dilation = None,
    in_channels: _options.InChannels = None,
    out_channels: _options.OutChannels = None,
    groups: _options.Groups = 1,
    no_bias: _options.NoBias = False,
    framework: _options.FrameworkOption = "pytorch",
    repeat: _options.Repeat = 1,
    quiet: _options.Quiet = False,
    output_format: _options.FormatOption = "text",
) -> int:
    """The output size of a transposed convolution.

    \b
      shapecalc conv-transpose 32 -k4 -s2 -p1
      shapecalc conv-transpose 4 -k4 -s2 -p1 --repeat 4     4 → 8 → 16 → 32 → 64
      shapecalc conv-transpose 16x16 -k3 -s2 -p1 --output-padding 1 -i128 -o64
      shapecalc conv-transpose 7 -k3 -s2 -p same --framework keras

    MACs are counted over the input's positions: each of them meets every weight once.
    For --format json see shapecalc conv --help.
    """

    def slide(n: int, at: _one_off.AxisArguments) -> TransposedWindow:
        stride = at.stride or 1
        if framework == "keras":
            word: _one_off.PaddingWord = "same" if at.padding == "same" else "valid"
            return keras_conv_transpose_window(
                n, at.kernel_size, stride, word, at.output_padding, at.dilation
            )
        cells = _one_off.no_same_padding(at, "transposed convolutions")
        return conv_transpose_window(
            n, at.kernel_size, stride, cells, at.output_padding or 0, at.dilation
        )

    layer = _one_off.Layer(
        "conv-transpose",
        slide,
        _one_off.arguments(kernel_size, stride, padding, dilation, output_padding),
        framework,
        _one_off.padding_word(padding, framework),
        _one_off.channels(in_channels, out_channels, groups, no_bias),
    )
    return _one_off_output.run(
        layer, sizes, repeat=repeat, quiet=quiet, output_format=output_format
    )
