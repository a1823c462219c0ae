"""The architecture lints: what each is about, and what it lets pass.

What they find in real networks is held by ``tests/test_zoo.py``.
"""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import check
from shapecalc.budget import Limits
from shapecalc.checker import Settings, check_source
from shapecalc.config import read_limits
from shapecalc.report import FileReport, Report
from shapecalc.rules.sc307_dead_padding import count_dead
from shapecalc.sizes import SizeError, Window, conv_window
from shapecalc.spec.source import Source
from tests.rules.graphs import conv, found, found_in, graphs, keras_stack, linear, paths, stack

# --- SC301 redundant-bias --------------------------------------------------------------------


@pytest.mark.parametrize(
    "layers",
    [
        (conv(), "batch_norm2d"),
        (conv(), "identity", "batch_norm2d"),
        (conv(), "instance_norm2d"),
        ("{type: conv_transpose2d, out_channels: 8, kernel_size: 2}", "batch_norm2d"),
    ],
)
def test_redundant_bias(layers: tuple[str, ...]) -> None:
    ((path, message),) = found("SC301", stack(*layers))
    assert path == "layers[0]"
    assert "subtracted again by the" in message


@pytest.mark.parametrize(
    "layers",
    [
        (conv(bias="false"), "batch_norm2d"),
        (conv(), "relu", "batch_norm2d"),
        # A dropout scales some of the biases and drops others: no constant is left to subtract.
        (conv(), "dropout", "batch_norm2d"),
        (conv(), "{type: group_norm, num_groups: 2}"),
        (conv(trainable="false"), "batch_norm2d"),
        (conv(), "{type: batch_norm2d, trainable: false}"),
        (conv(name="a"), "{type: batch_norm2d, name: b}", "{type: add, from: [a, b]}"),
        (conv(name="a"), "batch_norm2d", conv(share="a", padding=1, in_channels=8)),
    ],
)
def test_bias_that_has_its_use(layers: tuple[str, ...]) -> None:
    assert found("SC301", stack(*layers)) == []


def test_bias_along_another_axis_than_the_norm() -> None:
    assert paths("SC301", stack(linear(8), "batch_norm1d", shape="[16]")) == ["layers[0]"]
    assert found("SC301", stack(linear(8), "batch_norm1d", shape="[4, 16]")) == []


def test_bias_before_a_norm_of_keras() -> None:
    def reported(*layers: str) -> list[str]:
        return paths("SC301", keras_stack(*layers, shape="[4, 16]"))

    assert reported(linear(8), "batch_norm") == ["layers[0]"]
    assert reported(linear(8), "{type: batch_norm, dim: 1}") == []
    assert reported(linear(8, activation="relu"), "batch_norm") == []


def test_bias_is_only_dropped_where_every_use_of_its_line_allows_it() -> None:
    block = "blocks:\n  b:\n    params: {norm}\n    layers:\n"
    block += f"      - {conv(padding=1)}\n"
    block += "      - {type: batch_norm2d, when: norm}\n      - relu\n"
    both = stack("{type: b, norm: true}", "{type: b, norm: false}")
    (one,) = found_in(graphs(block + stack("{type: b, norm: true}")), "SC301")
    assert one.fix == ("bias", "false")
    (one,) = found_in(graphs(block + both), "SC301")
    assert one.fix is None
    (one,) = found_in(graphs(stack(conv(bias="1 < 2"), "batch_norm2d")), "SC301")
    assert one.fix is None


def test_output_that_is_read_before_the_norm() -> None:
    text = stack(conv(name="raw"), "{type: batch_norm2d, name: normed}")
    assert paths("SC301", text) == ["layers[0]"]
    assert found("SC301", text + "outputs: [raw, normed]\n") == []


# --- SC302 checkerboard ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_uneven"),
    [
        ("kernel_size: 3, stride: 2", True),
        ("kernel_size: 5, stride: 2", True),
        ("kernel_size: 1, stride: 2", True),
        ("kernel_size: 2, stride: 2", False),
        ("kernel_size: 4, stride: 2, padding: 1", False),
        ("kernel_size: 3, stride: 1", False),
        ("kernel_size: 9, stride: 3", False),
        ("kernel_size: [4, 3], stride: [2, 1]", False),
        ("kernel_size: [4, 3], stride: [2, 2]", True),
        ("kernel_size: 4, stride: 2, dilation: 2", True),
        ("kernel_size: 4, stride: 2, dilation: 3", False),
        ("kernel_size: 3, stride: 2, trainable: false", False),
    ],
)
def test_checkerboard(fields: str, is_uneven: bool) -> None:
    layer = f"{{type: conv_transpose2d, out_channels: 4, {fields}}}"
    assert paths("SC302", stack(layer)) == ["layers[0]"] * is_uneven
    # From a single cell there is nothing to overlap.
    assert found("SC302", stack(layer, shape="[8, 1, 1]")) == []


# --- SC303 stacked-linear --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((linear(256), linear(10)), "[256]"),
        ((linear(512), "dropout", linear(256)), "[784]"),
        ((conv(padding=1), conv()), "[8, 32, 32]"),
        ((conv(padding=1), "batch_norm2d", conv()), "[8, 32, 32]"),
        ((conv(), conv(1)), "[8, 32, 32]"),
        ((conv(1), conv()), "[8, 32, 32]"),
        ((conv(out_channels=16), "flatten", linear(10)), "[1, 28, 28]"),
    ],
)
def test_stacked_linear(layers: tuple[str, ...], shape: str) -> None:
    assert paths("SC303", stack(*layers, shape=shape)) == [f"layers[{len(layers) - 1}]"]


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((linear(256), "relu", linear(10)), "[256]"),
        ((linear(256), "layer_norm", linear(256)), "[256]"),
        # Low rank: LoRA, a linear bottleneck, an autoencoder's code.
        ((linear(16), linear(512)), "[512]"),
        ((conv(1, out_channels=16), "batch_norm2d", conv(1, out_channels=96)), "[64, 8, 8]"),
        # Depthwise and pointwise, in either order; grouped and grouped.
        ((conv(groups=8), "batch_norm2d", conv(1, out_channels=32)), "[8, 32, 32]"),
        ((conv(1), conv(groups=8)), "[8, 32, 32]"),
        ((conv(groups=4), "batch_norm2d", conv(1, groups=2)), "[8, 32, 32]"),
        # n×1 and 1×n.
        ((conv("[5, 1]"), conv("[1, 5]")), "[8, 32, 32]"),
        # The lateral connection of a feature pyramid.
        ((conv(1, out_channels=256), conv(3, out_channels=256)), "[2048, 7, 7]"),
        # Pools and upsampling are no part of a chain of maps of one size.
        ((conv(), "{type: max_pool2d, kernel_size: 2}", conv()), "[8, 32, 32]"),
        ((conv(), "{type: upsample, scale_factor: 2}", conv()), "[8, 32, 32]"),
        ((conv(out_channels=32), "{type: pixel_shuffle, upscale_factor: 2}", conv()), "[8, 8, 8]"),
        # Frozen, and shared.
        ((linear(256, trainable="false"), linear(10)), "[256]"),
        ((linear(256, name="a"), linear(256, share="a")), "[256]"),
        # Another layer reads the first as well.
        ((linear(256, name="a"), linear(256), "{type: add, from: [a, prev]}"), "[256]"),
    ],
)
def test_linear_maps_that_have_their_use(layers: tuple[str, ...], shape: str) -> None:
    assert found("SC303", stack(*layers, shape=shape)) == []


def test_activation_built_into_a_keras_layer() -> None:
    def pair(word: str) -> str:
        return keras_stack(linear(256, activation=word), linear(10), shape="[256]")

    assert found("SC303", pair("relu")) == []
    assert paths("SC303", pair("linear")) == ["layers[1]"]


def test_an_output_between_is_no_stack() -> None:
    text = stack(linear(256, name="embedding"), linear(10, name="logits"), shape="[256]")
    assert paths("SC303", text) == ["layers[1]"]
    assert found("SC303", text + "outputs: [embedding, logits]\n") == []


# --- SC304 repeated-activation ---------------------------------------------------------------


@pytest.mark.parametrize(
    "layers",
    [
        ("relu", "relu"),
        ("relu", "{type: leaky_relu, negative_slope: 0.2}"),
        ("sigmoid", "relu"),
        ("relu", "{type: max_pool2d, kernel_size: 2}", "relu"),
        ("relu", "dropout", "flatten", "relu"),
        ("tanh", "tanh"),
        ("sigmoid", "flatten", "sigmoid"),
        ("flatten", "softmax", "softmax"),
        ("flatten", "softmax", "log_softmax"),
    ],
)
def test_repeated_activation(layers: tuple[str, ...]) -> None:
    assert paths("SC304", stack(*layers)) == [f"layers[{len(layers) - 1}]"]


@pytest.mark.parametrize(
    "layers",
    [
        ("relu", conv(), "relu"),
        ("{type: leaky_relu, negative_slope: 0.2}", "relu"),
        ("relu", "sigmoid"),
        ("relu", "{type: batch_norm2d}", "relu"),
        ("tanh", "{type: max_pool2d, kernel_size: 2}", "tanh"),
        ("relu", "flatten", "softmax"),
        ("{type: relu, name: a}", "{type: add, from: [a, input]}", "relu"),
    ],
)
def test_activations_that_have_their_use(layers: tuple[str, ...]) -> None:
    assert found("SC304", stack(*layers)) == []


def test_activations_of_keras() -> None:
    def reported(*layers: str) -> list[str]:
        return [text for _, text in found("SC304", keras_stack(*layers, shape="[32, 32, 8]"))]

    (message,) = reported(conv(activation="relu"), "relu")
    assert message.startswith("it does nothing after the relu of the conv2d")
    word = "{type: activation, activation: tanh}"
    assert len(reported(word, word)) == 1
    assert reported("relu", "{type: relu, max_value: 6.0}") == []
    assert reported("{type: relu, negative_slope: 0.1}", "elu") == []


# --- SC305 norm-of-one-value -----------------------------------------------------------------


def test_norm_of_one_value() -> None:
    pool = "{type: adaptive_avg_pool2d, output_size: 1}"
    ((path, message),) = found("SC305", stack(pool, "batch_norm2d"))
    assert path == "layers[1]"
    assert "8×1×1" in message
    assert "PyTorch refuses" in message
    tracking = "{type: instance_norm2d, track_running_stats: true}"
    ((_, message),) = found("SC305", stack(pool, tracking))
    assert "zero" in message
    keras = keras_stack("batch_norm", shape="[1, 1, 8]")
    assert "all it yields" in found("SC305", keras)[0][1]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("batch_norm2d", "[8, 1, 2]"),
        ("batch_norm1d", "[8]"),
        ("layer_norm", "[8, 1, 1]"),
        ("{type: batch_norm2d, trainable: false}", "[8, 1, 1]"),
    ],
)
def test_norms_of_more(layer: str, shape: str) -> None:
    assert found("SC305", stack(layer, shape=shape)) == []


# --- SC306 dropout-before-batch-norm ---------------------------------------------------------


def test_dropout_before_batch_norm() -> None:
    for between in ([], ["relu"], ["identity", "relu"]):
        assert paths("SC306", stack("dropout", *between, "batch_norm2d")) == ["layers[0]"]
    assert paths("SC306", stack("dropout2d", "batch_norm2d")) == ["layers[0]"]


@pytest.mark.parametrize(
    "layers",
    [
        ("batch_norm2d", "dropout"),
        ("{type: dropout, p: 0.0}", "batch_norm2d"),
        ("alpha_dropout", "batch_norm2d"),  # keeps the variance
        ("dropout", conv(), "batch_norm2d"),
        ("dropout", "{type: group_norm, num_groups: 2}"),
        ("dropout", "{type: batch_norm2d, track_running_stats: false}"),
    ],
)
def test_dropouts_that_shift_nothing(layers: tuple[str, ...]) -> None:
    assert found("SC306", stack(*layers)) == []


# --- SC307 dead-padding ----------------------------------------------------------------------


@given(st.integers(1, 12), *[st.integers(1, 5)] * 3, *[st.integers(0, 20)] * 2, st.booleans())
def test_dead_windows_are_counted_one_by_one(
    n: int, kernel: int, stride: int, dilation: int, before: int, after: int, up: bool
) -> None:
    try:
        window = conv_window(
            n, kernel, stride, (before, after), dilation, "ceil" if up else "floor"
        )
    except SizeError:
        return
    dead = sum(
        not any(0 <= cell < n for cell in window.positions(output)) for output in range(window.out)
    )
    assert count_dead(window) == dead


def test_dead_windows_of_an_enormous_padding() -> None:
    half = 2**50
    assert count_dead(Window(5, 3, 1, half, half, 1, 2 * half + 3)) == 2 * half - 4


def test_dead_padding() -> None:
    ((_, message),) = found("SC307", stack(conv(3, padding=4)))
    assert message == (
        "windows made of padding alone: 4 of 38 along the height and 4 of 38 along the width"
    )
    assert paths("SC307", "rounding: ceil\n" + stack(conv(1, stride=31))) == []
    behind = "rounding: ceil\n" + stack(conv(1, stride=33, padding=1))
    assert paths("SC307", behind) == ["layers[0]"]


@pytest.mark.parametrize(
    "layer",
    [
        conv(3, padding=2),
        conv(3, padding=4, dilation=2),
        conv(3, padding=36, dilation=36),
        conv(3, padding=4, padding_mode="reflect"),
        conv(3, padding="same"),
    ],
)
def test_padding_that_meets_the_input(layer: str) -> None:
    assert found("SC307", stack(layer)) == []


# --- SC308 unused-output ---------------------------------------------------------------------


def test_unused_output() -> None:
    text = stack(conv(name="a"), conv(name="b", from_="input"))
    assert paths("SC308", text) == ["layers[0]"]
    assert found("SC308", text + "outputs: [a, b]\n") == []


def test_branch_that_ends_nowhere_is_one_finding() -> None:
    text = stack(conv(), "relu", conv(), "{type: relu, from: input}")
    assert paths("SC308", text) == ["layers[2]"]


@pytest.mark.parametrize(
    "layers",
    [
        # One of its two outputs is enough.
        ("{type: chunk, name: half, chunks: 2}", "{type: relu, from: half.0}"),
        # Named for its shape, or for its weights.
        (conv(name="a"), "{type: upsample, from: input, like: a}"),
        (conv(name="a", padding=1), conv(from_="input", share="a", padding=1)),
        # An empty branch is its input.
        ("{type: parallel, branches: [[], [relu]]}",),
    ],
)
def test_outputs_that_have_their_use(layers: tuple[str, ...]) -> None:
    assert found("SC308", stack(*layers)) == []


def test_an_error_elsewhere_is_no_unused_output() -> None:
    for wrong in ("from: stemm", "form: stem", "from: [stem, stem]"):
        text = stack(
            conv(name="stem"), f"{{type: conv2d, {wrong}, out_channels: 8, kernel_size: 1}}"
        )
        codes = {one.code for one in check(yaml.safe_load(text)).diagnostics}
        assert codes
        assert "SC308" not in codes


# --- SC310 silent-broadcast ------------------------------------------------------------------


def test_silent_broadcast() -> None:
    pool = "{type: adaptive_avg_pool2d, name: pool, output_size: 1}"
    assert paths("SC310", stack(pool, "{type: add, from: [input, pool]}")) == ["layers[1]"]
    assert found("SC310", stack(pool, "{type: multiply, from: [input, pool]}")) == []
    assert found("SC310", stack("{type: relu, name: a}", "{type: add, from: [input, a]}")) == []
    branches = "{type: parallel, merge: add, branches: [[], [{type: adaptive_avg_pool2d, "
    assert paths("SC310", stack(branches + "output_size: 1}]]}")) == ["layers[0]"]


def test_sum_with_a_parameter() -> None:
    text = stack(
        "{type: parameter, name: bias, shape: [8, 1, 1]}",
        "{type: add, from: [input, bias]}",
        "{type: parameter, name: flat, shape: [8]}",
        "{type: reshape, name: reshaped, from: flat, shape: [8, 1, 1]}",
        "{type: add, from: [input, reshaped]}",
    )
    assert found("SC310", text) == []


@pytest.mark.parametrize(
    "written_out",
    ["unflatten, dim: 1, unflattened_size: [8, 1, 1]", "reshape, shape: [8, 1, 1]"],
)
def test_sum_with_axes_that_are_written_out(written_out: str) -> None:
    """A diffusion model adds its time so; the same map without them comes from a pool."""
    body = (
        "global_avg_pool2d",
        linear(8),
        f"{{type: {written_out}, name: time}}",
        "{type: add, from: [input, time]}",
    )
    assert found("SC310", stack(*body)) == []
    gate = "{type: sigmoid, from: time, name: gate}"
    assert paths("SC310", stack(*body, gate, "{type: add, from: [input, gate, time]}")) == [
        "layers[5]"
    ]


# --- SC311 even-kernel-same ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_shifted"),
    [
        ({"kernel": 4, "padding": "same"}, True),
        ({"kernel": 2, "padding": "same"}, True),
        ({"kernel": 2, "padding": "same", "dilation": 2}, False),
        ({"kernel": 4, "padding": "same", "dilation": 3}, True),
        ({"kernel": 3, "padding": "same"}, False),
        ({"kernel": 4, "padding": "[[1, 2], [1, 2]]"}, False),
        ({"kernel": 4, "padding": 1}, False),
    ],
)
def test_even_kernel_same(fields: dict[str, object], is_shifted: bool) -> None:
    assert len(found("SC311", stack(conv(**fields)))) == is_shifted  # type: ignore[arg-type]


def test_keras_same_with_a_stride_pads_both_sides_alike() -> None:
    assert found("SC311", keras_stack(conv(4, padding="same", stride=2), shape="[32, 32, 8]")) == []
    assert len(found("SC311", keras_stack(conv(4, padding="same"), shape="[32, 32, 8]"))) == 1


# --- SC312 gridding --------------------------------------------------------------------------


def dilated(*dilations: int, kernel: int = 3, head: tuple[str, ...] = ()) -> str:
    convs = [conv(kernel, padding=d * (kernel - 1) // 2, dilation=d) for d in dilations]
    return stack(*head, *(layer for one in convs for layer in (one, "relu")))


@pytest.mark.parametrize(
    ("dilations", "reported"),
    [
        ((2, 2, 2), ["layers[2]"]),
        ((2, 4, 8), ["layers[2]"]),
        ((6, 9), ["layers[2]"]),
        ((2, 3), []),
        ((1, 2, 5), []),
        ((1, 2, 4, 8, 16), []),  # WaveNet, and Yu and Koltun's context module
        ((1, 2, 2, 2), []),
        ((2, 2, 1), []),
        ((2,), []),
    ],
)
def test_gridding(dilations: tuple[int, ...], reported: list[str]) -> None:
    assert paths("SC312", dilated(*dilations)) == reported


def test_gridding_ends_where_the_resolution_changes() -> None:
    strided = (conv(3, padding=1, stride=2), "relu")
    assert paths("SC312", dilated(2, 2, head=strided)) == ["layers[4]"]
    mixed = (*strided, conv(3, padding=1), "relu")
    assert paths("SC312", dilated(2, 2, head=mixed)) == []


def test_gridding_looks_through_bottlenecks_and_shortcuts() -> None:
    body = "[{type: conv2d, out_channels: 8, kernel_size: 3, padding: 2, dilation: 2}, relu]"
    text = stack(*[conv(3, padding=2, dilation=2), conv(1), conv(3, padding=2, dilation=2)])
    assert paths("SC312", text) == ["layers[2]"]
    assert paths("SC312", stack(f"{{type: residual, body: {body}}}", conv(3, padding=1))) == []


def test_parallel_dilations_are_not_successive() -> None:
    branch = "[{{type: conv2d, out_channels: 8, kernel_size: 3, padding: {0}, dilation: {0}}}]"
    branches = ", ".join(branch.format(rate) for rate in (6, 12, 18))
    assert found("SC312", stack(f"{{type: parallel, branches: [{branches}]}}")) == []


# --- SC313 parameter-hog ---------------------------------------------------------------------


def test_parameter_hog() -> None:
    text = stack(conv(), "relu", "flatten", linear(256), "relu", linear(10))
    ((path, message),) = found("SC313", text)
    assert path == "layers[3]"
    assert message == "it holds 1,843,456 of the model's 1,846,610 parameters (100%)"


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((conv(), "relu", "flatten", linear(16)), "[8, 32, 32]"),  # a small model
        ((linear(4096), "relu", linear(10)), "[4096]"),  # no map
        (("flatten", linear(512), "relu", linear(10)), "[3, 64, 64]"),  # a perceptron on pixels
        ((conv(1, out_channels=2048), "global_avg_pool2d", linear(1000)), "[8, 7, 7]"),
    ],
)
def test_dense_layers_that_are_meant(layers: tuple[str, ...], shape: str) -> None:
    assert found("SC313", stack(*layers, shape=shape)) == []


@pytest.mark.parametrize(
    ("share", "reported"),
    [("99%", True), ("100%", False), ("50%", True), ("0%", True)],
)
def test_the_share_of_a_parameter_hog_may_be_chosen(share: str, reported: bool) -> None:
    text = stack(conv(), "relu", "flatten", linear(256), "relu", linear(10))
    own = {**yaml.safe_load(text), "budget": {"dense_share": share}}
    limits = read_limits({"dense_share": share}, "shapecalc.toml")
    for report in (check(own), Report((checked(text, limits),))):
        assert {one.code for one in report.diagnostics} == ({"SC313"} if reported else set())


def test_a_chosen_share_is_for_small_models_too() -> None:
    small = yaml.safe_load(stack(conv(), "relu", "flatten", linear(16)))
    assert [one.code for one in check(small).diagnostics] == []
    small["budget"] = {"dense_share": "60%"}
    assert [one.code for one in check(small).diagnostics] == ["SC313"]


@pytest.mark.parametrize("share", [0.6, 60, "60", "101%", "-1%", "6 0%", "60 %%", True])
def test_a_share_is_a_percentage(share: object) -> None:
    spec = {**yaml.safe_load(stack("relu")), "budget": {"dense_share": share}}
    assert [one.code for one in check(spec).diagnostics] == ["SC002"]


def checked(text: str, limits: Limits) -> FileReport:
    return check_source(Source("a.yaml", text), Settings(limits=limits))


# --- SC315 linear-on-feature-map -------------------------------------------------------------


@pytest.mark.parametrize(
    "layers",
    [
        (conv(), linear(10)),
        (conv(), "batch_norm2d", "relu", "dropout", linear(10)),
        ("{type: adaptive_avg_pool2d, output_size: 1}", linear(10)),
    ],
)
def test_linear_on_a_feature_map(layers: tuple[str, ...]) -> None:
    assert paths("SC315", stack(*layers)) == [f"layers[{len(layers) - 1}]"]


@pytest.mark.parametrize(
    "layers",
    [
        (conv(), "flatten", linear(10)),
        ("global_avg_pool2d", linear(10)),
        (conv(), linear(10, in_features=30)),  # said, and so meant
        (conv(), "{type: permute, dims: [0, 2, 3, 1]}", linear(10)),  # ConvNeXt
        (linear(10),),
    ],
)
def test_linear_layers_that_are_meant(layers: tuple[str, ...]) -> None:
    assert found("SC315", stack(*layers)) == []


def test_keras_dense_acts_on_the_channels() -> None:
    assert found("SC315", keras_stack(conv(), linear(10), shape="[32, 32, 8]")) == []


# --- off by default --------------------------------------------------------------------------


def test_channels_multiple_of_8() -> None:
    odd = conv(out_channels=12)
    assert paths("SC320", stack(odd, "relu", conv())) == ["layers[0]"]
    assert found("SC320", stack(conv(), "relu", odd)) == []
    assert found("SC320", stack(conv(), "relu", odd, "global_avg_pool2d")) == [
        ("layers[2]", "out_channels is 12, which is no multiple of 8")
    ]
    assert found("SC320", stack(odd, "flatten", "softmax")) == []


def test_blurless_downsampling() -> None:
    blur = "{type: avg_pool2d, kernel_size: 2, stride: 1}"
    pool = "{type: max_pool2d, kernel_size: 2}"
    assert paths("SC321", stack(conv(stride=2), pool)) == ["layers[0]", "layers[1]"]
    assert found("SC321", stack(blur, conv(stride=2))) == []
    assert found("SC321", stack(conv(), "{type: avg_pool2d, kernel_size: 2}")) == []
    frozen = conv(groups=8, trainable="false", stride=2)
    assert found("SC321", stack(frozen)) == []
    assert found("SC321", stack("blur_pool2d", conv())) == []


def test_no_final_activation() -> None:
    assert paths("SC322", stack(conv(), "flatten")) == ["layers[0]"]
    assert found("SC322", stack(conv(), "sigmoid")) == []
    assert found("SC322", keras_stack(linear(1, activation="sigmoid"), shape="[8]")) == []
    assert len(found("SC322", keras_stack(linear(1), shape="[8]"))) == 1
