"""``shapecalc conv``: the output size of a convolution."""

from shapecalc.cli import _one_off, _one_off_output, _options
from shapecalc.sizes import Rounding, conv_window

PANEL = "One-offs"
ORDER = 200


def command(
    sizes: _options.Sizes,
    kernel_size: _options.KernelSize,
    stride: _options.Stride = None,
    padding: _options.Padding = None,
    dilation: _options.Dilation = None,
    in_channels: _options.InChannels = None,
    out_channels: _options.OutChannels = None,
    groups: _options.Groups = 1,
    no_bias: _options.NoBias = False,
    rounding: _options.RoundingOption = "floor",
    framework: _options.FrameworkOption = "pytorch",
    repeat: _options.Repeat = 1,
    quiet: _options.Quiet = False,
    output_format: _options.FormatOption = "text",
) -> int:
    """The output size of a convolution.

    \b
      shapecalc conv 64 -k4 -s2 -p1
      shapecalc conv 64 -k4 -s2 -p1 --repeat 4       64 → 32 → 16 → 8 → 4
      shapecalc conv 64x48 -k 3x5 -i3 -o64           two axes, and the weight
      shapecalc conv 224 256 288 -k7 -s2 -p3 -q      bare sizes, a line each
      shapecalc conv 225 -k3 -s2 -p same --framework keras

    A number stands for every axis, 3x5 for one after the other. With --in-channels and
    --out-channels it also gives the weight's shape, parameters and multiply-accumulates (MACs).

    \b
    --format json prints one object, the same for all one-offs:
      {"version": 1, "command": "conv", "framework": "pytorch", "results": [one for each SIZE]}
    a result:
      {"input": [64], "output": [32] or null, "exact": true, "params": 3136 or null,
       "macs": 98304 or null, "steps": [one for each layer],
       "error": null or {"code": "SC102", "message": "...", "help": "..." or null}}
    a step:
      {"input": [64], "output": [32], "exact": true, "params", "macs",
       "weights": {"weight": [64, 3, 4], "bias": [64]},
       "axes": [{"input": 64, "output": 32, "kernel_size": 4, "stride": 2, "padding": [1, 1],
                 "dilation": 1, "fraction": 32.0, "exact": true, "unread": 0,
                 "dropped_padding": 0, "gap": 0, "equation": "..."}]}
    "unread" are input cells at the end that no window covers, "dropped_padding" such padding
    cells, "gap" the cells between two windows. A transposed convolution's axes have
    "output_padding" in place of "fraction" and what follows up to "equation".
    """

    word = _one_off.padding_word(padding, framework)
    if word == "same":
        rounding = "floor"  # its padding fixes the size

    def slide(how: Rounding) -> _one_off.Slide:
        return lambda n, at: conv_window(
            n,
            at.kernel_size,
            at.stride or 1,
            _one_off.conv_padding(n, at, framework),
            at.dilation,
            how,
        )

    layer = _one_off.Layer(
        "conv",
        slide(rounding),
        _one_off.arguments(kernel_size, stride, padding, dilation),
        framework,
        word,
        _one_off.channels(in_channels, out_channels, groups, no_bias),
        rounding,
        {} if word == "same" else _one_off.other_rounding(rounding, slide),
    )
    return _one_off_output.run(
        layer, sizes, repeat=repeat, quiet=quiet, output_format=output_format
    )
