"""Run by `again.py` in the environment of the peers: for each search that is named, seconds a model
and its number of layers, as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count, repeat
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def median(run: Callable[[], Any], rounds: int) -> float:
    """The median of the seconds that a call takes, after one that is not counted."""
    run()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def ours(widths: Iterator[int], rounds: int) -> tuple[float, int]:
    """ResNet-50 walked at other and other expansions."""
    from shapecalc.spec.build import build_models
    from shapecalc.spec.source import Source, parse
    from shapecalc.walk import Memory, Overrides, walk

    path = ROOT / "specs/resnet50.yaml"
    source = Source(str(path), path.read_text(encoding="utf-8"))
    model = build_models(source, parse(source)[0])[0][0]
    layers = len(walk(model).graph.nodes)
    memory = Memory()

    def search() -> None:
        walk(model, None, Overrides({"expansion": next(widths)}), memory)

    return median(search, rounds), layers


def other(rounds: int) -> tuple[float, int]:
    """At values not seen before."""
    return ours(count(5), 5 * rounds)


def again(rounds: int) -> tuple[float, int]:
    """At a value that was there before."""
    return ours(repeat(4), 10 * rounds)


def onnx_nodes() -> tuple[Any, int]:
    """ResNet-50 as an ONNX model, node by node."""
    onnx: Any = import_module("onnx")
    helper, kind_of = onnx.helper, onnx.TensorProto

    nodes: list[Any] = []
    weights: list[Any] = []

    def tensor(name: str, *shape: int) -> str:
        weights.append(helper.make_tensor_value_info(name, kind_of.FLOAT, shape))
        return name

    def node(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def conv(x: str, given: int, made: int, kernel: int, stride: int = 1) -> str:
        name, pad = f"w{len(weights)}", kernel // 2
        y = node(
            "Conv", x, tensor(name, made, given, kernel, kernel),
            strides=[stride] * 2, pads=[pad] * 4,
        )  # fmt: skip
        norms = [tensor(f"{name}_{part}", made) for part in ("scale", "bias", "mean", "var")]
        return node("BatchNormalization", y, *norms)

    def bottleneck(x: str, given: int, width: int, stride: int) -> str:
        y = node("Relu", conv(x, given, width, 1))
        y = node("Relu", conv(y, width, width, 3, stride))
        y = conv(y, width, 4 * width, 1)
        skip = x if given == 4 * width and stride == 1 else conv(x, given, 4 * width, 1, stride)
        return node("Relu", node("Add", y, skip))

    x = node("Relu", conv("x", 3, 64, 7, 2))
    x = node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    given = 64
    for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for turn in range(depth):
            x = bottleneck(x, given, width, stride if turn == 0 else 1)
            given = 4 * width
    x = node("Flatten", node("GlobalAveragePool", x))
    node("Gemm", x, tensor("fc", 2048, 1000), tensor("fc_bias", 1000))
    image = helper.make_tensor_value_info("x", kind_of.FLOAT, (1, 3, 224, 224))
    output = helper.make_tensor_value_info(nodes[-1].output[0], kind_of.FLOAT, None)
    graph = helper.make_graph(nodes, "resnet50", [image, *weights], [output])
    model = helper.make_model(graph)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    sizes = [size.dim_value for size in inferred.graph.output[0].type.tensor_type.shape.dim]
    assert sizes == [1, 1000]
    return model, len(nodes)


def onnx(rounds: int) -> tuple[float, int]:
    """Its shapes as ONNX infers them."""
    module: Any = import_module("onnx")
    model, nodes = onnx_nodes()
    infer = module.shape_inference.infer_shapes
    return median(lambda: infer(model, strict_mode=True), 10 * rounds), nodes


def meta(rounds: int) -> tuple[float, int]:
    """Built and run on torch's meta device."""
    sys.path.insert(0, str(ROOT))
    import torch

    from tests.oracle.networks.resnet50 import resnet50

    def on_meta() -> None:
        with torch.device("meta"), torch.no_grad():
            resnet50().eval()(torch.empty(1, 3, 224, 224))

    with torch.device("meta"):
        modules = len(list(resnet50().modules()))
    return median(on_meta, rounds), modules


SEARCHES = {search.__name__: search for search in (other, again, onnx, meta)}


def main() -> None:
    """The command."""
    rounds, names = int(sys.argv[1]), sys.argv[2:]
    print(json.dumps({name: SEARCHES[name](rounds) for name in names}))


if __name__ == "__main__":
    main()
