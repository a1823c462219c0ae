"""Which input sizes fit: the answers against trying every size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.reasoning.input_sizes import AxisSizes, axis_sizes, input_axes
from shapecalc.reasoning.replay import Replay
from shapecalc.rules import rule
from shapecalc.spec.build import build_models
from shapecalc.spec.source import Source, parse
from shapecalc.walk import Overrides, WalkResult, walk

SPECS = Path(__file__).parent.parent.parent / "specs"


def replays(source: Source) -> list[Replay]:
    walked: dict[str, WalkResult] = {}
    found = []
    for model in build_models(source, parse(source)[0])[0]:
        walked[model.name] = walk(model, walked)
        found.append(Replay(model, walked[model.name]))
    return found


def sizes_of(text: str) -> AxisSizes:
    (replay,) = replays(Source("model.yaml", text))
    return axis_sizes(replay, *input_axes(replay.base)[0])


def of_spec(name: str, model: int = 0) -> AxisSizes:
    path = SPECS / f"{name}.yaml"
    replay = replays(Source(path.name, path.read_text("utf-8")))[model]
    return axis_sizes(replay, *input_axes(replay.base)[0])


@pytest.mark.parametrize(
    ("name", "valid", "exact", "output"),
    [
        ("unet", "n ≥ 188", "n ≡ 12 (mod 16), ≥ 188", "16·⌊(H + 4)/16⌋ - 188"),
        ("unet_padded", "n ≡ 0 (mod 16), ≥ 16", "n ≡ 0 (mod 16), ≥ 16", "H"),
        ("vgg16", "n ≥ 32", "n ≡ 0 (mod 32), ≥ 32", None),
        ("resnet50", "n ≥ 1", "n ≥ 1", None),
        ("lenet5", "n 32 to 35", "n 32", None),
        ("mlp", "n 28", "n 28", None),
    ],
)
def test_published(name: str, valid: str, exact: str, output: str | None) -> None:
    sizes = of_spec(name)
    assert sizes.valid.describe() == valid
    assert sizes.exact.describe() == exact
    assert list(sizes.outputs.values()) == ([output] if output else [])
    assert sizes.scanned_to is None


def test_a_pair_of_models() -> None:
    assert list(of_spec("dcgan").outputs.values()) == ["16·H + 48"]
    assert list(of_spec("dcgan", 1).outputs.values()) == ["⌊H/16⌋ - 3"]


def fits(replay: Replay, size: int) -> tuple[bool, bool]:
    """(Valid, exact) by walking the spec again at this size."""
    own = replay.base.inputs["input"].outputs[0].shape
    assert own is not None
    shape = tuple(n for n in (own[0], size, *own[2:]) if n is not None)
    result = walk(replay.spec, None, Overrides(inputs={"input": shape}))
    base = [node.inference.weights for node in replay.base.nodes if node.inference]
    now = [node.inference.weights for node in result.graph.nodes if node.inference]
    check = rule("SC201").check
    assert check is not None
    valid = not result.findings and base == now
    return valid, valid and not list(check(result.graph))


@pytest.mark.parametrize("name", ["unet", "unet_padded", "alexnet", "lenet5", "squeezenet"])
def test_against_the_walk(name: str) -> None:
    path = SPECS / f"{name}.yaml"
    (replay,) = replays(Source(path.name, path.read_text("utf-8")))
    sizes = axis_sizes(replay, *input_axes(replay.base)[0])
    for size in range(1, 260, 3):
        assert (size in sizes.valid, size in sizes.exact) == fits(replay, size), size


LAYERS = st.one_of(
    st.builds(
        "{{type: conv1d, out_channels: 4, kernel_size: {}, stride: {}, padding: {}}}".format,
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(0, 2),
    ),
    st.builds(
        "{{type: max_pool1d, kernel_size: {}, ceil_mode: {}}}".format,
        st.integers(1, 3),
        st.sampled_from(["true", "false"]),
    ),
    st.builds(
        "{{type: conv_transpose1d, out_channels: 4, kernel_size: {}, stride: {}}}".format,
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    st.just("{type: upsample, scale_factor: 2}"),
    st.just("relu"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.booleans(), st.integers(20, 40))
def test_random_stacks(layers: list[str], merged: bool, own: int) -> None:
    """Also with a merge whose branches may or may not come out alike."""
    text = f"input: [4, {own}]\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
    if merged:
        text += "  - {type: parallel, branches: [[], [{type: max_pool1d, kernel_size: 2}, "
        text += "{type: upsample, scale_factor: 2}]]}\n"
    (replay,) = replays(Source("random.yaml", text))
    if replay.result.findings:
        return
    sizes = axis_sizes(replay, *input_axes(replay.base)[0])
    for size in range(1, 120):
        assert (size in sizes.valid, size in sizes.exact) == fits(replay, size), (text, size)


def test_sizes_that_a_dense_layer_fixes() -> None:
    sizes = sizes_of(
        "input: [4, 30]\nlayers: [{type: max_pool1d, kernel_size: 4}, flatten, "
        "{type: linear, out_features: 2}]"
    )
    assert sizes.valid.describe("length") == "length 28 to 31"
    assert sizes.exact.describe("length") == "length 28"
    assert "weight" in sizes.invalid_because[-1].message


def test_what_cannot_be_proved_is_said() -> None:
    sizes = sizes_of("input: [4, 30]\nlayers: [{type: upsample, scale_factor: 1.3}]")
    assert sizes.scanned_to is not None
    assert 500 in sizes.valid


def test_sizes_that_change_the_network() -> None:
    sizes = sizes_of(
        "input: [4, 30]\nlayers: [{type: max_pool1d, kernel_size: 2, when: in_length > 10}]"
    )
    assert sizes.scanned_to is not None
    assert sizes.exact.exceptions[:12] == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14)
