"""Receptive fields: those that are published, and what becomes of them at each kind of layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import shapecalc
from shapecalc.graph import Graph, Node
from shapecalc.receptive import Field, fields, overall
from tests import gallery

SPECS = gallery.FOLDER.parent
ONE = Fraction(1)


def graph_of(spec: object) -> Graph:
    report = shapecalc.check(spec)  # type: ignore[arg-type]
    return report.models[0].graph


def stack(*layers: Any, shape: tuple[int, ...] = (4, 64, 64), **more: object) -> Graph:
    graph = graph_of({"input": list(shape), "layers": list(layers), **more})
    assert all(node.outputs[0].shape for node in graph.nodes)
    return graph


def last(graph: Graph) -> Field:
    (field,) = fields(graph).of(graph.nodes[-1])
    return field


def sliding(graph: Graph) -> list[tuple[Node, Field]]:
    """The layers that still slide over the input."""
    found = ((node, field) for node in graph.nodes for field in fields(graph).of(node))
    return [(node, field) for node, field in found if all(field.jump)]


@pytest.mark.parametrize(
    ("spec", "size", "jump"),
    [
        # Araujo et al. 2019, https://distill.pub/2019/computing-receptive-fields, table 1;
        # ResNet v1 has its strides in the 1×1 there as in Keras, and in the 3×3 in torchvision.
        ("alexnet", 195, 32),
        ("vgg16", 212, 32),
        ("inception_v3", 1311, 32),
        ("resnet50_keras", 483, 32),
        ("resnet50", 427, 32),
        ("densenet121", 2071, 32),
    ],
)
def test_published_fields(spec: str, size: int, jump: Any) -> None:
    graph = graph_of(SPECS / f"{spec}.yaml")
    largest = max((field for _, field in sliding(graph)), key=lambda field: field.size[::-1])
    assert largest.size == (size, size)
    assert largest.jump == (jump, jump)


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("pix2pix", 70),  # the "70×70 PatchGAN" of Isola et al. 2017, arXiv:1611.07004
        ("wavenet", 5117),  # (2^10 - 1)·5 + 2, dilations of 1 to 512 five times over
    ],
)
def test_published_fields_of_outputs(spec: str, size: int) -> None:
    model = shapecalc.check(SPECS / "zoo" / f"{spec}.yaml").models[-1]
    (field,) = overall(model.graph)
    assert set(field.size) == {size}


def test_vgg16_before_its_last_pool() -> None:
    graph = graph_of(SPECS / "vgg16.yaml")
    convs = [field for node, field in sliding(graph) if node.type == "conv2d"]
    assert convs[-1].size == (196, 196)
    assert convs[-1].centre == (Fraction(15, 2),) * 2


def test_after_a_global_pool_all_is_seen_and_no_more() -> None:
    graph = graph_of(SPECS / "resnet50.yaml")
    assert last(graph) == Field(
        "input", (1, 2), (224, 224), (None, None), (0, 0), (Fraction(223, 2),) * 2
    )
    # The last pixels of an odd input are read by no window.
    pool = {"type": "max_pool2d", "kernel_size": 2}
    graph = stack(pool, "flatten", shape=(1, 7, 9))
    assert last(graph).size == (6, 8)


CONV = {"type": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}


@pytest.mark.parametrize(
    ("layers", "size", "jump", "start"),
    [
        ([CONV], 3, 1, -1),
        ([{**CONV, "stride": 2}, CONV], 7, 2, -3),
        ([{**CONV, "dilation": 2, "padding": 2}], 5, 1, -2),
        ([{**CONV, "padding": "same", "kernel_size": 4}], 4, 1, -1),
        ([{"type": "max_pool2d", "kernel_size": 2}, {"type": "upsample", "scale_factor": 2}],
         2, 1, 0),
        ([{"type": "zero_pad2d", "padding": [1, 2, 1, 2]}, {**CONV, "padding": 0}], 3, 1, -1),
        ([{"type": "crop", "cropping": 3}], 1, 1, 3),
        ([{"type": "center_crop", "size": 32}], 1, 1, 16),
        ([{"type": "pixel_unshuffle", "downscale_factor": 4}], 4, 4, 0),
        ([{"type": "pixel_unshuffle", "downscale_factor": 2}, CONV,
          {"type": "pixel_shuffle", "upscale_factor": 2}], 6, 1, -2),
        ([{"type": "permute", "dims": [0, 2, 3, 1]}, "gelu"], 1, 1, 0),
        ([CONV, "batch_norm2d", "relu", "dropout2d", {"type": "group_norm", "num_groups": 2}],
         3, 1, -1),
        ([{"type": "slice", "dim": 2, "start": 2}, {"type": "slice", "dim": 3, "start": -62}],
         1, 1, 2),
        ([{"type": "residual", "body": [CONV, CONV]}], 5, 1, -2),
        ([{"type": "parallel", "branches": [[CONV], [CONV, CONV, CONV]]}], 7, 1, -3),
        ([{"type": "blur_pool2d"}], 3, 2, -1),
        ([{"type": "adaptive_avg_pool2d", "output_size": 16}], 4, 4, 0),
    ],
)  # fmt: skip
def test_layers(layers: list[Any], size: int, jump: Any, start: int) -> None:
    field = last(stack(*layers))
    assert field.axes == (1, 2)
    assert field.size == (size, size)
    assert field.jump == (jump, jump)
    assert field.start == (start, start)


@pytest.mark.parametrize(
    "layers",
    [
        ["flatten", {"type": "linear", "out_features": 4}],
        ["global_avg_pool2d"],
        [{"type": "adaptive_avg_pool2d", "output_size": 1}],
        [{"type": "mean", "dim": [2, 3]}],
        [{"type": "flatten", "start_dim": 2}, {"type": "permute", "dims": [0, 2, 1]},
         {"type": "multihead_attention", "num_heads": 2}],
        # A gate lets every cell see what the gate saw.
        [{"type": "parallel", "merge": "multiply",
          "branches": [[], [{"type": "adaptive_avg_pool2d", "output_size": 1}]]}],
    ],
)  # fmt: skip
def test_layers_that_see_all(layers: list[Any]) -> None:
    field = last(stack(*layers, shape=(4, 16, 16)))
    assert field.size == (16, 16)
    assert field.jump == (None, None)


def test_axes_have_fields_of_their_own() -> None:
    layer = {**CONV, "kernel_size": [3, 7], "stride": [1, 2], "padding": [1, 3]}
    field = last(stack(layer, shape=(3, 20, 30)))
    assert (field.size, field.start) == ((3, 7), (-1, -3))
    assert field.jump == (Fraction(1), Fraction(2))


def test_sequences() -> None:
    """Which axis holds the features is what the first layer that joins an axis says."""
    lstm = {"type": "lstm", "hidden_size": 4}
    assert last(stack(lstm, shape=(7, 4))) == Field("input", (0,), (7,), (ONE,), (0,), (None,))
    both = last(stack({**lstm, "bidirectional": True}, shape=(7, 4)))
    assert (both.axes, both.size, both.jump) == ((0,), (7,), (None,))
    conv = {"type": "conv1d", "out_channels": 4, "kernel_size": 3}
    assert last(stack(conv, shape=(7, 50))).axes == (1,)
    keras = stack({**conv, "padding": "valid"}, shape=(50, 7), framework="keras")
    assert last(keras).axes == (0,)


def test_tokens() -> None:
    layers = [{"type": "embedding", "num_embeddings": 9, "embedding_dim": 4}, "layer_norm"]
    layers[1] = {"type": "layer_norm", "normalized_shape": 4}
    graph = graph_of({"input": {"shape": [12], "dtype": "int64"}, "layers": layers})
    assert last(graph) == Field("input", (0,), (1,), (ONE,), (0,), (ONE - 1,))


def test_several_inputs() -> None:
    spec = {
        "inputs": {"left": [4, 16, 16], "right": [4, 16, 16]},
        "layers": [
            {**CONV, "name": "a", "from": "left"},
            {**CONV, "name": "b", "from": "right", "kernel_size": 5, "padding": 2},
            {"type": "add", "from": ["a", "b"]},
        ],
    }
    graph = graph_of(spec)
    assert [(field.input, field.size) for field in fields(graph).of(graph.nodes[-1])] == [
        ("left", (3, 3)), ("right", (5, 5)),
    ]  # fmt: skip
    assert overall(graph) == fields(graph).of(graph.nodes[-1])


def test_a_source_sees_nothing() -> None:
    layers = [{"type": "parameter", "name": "p", "shape": [4, 8, 8]}, {"type": "add", "from": ["input", "p"]}]  # fmt: skip  # noqa: E501
    graph = graph_of({"input": [4, 8, 8], "layers": layers})
    assert fields(graph).of(graph.nodes[0]) == []
    assert last(graph).size == (1, 1)


def test_what_is_wrong_is_not_known() -> None:
    graph = graph_of({"input": [4, 8, 8], "layers": [CONV, "nonesuch", CONV]})
    assert [len(fields(graph).of(node)) for node in graph.nodes] == [1, 0, 0]


def test_a_mistaken_shape_has_other_axes() -> None:
    conv = {"type": "conv2d", "out_channels": "channels", "kernel_size": 3, "padding": 1}
    block = {"params": {"channels": None}, "layers": [conv, "batch_norm2d", "relu"]}
    graph = graph_of({
        "input": [3, 256, 256],
        "blocks": {"double_conv": block},
        "layers": [
            {"type": "double_conv", "name": "enc2", "channels": "width * 2"},
            {"type": "concat", "from": ["prev", "enc3"], "expect": [256, 64]},
            {"type": "concat", "from": ["prev", "enc4"], "expect": [512, 32, 32]},
        ],
        "expect": [1, 256, 256, 256],
    })  # fmt: skip
    assert [len(node.inputs[0].tensor.shape or ()) for node in graph.nodes[-2:]] == [3, 2]
    assert not fields(graph).of(graph.nodes[-1])[0].jump[0]


def test_json() -> None:
    (model,) = shapecalc.check({"input": [4, 8, 8], "layers": [CONV, "flatten"]}).models
    first, second = model.to_dict()["layers"]
    assert first["receptive_fields"] == [
        {"input": "input", "axes": [2, 3], "field": [3, 3], "jump": [1, 1], "start": [-1, -1],
         "centre": [0, 0]}
    ]  # fmt: skip
    assert second["receptive_fields"][0]["jump"] == [None, None]
    assert second["receptive_fields"][0]["centre"] == [3.5, 3.5]
