"""What one rule finds in a spec, whatever is selected."""

from __future__ import annotations

from textwrap import dedent

from shapecalc import rules
from shapecalc.graph import Graph
from shapecalc.rules.base import Found
from shapecalc.spec.build import build_models
from shapecalc.spec.source import Source, parse
from shapecalc.walk import WalkResult, walk


def graphs(text: str) -> list[Graph]:
    """The models of a spec as they ran; nothing may be wrong with them but what rules find."""
    source = Source("spec.yaml", dedent(text).lstrip("\n"))
    documents, problems = parse(source)
    models, more = build_models(source, documents)
    results: dict[str, WalkResult] = {}
    for model in models:
        results[model.name] = walk(model, results)
    wrong = [*problems, *more, *(problem for model in models for problem in model.problems)]
    assert not wrong
    assert not [finding for result in results.values() for finding in result.findings]
    return [result.graph for result in results.values()]


def found(code: str, text: str) -> list[tuple[str, str]]:
    """(path of the layer, message) of all that a rule finds."""
    return [
        (one.node.path if one.node else "", one.message) for one in found_in(graphs(text), code)
    ]


def found_in(models: list[Graph], code: str) -> list[Found]:
    """All that a rule finds in models that have run."""
    check = rules.rule(code).check
    assert check is not None
    return [one for graph in models for one in check(graph)]


def paths(code: str, text: str) -> list[str]:
    """The paths of the layers that a rule reports."""
    return [path for path, _ in found(code, text)]


def stack(*layers: str, shape: str = "[8, 32, 32]") -> str:
    """A spec that is a list of layers."""
    body = "".join(f"  - {layer}\n" for layer in layers)
    return f"input: {shape}\nlayers:\n{body}"


def keras_stack(*layers: str, shape: str) -> str:
    """The same in Keras."""
    return "framework: keras\n" + stack(*layers, shape=shape)


def conv(kernel: int | str = 3, **fields: object) -> str:
    """A convolution of 8 channels."""
    given = {"out_channels": 8, "kernel_size": kernel, **fields}
    written = ", ".join(f"{key.rstrip('_')}: {value}" for key, value in given.items())
    return f"{{type: conv2d, {written}}}"


def linear(width: int, **fields: object) -> str:
    """A linear layer."""
    rest = "".join(f", {key.rstrip('_')}: {value}" for key, value in fields.items())
    return f"{{type: linear, out_features: {width}{rest}}}"
