"""The decoder of an encoder: accepted by the checker, and back at the encoder's input."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shapecalc.checker import check_source
from shapecalc.diagnostics import Severity
from shapecalc.graph import Graph
from shapecalc.reasoning.mirror import CannotMirrorError, Unpool, as_spec, mirror
from shapecalc.spec.source import Source


def encoder(text: str) -> Graph | None:
    """A model as it ran; ``None`` where it has errors."""
    report = check_source(Source("encoder.yaml", text))
    if any(one.severity is Severity.ERROR for one in report.diagnostics):
        return None
    return report.models[0].graph


def mirrored(text: str, unpool: Unpool = "upsample") -> str:
    """The decoder as a spec, which holds."""
    graph = encoder(text)
    assert graph is not None
    (output,) = graph.outputs.values()
    (given,) = graph.inputs.values()
    layers = mirror(graph, output, unpool)
    before, after = given.outputs[0].shape, output.tensor.shape
    assert before is not None
    assert after is not None
    decoder = as_spec("Encoder", after, before, layers)
    report = check_source(Source("decoder.yaml", decoder))
    wrong = [one.message for one in report.diagnostics if one.severity is Severity.ERROR]
    assert wrong == [], decoder
    (back,) = report.models[0].graph.outputs.values()
    assert back.tensor.shape == before
    return decoder


CONV = st.builds(
    "{{type: conv2d, out_channels: {}, kernel_size: [{}, {}], stride: {}, padding: {}, "
    "dilation: {}}}".format,
    st.sampled_from([4, 6, 8]),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(["0", "1", "2", "[1, 2]", "[[0, 1], [2, 0]]"]),
    st.integers(1, 2),
)
LAYERS = st.one_of(
    CONV,
    st.builds(
        "{{type: {}, kernel_size: {}, stride: {}, padding: {}, ceil_mode: {}}}".format,
        st.sampled_from(["max_pool2d", "avg_pool2d"]),
        st.integers(2, 3),
        st.integers(1, 3),
        st.integers(0, 1),
        st.sampled_from(["true", "false"]),
    ),
    st.sampled_from(
        [
            "batch_norm2d",
            "relu",
            "{type: leaky_relu, negative_slope: 0.2}",
            "{type: dropout2d, p: 0.2}",
            "{type: group_norm, num_groups: 2}",
            "{type: conv2d, out_channels: 8, kernel_size: 3, padding: same, bias: false}",
            "{type: conv2d, out_channels: 8, kernel_size: 4, padding: same}",
            "{type: conv_transpose2d, out_channels: 4, kernel_size: 4, stride: 2, padding: 1}",
            "{type: adaptive_avg_pool2d, output_size: [3, 4]}",
            "{type: zero_pad2d, padding: [1, 0, 2, 3]}",
            "{type: center_crop, size: 7}",
            "{type: upsample, scale_factor: 2}",
            "{type: pixel_shuffle, upscale_factor: 2}",
            "{type: pixel_unshuffle, downscale_factor: 2}",
            "{type: permute, dims: [0, 2, 3, 1]}",
            "{type: transpose, dim0: 2, dim1: 3}",
        ]
    ),
)
TAIL = st.sampled_from(
    [
        [],
        ["flatten"],
        ["flatten", "{type: linear, out_features: 10}", "tanh"],
        ["{type: flatten, start_dim: 2}", "{type: linear, out_features: 3, bias: false}"],
        ["{type: reshape, shape: [-1]}", "{type: linear, out_features: 5}"],
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LAYERS, max_size=5),
    TAIL,
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.sampled_from(["floor", "ceil"]),
    st.sampled_from(["upsample", "conv_transpose"]),
)
def test_random_encoders(
    layers: list[str], tail: list[str], size: tuple[int, int], rounding: str, unpool: Unpool
) -> None:
    body = "".join(f"  - {layer}\n" for layer in [*layers, *tail, "identity"])
    text = f"input: [4, {size[0]}, {size[1]}]\nrounding: {rounding}\nlayers:\n{body}"
    graph = encoder(text)
    assume(graph is not None)
    mirrored(text, unpool)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1, 3]),
    st.lists(
        st.one_of(
            st.builds(
                "{{type: conv{{rank}}d, out_channels: {}, kernel_size: {}, stride: {}, "
                "padding: {}, dilation: {}}}".format,
                st.sampled_from([4, 8]),
                st.integers(1, 5),
                st.integers(1, 3),
                st.integers(0, 2),
                st.integers(1, 2),
            ),
            st.builds(
                "{{type: {}_pool{{rank}}d, kernel_size: {}, stride: {}, ceil_mode: {}}}".format,
                st.sampled_from(["max", "avg"]),
                st.integers(2, 3),
                st.integers(1, 3),
                st.sampled_from(["true", "false"]),
            ),
            st.sampled_from(["relu", "batch_norm{rank}d", "{type: zero_pad{rank}d, padding: 1}"]),
        ),
        max_size=4,
    ),
    st.lists(st.integers(6, 20), min_size=3, max_size=3),
    st.sampled_from(["upsample", "conv_transpose"]),
)
def test_random_signals_and_volumes(
    rank: int, layers: list[str], sizes: list[int], unpool: Unpool
) -> None:
    body = "".join(f"  - {layer.replace('{rank}', str(rank))}\n" for layer in [*layers, "tanh"])
    text = f"input: {[4, *sizes[:rank]]}\nlayers:\n{body}"
    assume(encoder(text) is not None)
    mirrored(text, unpool)


def test_what_comes_back() -> None:
    text = """
input: [3, 65, 64]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3, stride: 2, padding: 1, bias: false}
  - batch_norm2d
  - {type: leaky_relu, negative_slope: 0.2}
  - {type: max_pool2d, kernel_size: 2}
  - {type: conv2d, out_channels: 32, kernel_size: 3, padding: 1}
  - relu
  - flatten
  - {type: linear, out_features: 128}
"""
    assert (
        mirrored(text)
        == """\
name: "Encoder, mirrored"
input: [128]
layers:
  - {type: linear, out_features: 8192}
  - {type: unflatten, dim: 1, unflattened_size: [32, 16, 16]}
  - relu
  - {type: conv_transpose2d, out_channels: 16, kernel_size: 3, padding: 1}
  - {type: upsample, size: [33, 32]}
  - batch_norm2d
  - {type: leaky_relu, negative_slope: 0.2}
  - {type: conv_transpose2d, out_channels: 3, kernel_size: 3, stride: 2, padding: 1, \
output_padding: [0, 1]}
expect: [3, 65, 64]
"""
    )


def test_pools_undone_by_convolutions() -> None:
    text = "input: [8, 33, 33]\nlayers: [{type: max_pool2d, kernel_size: 2}]\n"
    wanted = (
        "{type: conv_transpose2d, out_channels: 8, kernel_size: 2, stride: 2, output_padding: 1}"
    )
    assert wanted in mirrored(text, "conv_transpose")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("{type: residual, body: [relu]}", "it joins 2 tensors"),
        ("{type: select, dim: 2, index: 0}", "has no inverse"),
        ("global_avg_pool2d", "keepdims"),
    ],
)
def test_what_has_no_inverse(layer: str, message: str) -> None:
    graph = encoder(f"input: [4, 8, 8]\nlayers: [{layer}]\n")
    assert graph is not None
    (output,) = graph.outputs.values()
    with pytest.raises(CannotMirrorError, match=message):
        mirror(graph, output)
