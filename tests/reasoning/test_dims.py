"""Models whose sizes have names: expressions, and the values that fit, against walks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.coverage import losses
from shapecalc.layers.base import format_shape
from shapecalc.reasoning import dims
from shapecalc.reasoning.dims import Domain, follows, free_names, walk_named
from shapecalc.reasoning.input_sizes import AxisSizes
from shapecalc.spec.build import build_models
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Source, parse
from shapecalc.walk import Overrides, WalkResult, walk
from tests.reasoning.test_input_sizes import LAYERS, stack

SPECS = Path(__file__).parent.parent.parent / "specs"
ALL = sorted([*SPECS.glob("*.yaml"), *(SPECS / "zoo").glob("*.yaml")])


def models_of(text: str) -> list[ModelSpec]:
    source = Source("model.yaml", text)
    return build_models(source, *parse(source)[:1])[0]


def named(text: str) -> tuple[ModelSpec, WalkResult, Domain]:
    """The only model of a text, with names for its sizes."""
    (model,) = models_of(text)
    assert not model.problems, [problem.message for problem in model.problems]
    result = walk_named(model, free_names(model, {}, Overrides()), {}, Overrides())
    assert result.graph.domain is not None
    return model, result, result.graph.domain


def of_t(layers: str, size: str = "T") -> str:
    """A spec of these layers on a signal of four channels."""
    return f"dims: [T]\ninput: [4, {size}]\nlayers: [{layers}]"


def at(model: ModelSpec, values: Mapping[str, int]) -> WalkResult:
    return walk(model, None, Overrides(dims=values))


def without_numbers(value: Any) -> Any:
    """A spec without its `expect`."""
    if isinstance(value, dict):
        return {key: without_numbers(one) for key, one in value.items() if key != "expect"}
    return [without_numbers(one) for one in value] if isinstance(value, list) else value


def with_names(document: dict[str, Any]) -> str | None:
    """A published spec with names for the sizes of its input; ``None`` where it has none."""
    given = document.get("input")
    shape = given.get("shape") if isinstance(given, dict) else given
    if not isinstance(shape, list):
        return None
    if len(shape) == 1:
        if not isinstance(given, dict) or "int" not in given.get("dtype", ""):
            return None
        names, new = ["T"], ["T"]
    else:
        names = ["T"] if len(shape) == 2 else ["D", "H", "W"][4 - len(shape) :]
        keras = document.get("framework") == "keras"
        new = [*names, shape[-1]] if keras else [shape[0], *names]
    document = without_numbers(document)
    document["input"] = {**given, "shape": new} if isinstance(given, dict) else new
    return yaml.safe_dump({**document, "dims": names}, sort_keys=False)


def wrong_shapes(model: ModelSpec, result: WalkResult, values: Mapping[str, int]) -> list[str]:
    """Where the expressions do not give what a walk with numbers does."""
    other = {node.path: node for node in at(model, values).graph.nodes}
    return [
        f"{node.path} at {values}: {tensor.shape}, is {twin.shape}"
        for node in result.graph.nodes
        if node.path in other
        for tensor, twin in zip(node.outputs, other[node.path].outputs, strict=True)
        for size, number in zip(tensor.shape or (), twin.shape or (), strict=True)
        if size is not None and not follows(size, number, values)
    ]


def mistakes(
    model: ModelSpec,
    result: WalkResult,
    sizes: AxisSizes,
    own: Mapping[str, int],
    tried: Iterable[int],
) -> list[str]:
    """Where the values that are said to fit are not those that a walk lets through."""
    found = []
    alone = len(own) == len(sizes.axes)
    for value in tried:
        if sizes.scanned and not sizes.scanned[0] <= value <= sizes.scanned[1]:
            continue
        values = {**own, **dict.fromkeys((axis.name for axis in sizes.axes), value)}
        walked = at(model, values)
        if (value in sizes.valid) != (not walked.findings):
            found.append(f"valid at {values}: said {value in sizes.valid}")
        elif not walked.findings:
            lost = bool(list(losses(walked.graph)))
            if (value in sizes.exact) == lost and (alone or not lost):
                found.append(f"exact at {values}: said {value in sizes.exact}")
            if value >= sizes.start:
                found += wrong_shapes(model, result, values)
    return found


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_published_networks(path: Path) -> None:
    """At sizes drawn anew, those that fit and the shapes of all layers are those of a walk."""
    draw = Random(path.stem)
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        text = with_names(document) if document and "layers" in document else None
        if text is None:
            continue
        models = models_of(text)
        if models[0].problems:
            continue  # a block of the document that all models of its file share
        model, result, domain = named(text)
        if domain.sizes is None:
            assert result.findings
            continue
        assert not result.findings
        own = domain.samples[0].values
        for sizes in (*domain.sizes.alone, *domain.sizes.together):
            most = sizes.start + 2 * sizes.period
            drawn = draw.sample(range(1, most + 1), k=min(most, 4))
            edges = [n for n in (*sizes.valid.near(most), *sizes.exact.near(most)) if n]
            assert mistakes(model, result, sizes, own, sorted({*drawn, *edges})) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_random_stacks(layers: list[str]) -> None:
    """With merges whose branches may or may not come out alike."""
    text = stack(layers, 0).replace("input: [4, 0]", "dims: [T]\ninput: [4, T]")
    model, result, domain = named(text)
    if domain.sizes is None:
        assert all(at(model, {"T": value}).findings for value in range(1, 150))
        return
    (sizes,) = domain.sizes.alone
    assert mistakes(model, result, sizes, {"T": 64}, range(1, 100)) == [], text


U_NET = """
dims: [H, W]
input: [3, H, W]
layers:
  - {type: conv2d, name: a, out_channels: 8, kernel_size: 3, padding: 1}
  - {type: max_pool2d, kernel_size: 2}
  - {type: conv2d, name: b, out_channels: 8, kernel_size: 3, padding: 1, expect: EXPECT}
  - {type: conv_transpose2d, out_channels: 8, kernel_size: 2, stride: 2}
  - {type: concat, from: [prev, a]}
"""


def test_sizes_are_written_for_the_values_that_fit() -> None:
    _, result, domain = named(U_NET.replace(", expect: EXPECT", ""))
    assert domain.sizes is not None
    assert [one.valid.describe(one.name) for one in domain.sizes.alone] == [
        "H ≡ 0 (mod 2), ≥ 2",
        "W ≡ 0 (mod 2), ≥ 2",
    ]
    shapes = [format_shape(node.outputs[0].shape) for node in result.graph.nodes]
    assert shapes == ["8×H×W", "8×H/2×W/2", "8×H/2×W/2", "8×H×W", "16×H×W"]


def test_an_expect_counts_at_all_sizes() -> None:
    _, result, _ = named(U_NET.replace("EXPECT", "[8, H/2, W/2]"))
    assert not result.findings
    _, result, _ = named(U_NET.replace("EXPECT", "[8, H/2 - 1, W/2]"))
    assert [finding.code for finding in result.findings] == ["SC108"]
    assert "height is ⌊H/2⌋, not ⌊H/2⌋ - 1" in result.findings[0].message


def test_an_expect_that_holds_for_some_sizes() -> None:
    text = of_t("{type: max_pool1d, kernel_size: 2, expect: [4, T/2]}")
    _, result, domain = named(text)
    assert not result.findings
    assert domain.sizes is not None
    (sizes,) = domain.sizes.alone
    assert sizes.valid.describe("T") == "T ≡ 0 (mod 2), ≥ 2"
    assert sizes.scanned is None
    assert [(need.message, need.sizes.modulus) for need in sizes.valid_needs][-1] == (
        "its expect",
        2,
    )
    _, _, domain = named(text.replace("T/2", "50"))
    assert domain.sizes is not None
    assert domain.sizes.alone[0].valid.describe("T") == "T 100, 101"


def test_an_expect_that_ties_names() -> None:
    text = "dims: [H, W]\ninput: [4, H, W]\nlayers: [{type: relu, expect: [4, H, H]}]"
    _, _, domain = named(text)
    assert domain.sizes is not None
    (tie,) = domain.sizes.ties
    assert (tie.condition, tie.failure.label) == ("H = W", "relu")
    assert domain.sizes.together[0].valid.describe("n") == "n ≥ 1"


def test_what_is_wrong_at_every_size_is_an_error() -> None:
    text = of_t("{type: conv1d, in_channels: 5, out_channels: 2, kernel_size: 3}")
    _, result, domain = named(text)
    assert domain.sizes is None
    assert [finding.message for finding in result.findings] == [
        "conv1d: in_channels is 5, the input has 4"
    ]


def test_weights_have_no_names() -> None:
    text = of_t("flatten, {type: linear, name: fc, out_features: 2}")
    _, result, _ = named(text)
    (finding,) = result.findings
    assert finding.code == "SC101"
    assert finding.message == "linear `fc`: its weight would be 2×4·T: weights are of one size"


def test_a_declared_size_is_a_condition() -> None:
    text = (
        "dims: [H, W]\ninput: [4, H, W]\nlayers:\n  - {type: max_pool2d, kernel_size: 32}\n"
        "  - flatten\n  - {type: linear, in_features: 196, out_features: 2}\n"
    )
    _, result, domain = named(text)
    assert not result.findings
    assert domain.sizes is not None
    (tie,) = domain.sizes.ties
    assert tie.condition == "⌊H/32⌋·⌊W/32⌋ = 49"
    assert domain.sizes.together[0].valid.describe("n") == "n 224 to 255"


def test_a_size_that_is_fixed_elsewhere_is_found() -> None:
    text = (
        "dims: [H, W]\ninput: [4, H, W]\nlayers:\n  - {type: max_pool2d, kernel_size: 2}\n"
        "  - {type: reshape, shape: [4, 37, 91]}\n"
    )
    _, result, domain = named(text)
    assert not result.findings
    assert domain.sizes is not None
    assert domain.sizes.ties


@pytest.mark.parametrize(
    ("layer", "output"),
    [
        ("{type: upsample, scale_factor: 1.5}", "T + ⌊T/2⌋"),
        ("{type: upsample, scale_factor: 0.29}", "?"),
        ("{type: slice, dim: 2, start: 1}", "T - 1"),
        ("{type: permute, dims: [0, 2, 1]}", "T"),
    ],
)
def test_single_layers(layer: str, output: str) -> None:
    text = of_t(layer)
    _, result, _ = named(text)
    assert output in [
        "?" if size is None else str(size) for size in result.graph.nodes[0].outputs[0].shape or ()
    ]


def test_values_of_the_spec_may_be_expressions() -> None:
    text = (
        "dims: [T]\nvars: {half: T // 2}\ninput: [4, T]\n"
        "layers: [{type: upsample, size: half}, {type: max_pool1d, kernel_size: 2, when: T > 50}]"
    )
    model, result, domain = named(text)
    assert str(result.graph.nodes[0].outputs[0].shape[1]) == "⌊T/2⌋"  # type: ignore[index]
    assert domain.sizes is not None
    (sizes,) = domain.sizes.alone
    assert sizes.scanned is not None
    assert mistakes(model, result, sizes, {"T": 224}, range(1, 80)) == []


def test_other_values_are_said() -> None:
    """Where something was decided otherwise, and other layers or sizes came of it."""
    for layers, others in (
        ("{type: max_pool1d, kernel_size: 2, when: T > 50}", "T 1 to 50"),
        ("{type: relu, repeat: 1 + T % 3}", "T ≡ 0, 1 (mod 3)"),
        ("{type: squeeze, dim: 2}", "T 1"),
        ("{type: chunk, name: c, chunks: 2, dim: 2}, {type: relu, from: c.0}", "T 1"),
        ("{type: max_pool1d, kernel_size: 2}", None),
    ):
        _, _, domain = named(of_t(layers))
        assert [values.describe(name) for name, values in domain.apart.items()] == [
            text for text in (others,) if text
        ]
        assert not domain.unexplained


def test_an_axis_of_channels_is_no_twin_of_a_spatial_one() -> None:
    _, _, domain = named("dims: [C, T]\ninput: [C, T]\nlayers: [{type: glu, dim: 1}]")
    assert domain.sizes is not None
    assert [one.valid.describe(one.name) for one in domain.sizes.alone] == [
        "C ≡ 0 (mod 2), ≥ 2",
        "T ≥ 1",
    ]


def test_one_value_that_fits_is_found() -> None:
    """The nearest sizes with the remainder that an earlier decision wants are tried as well."""
    _, result, domain = named(of_t("{type: adaptive_max_pool1d, output_size: 7, expect: [4, T/2]}"))
    assert not result.findings
    assert domain.sizes is not None
    assert domain.sizes.alone[0].valid.describe("T") == "T 14"


def test_an_input_may_be_an_expression() -> None:
    text = of_t("{type: max_pool1d, kernel_size: 4, expect: [4, T/2]}", "2 * T + 1")
    model, result, domain = named(text)
    assert domain.sizes is not None
    (sizes,) = domain.sizes.alone
    assert sizes.scanned is None
    assert sizes.valid.describe("T") == "T ≡ 0 (mod 2), ≥ 2"
    assert mistakes(model, result, sizes, {"T": 64}, range(1, 80)) == []


def test_a_model_that_takes_another_one() -> None:
    text = """
name: generator
dims: [H]
input: [8, H, H]
layers: [{type: conv_transpose2d, out_channels: 3, kernel_size: 4, stride: 2, padding: 1}]
---
name: discriminator
input: generator
layers: [{type: conv2d, out_channels: 1, kernel_size: 4, stride: 4}]
"""
    earlier: dict[str, WalkResult] = {}
    for model in models_of(text):
        names = free_names(model, earlier, Overrides())
        assert names == ("H",)
        earlier[model.name] = walk_named(model, names, earlier, Overrides())
    graph = earlier["discriminator"].graph
    assert [str(size) for size in graph.nodes[0].outputs[0].shape or ()] == ["1", "⌊H/2⌋", "⌊H/2⌋"]


@pytest.mark.parametrize("name", ["unet", "resnet50", "gpt2", "swin_t", "fcn", "tcn"])
def test_nothing_depends_on_the_sample(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither expressions nor the values that fit are those of the numbers that were tried."""
    text = with_names(yaml.safe_load((SPECS / f"{name}.yaml").read_text("utf-8")))
    assert text is not None
    told = []
    for candidates in (dims.CANDIDATES, (448, 1024, 332, 64)):
        monkeypatch.setattr(dims, "CANDIDATES", candidates)
        _, result, domain = named(text)
        assert domain.sizes is not None
        told.append(
            (
                [[str(tensor.shape) for tensor in node.outputs] for node in result.graph.nodes],
                [one.valid.describe() for one in domain.sizes.alone],
                [tie.condition for tie in domain.sizes.ties],
            )
        )
    assert told[0] == told[1]


def test_what_several_names_must_meet() -> None:
    text = (
        "dims: [H, W]\ninput: [4, H, W]\nlayers: [instance_norm2d, {type: relu, when: H * W > 100}]"
    )
    _, _, domain = named(text)
    assert domain.conditions == (
        "H·W ≠ 1: instance_norm2d at line 3",
        "H·W > 100: else the model is not as shown",
    )
