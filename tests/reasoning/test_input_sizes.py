"""Which input sizes fit: the answers against trying every size."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.reasoning.input_sizes import AxisSizes, ModelSizes
from shapecalc.spec.source import Source
from tests.reasoning.brute_force import SPECS, Case, cases, every_size, mistakes, of_spec
from tests.reasoning.random_models import model


def sizes_of(text: str) -> ModelSizes:
    (case,) = cases(Source("model.yaml", text))
    return case.sizes


def published(name: str, model: int = 0) -> AxisSizes:
    return of_spec(name)[model].sizes.alone[0]


@pytest.mark.parametrize(
    ("name", "valid", "exact", "output"),
    [
        ("unet", "n ≥ 188", "n ≡ 12 (mod 16), ≥ 188", ("16·⌊(H + 4)/16⌋ - 188", "H - 184")),
        ("unet_padded", "n ≡ 0 (mod 16), ≥ 16", "n ≡ 0 (mod 16), ≥ 16", ("H", None)),
        ("vgg16", "n ≥ 32", "n ≡ 0 (mod 32), ≥ 32", None),
        ("resnet50", "n ≥ 1", "n ≥ 1", None),
        (
            "resnet18_unet",
            "n ≡ 0, 31 (mod 32)",
            "n ≡ 0, 31 (mod 32)",
            ("2·⌊(H + 1)/2⌋", None),
        ),
        ("alexnet", "n ≥ 63", "n ≡ 0, 1, 31 (mod 32), ≥ 63", None),
        ("densenet121", "n ≥ 29", "n ≡ 0, 29 to 31 (mod 32)", None),
        ("fcn", "n ≥ 1", "n ≥ 1", ("H", None)),
        ("unet3d", "n ≥ 92", "n ≡ 4 (mod 8), ≥ 92", ("8·⌊(D - 4)/8⌋ - 84", "D - 88")),
        ("tcn", "n ≥ 1", "n ≥ 1", None),
        ("lenet5", "n 32 to 35", "n 32", None),
        ("mlp", "n 28", "n 28", None),
        ("lstm_tagger", "n ≥ 1", "n ≥ 1", ("L", None)),
    ],
)
def test_published(
    name: str, valid: str, exact: str, output: tuple[str, str | None] | None
) -> None:
    sizes = published(name)
    assert sizes.valid.describe() == valid
    assert sizes.exact.describe() == exact
    assert [one[1:] for one in sizes.outputs] == ([output] if output else [])
    assert sizes.scanned is None


def test_a_pair_of_models() -> None:
    assert [one.formula for one in published("dcgan").outputs] == ["16·H + 48"]
    assert [one.formula for one in published("dcgan", 1).outputs] == ["⌊H/16⌋ - 3"]


def test_swin() -> None:
    (case,) = of_spec("swin_t")
    (square,) = case.sizes.together
    assert square.valid.describe() == "n ≡ 0 to 3 (mod 224), ≥ 224"
    assert square.exact.describe() == "n ≡ 0 (mod 224), ≥ 224"
    assert square.scanned is not None


HEAVY = {"inception_v3", "efficientnet_b0", "densenet121", "gpt2", "swin_t", "convnext_t"}


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_against_the_walk(name: str) -> None:
    """Some sizes of each; `python -m tests.reasoning.brute_force` tries them all."""
    draw = random.Random(name)
    for case in of_spec(name):
        every = [*case.sizes.alone, *case.sizes.together]
        most = max((one.start + 2 * one.period for one in every), default=0)
        edges = {n for one in every for n in (*one.exact.near(one.own), one.valid.start)}
        drawn = draw.sample(range(1, most + 1), k=min(most, 4 if name in HEAVY else 12))
        tried = {n for n in (*edges, *drawn) if n}
        assert list(mistakes(case, sorted(tried))) == []


WINDOWS = st.one_of(
    st.builds(
        "{{type: conv1d, out_channels: 4, kernel_size: {}, stride: {}, padding: {}, "
        "dilation: {}}}".format,
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(0, 2),
        st.integers(1, 2),
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
    st.sampled_from(
        [
            "{type: upsample, scale_factor: 2}",
            "{type: reflection_pad1d, padding: 2}",
            "{type: slice, dim: 2, start: 1}",
            "{type: slice, dim: 2, step: 2}",
            "relu",
        ]
    ),
)
BRANCH = st.lists(WINDOWS, max_size=2).map(lambda layers: f"[{', '.join(layers)}]")
LAYERS = st.one_of(
    WINDOWS,
    st.builds(
        "{{type: parallel, merge: {}, branches: [{}, {}]}}".format,
        st.sampled_from(["add", "concat"]),
        BRANCH,
        BRANCH,
    ),
    st.builds("{{type: center_crop, like: {}}}".format, st.just("first")),
)


def stack(layers: list[str], own: int, tail: str = "") -> str:
    first = "  - {type: conv1d, name: first, out_channels: 4, kernel_size: 3}\n"
    return f"input: [4, {own}]\nlayers:\n{first}" + "".join(f"  - {x}\n" for x in layers) + tail


@settings(max_examples=40, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(20, 40), st.booleans())
def test_random_stacks(layers: list[str], own: int, dense: bool) -> None:
    """With merges whose branches may or may not come out alike, and dense layers behind."""
    tail = "  - flatten\n  - {type: linear, out_features: 2}\n" if dense else ""
    source = Source("random.yaml", stack(layers, own, tail))
    (case,) = cases(source)
    if case.sound:
        assert list(mistakes(case, [*range(1, 40), *range(own, 120, 7)])) == [], source.text


@pytest.mark.parametrize("seed", range(0, 100, 10))
def test_random_models(seed: int) -> None:
    """Ten of them each time; `python -m tests.reasoning.brute_force --random 5000` tries more."""
    for number in range(seed, seed + 10):
        text = model(number)
        for case in cases(Source("random.yaml", text)):
            if case.sound:
                tried = every_size(case, periods=2, at_most=150)
                some = random.Random(number).sample(tried, k=min(len(tried), 30))
                assert list(mistakes(case, sorted(some))) == [], text


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["max_pool2d", "avg_pool2d"]), min_size=1, max_size=3),
    st.lists(st.integers(1, 3), min_size=3, max_size=3),
    st.integers(27, 40),
    st.integers(27, 40),
)
def test_random_images_with_a_dense_layer(
    pools: list[str], kernels: list[int], height: int, width: int
) -> None:
    """Every pair of sizes: the condition that ties the two is the whole truth."""
    body = "".join(
        f"  - {{type: {pool}, kernel_size: {kernel}}}\n"
        for pool, kernel in zip(pools, kernels, strict=False)
    )
    text = f"input: [2, {height}, {width}]\nlayers:\n{body}  - flatten\n"
    (case,) = cases(Source("random.yaml", f"{text}  - {{type: linear, out_features: 2}}\n"))
    if not case.sound:
        return
    (tie,) = case.sizes.ties
    assert tie.condition is not None
    left, _, fixed = tie.condition.partition(" = ")
    code = left.replace("·", "*").replace("⌊", "(").replace("⌋", ")").replace("/", "//")
    for h in range(27, 64, 5):
        for w in range(27, 64):
            fitting = eval(code, {"H": h, "W": w}) == int(fixed)
            assert case.replay.at({"input": (2, h, w)}).valid == fitting, (text, h, w, left)


def test_axes_that_depend_on_one_another() -> None:
    sizes = sizes_of(
        "input: [3, 224, 224]\nlayers:\n  - {type: max_pool2d, kernel_size: 2, repeat: 5}\n"
        "  - flatten\n  - {type: linear, out_features: 2}\n"
    )
    (tie,) = sizes.ties
    assert tie.condition == "⌊H/32⌋·⌊W/32⌋ = 49"
    assert sizes.together[0].valid.describe("side") == "side 224 to 255"
    assert sizes.together[0].exact.describe("side") == "side 224"


def test_inputs_that_depend_on_one_another() -> None:
    sizes = sizes_of(
        "inputs: {left: [3, 64], right: [3, 128]}\nlayers:\n"
        "  - {type: max_pool1d, name: a, from: left, kernel_size: 2}\n"
        "  - {type: max_pool1d, from: right, kernel_size: 4}\n  - {type: add, from: [a, prev]}\n"
    )
    assert [tie.condition for tie in sizes.ties] == ["⌊L(left)/2⌋ = ⌊L(right)/4⌋"]
    assert sizes.together == ()


def test_a_crop_to_another_input() -> None:
    sizes = sizes_of(
        "inputs: {left: [3, 64], right: [3, 32]}\nlayers:\n"
        "  - {type: center_crop, from: left, like: right}\n"
    )
    (tie,) = sizes.ties
    assert (tie.failure.label, tie.condition) == ("center_crop", None)
    assert [one.valid.describe() for one in sizes.alone] == ["n ≥ 32", "n 1 to 64"]
    assert [one.scanned for one in sizes.alone] == [None, None]


def test_axes_of_which_only_both_together_do_not_fit() -> None:
    """Their product must be even, as it is whatever one of them is."""
    sizes = sizes_of("input: [3, 30, 30]\nlayers: [{type: reshape, shape: [3, -1, 2]}]")
    assert [one.valid.describe() for one in sizes.alone] == ["n ≥ 1", "n ≥ 1"]
    assert [tie.failure.label for tie in sizes.ties] == ["reshape"]
    assert sizes.together[0].valid.describe() == "n ≡ 0 (mod 2), ≥ 2"


def test_a_dense_layer_along_the_last_axis() -> None:
    """It fixes the width, and not the height."""
    sizes = sizes_of("input: [3, 30, 30]\nlayers: [relu, {type: linear, out_features: 3}]")
    assert [one.valid.describe() for one in sizes.alone] == ["n ≥ 1", "n 30"]


def test_who_reads_what_nothing_reads_on() -> None:
    """The pool leaves cells, and the layer behind it in the file reads them."""
    (sizes,) = sizes_of(
        "input: [4, 30]\nlayers:\n"
        "  - {type: conv1d, name: a, out_channels: 4, kernel_size: 1}\n"
        "  - {type: max_pool1d, from: a, kernel_size: 4}\n"
        "  - {type: relu, from: a}\n"
    ).alone
    assert sizes.exact.describe() == "n ≥ 4"


def test_a_slice_that_ends_is_not_proved_before_its_end() -> None:
    (sizes,) = sizes_of(
        "input: [4, 30]\nlayers:\n"
        "  - {type: max_pool1d, name: a, kernel_size: 12}\n"
        "  - {type: slice, dim: 2, end: 5}\n"
        "  - {type: add, from: [prev, a]}\n"
    ).alone
    assert sizes.valid.describe() == "n 12 to 71"


def test_which_layer_forces_what() -> None:
    needs = published("unet_padded").valid_needs
    assert [(need.label, need.sizes.describe()) for need in needs] == [
        ("max_pool2d", "n ≥ 16"),
        ("concat", "n ≡ 0 to 7 (mod 16)"),
        ("concat", "n ≡ 0 to 3 (mod 8)"),
        ("concat", "n ≡ 0, 1 (mod 4)"),
        ("concat", "n ≡ 0 (mod 2), ≥ 2"),
    ]
    assert needs[1].message == "joins 2·⌊H/16⌋ and ⌊H/8⌋"
    # Their channels differ at every size, and are not to blame.
    need = published("resnet18_unet").valid_needs[0]
    assert need.message == "joins 2·⌊(H + 31)/32⌋ and ⌊(H + 15)/16⌋"


def test_sizes_that_a_dense_layer_fixes() -> None:
    (sizes,) = sizes_of(
        "input: [4, 30]\nlayers: [{type: max_pool1d, kernel_size: 4}, flatten, "
        "{type: linear, out_features: 2}]"
    ).alone
    assert sizes.valid.describe("length") == "length 28 to 31"
    assert sizes.exact.describe("length") == "length 28"
    assert "weight" in sizes.valid_needs[-1].message


def test_sequences_of_vectors() -> None:
    (sizes,) = sizes_of("input: [20, 8]\nlayers: [{type: lstm, hidden_size: 4}]").alone
    assert (sizes.axes[0].place, sizes.valid.describe()) == (0, "n ≥ 1")


def test_what_cannot_be_proved_is_said() -> None:
    (sizes,) = sizes_of("input: [4, 30]\nlayers: [{type: upsample, scale_factor: 1.3}]").alone
    assert sizes.scanned is not None
    assert 500 in sizes.valid


def test_sizes_that_change_the_network() -> None:
    (sizes,) = sizes_of(
        "input: [4, 30]\nlayers: [{type: max_pool1d, kernel_size: 2, when: in_length > 10}]"
    ).alone
    assert sizes.scanned is not None
    assert [n for n in range(1, 15) if n in sizes.exact] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14]


def test_expressions_that_do_not_read_the_sizes() -> None:
    case: Case
    (case,) = of_spec("convnext_t")
    assert not case.replay.rewalks
