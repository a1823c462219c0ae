"""Receptive fields against the gradient of eager PyTorch: which inputs move an output at all.

Weights are positive, so that nothing cancels, and nothing but the layers' geometry decides.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")
functional: Any = importlib.import_module("torch.nn.functional")

import shapecalc  # noqa: E402
from shapecalc.receptive import Seen, fields  # noqa: E402

pytestmark = pytest.mark.oracle

#: A layer of a spec, and what it does to a tensor.
Pair = tuple[dict[str, Any], Callable[[Any], Any]]
SIZE = 240


def last_seen(
    shape: list[int], layers: list[Any]
) -> tuple[list[int], tuple[Seen, ...], tuple[int, ...]]:
    """The shape of the output of a stack, what its cells see of each axis of the input, and which
    of these are places."""
    (model,) = shapecalc.check({"input": shape, "layers": layers}).models
    assert model.ok, model.diagnostics
    ((output, port),) = model.graph.outputs.items()
    assert output
    found = fields(model.graph)
    sizes = [size or 0 for size in port.tensor.shape or ()]
    return sizes, found.sight(port)["input"], found.places("input")


def cells(seen: Seen, place: tuple[int, ...], n: int) -> tuple[float, float] | None:
    """The cells of an axis of the input that we say a cell of the output sees."""
    found = seen.reach.over(0, 0) if seen.along is None else seen.reach.at(place[seen.along])
    if found is None:
        return None
    first, last = max(found[0], 0), min(found[1], n - 1)
    return (first, last) if first <= last else None


def moved(gradient: Any, axis: int) -> tuple[int, int] | None:
    """From the first to the last cell of an axis whose gradient is not zero."""
    others = [other for other in range(gradient.dim()) if other != axis]
    found = (gradient != 0).sum(dim=others).nonzero() if others else (gradient != 0).nonzero()
    return None if len(found) == 0 else (int(found[0]), int(found[-1]))


def gradients(run: Callable[[Any], Any], shape: list[int]) -> Callable[[tuple[int, ...]], Any]:
    """The gradient of any one cell of the output, by the input."""
    torch.manual_seed(0)
    x = (torch.rand(1, *shape, dtype=torch.float64) + 0.5).requires_grad_()
    y = run(x)

    def of(place: tuple[int, ...]) -> Any:
        (gradient,) = torch.autograd.grad(y[(0, *place)], x, retain_graph=True, allow_unused=True)
        return torch.zeros_like(x[0]) if gradient is None else gradient[0]

    return of


def taps(*shape: int) -> Any:
    return torch.rand(*shape, dtype=torch.float64) + 0.5


def within(found: tuple[int, int] | None, said: tuple[float, float] | None) -> bool:
    return found is None or (said is not None and said[0] <= found[0] <= found[1] <= said[1])


def has_holes(spec: dict[str, Any]) -> bool:
    """Whether a transposed convolution leaves cells out, which a dilated window may then hit: we
    count a window from its first to its last cell."""
    if spec["type"] != "conv_transpose1d" or spec["stride"] == 1:
        return False
    return bool(spec["dilation"] > 1 or spec["kernel_size"] < spec["stride"])


small = st.integers(1, 4)


@st.composite
def conv(draw: Any) -> Pair:
    k, s, d, p = draw(small), draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(small)
    spec = {"type": "conv1d", "out_channels": 1, "kernel_size": k, "stride": s, "dilation": d,
            "padding": p, "bias": False}  # fmt: skip
    return spec, lambda x: functional.conv1d(x, taps(1, 1, k), None, s, p, d)


@st.composite
def pool(draw: Any) -> Pair:
    k, s, ceil = draw(small), draw(small), draw(st.booleans())
    p = draw(st.integers(0, k // 2))
    spec = {"type": "avg_pool1d", "kernel_size": k, "stride": s, "padding": p, "ceil_mode": ceil}
    return spec, lambda x: functional.avg_pool1d(x, k, s, p, ceil)


@st.composite
def transposed(draw: Any) -> Pair:
    k, s, d = draw(small), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    p, more = draw(st.integers(0, 2)), draw(st.integers(0, max(s, d) - 1))
    spec = {"type": "conv_transpose1d", "out_channels": 1, "kernel_size": k, "stride": s,
            "dilation": d, "padding": p, "output_padding": more, "bias": False}  # fmt: skip
    return spec, lambda x: functional.conv_transpose1d(x, taps(1, 1, k), None, s, p, more, 1, d)


@st.composite
def upsample(draw: Any) -> Pair:
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "linear", "area"]))
    corners = draw(st.sampled_from([None, True, False])) if mode == "linear" else None
    factor = draw(st.sampled_from([2.0, 3.0, 1.5, 0.5, 1.25]))
    spec = {"type": "upsample", "scale_factor": factor, "mode": mode, "align_corners": corners}
    spec = {key: value for key, value in spec.items() if value is not None}

    def run(x: Any) -> Any:
        return functional.interpolate(x, scale_factor=factor, mode=mode, align_corners=corners)

    return spec, run


@st.composite
def pad(draw: Any) -> Pair:
    before, after = draw(st.integers(-3, 3)), draw(st.integers(-3, 3))
    spec = {"type": "constant_pad1d", "padding": [before, after], "value": 0.0}
    return spec, lambda x: functional.pad(x, (before, after))


@st.composite
def branches(draw: Any) -> Pair:
    """A sum of what is read through windows of several sizes."""
    kernels = draw(st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=3))
    dilation = draw(st.integers(1, 2))
    convs = [
        {"type": "conv1d", "out_channels": 1, "kernel_size": k, "dilation": dilation,
         "padding": k // 2 * dilation, "bias": False}
        for k in kernels
    ]  # fmt: skip
    spec = {"type": "parallel", "merge": "add", "branches": [[], *([one] for one in convs)]}

    def run(x: Any) -> Any:
        found = [x]
        for k in kernels:
            pads = k // 2 * dilation
            found.append(functional.conv1d(x, taps(1, 1, k), None, 1, pads, dilation))
        return sum(found)

    return spec, run


LAYERS = st.one_of(conv(), pool(), transposed(), upsample(), pad(), branches())


@settings(
    max_examples=int(os.environ.get("SHAPECALC_ORACLE_CASES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(st.lists(LAYERS, min_size=1, max_size=5))
def test_random_stacks(pairs: list[Pair]) -> None:
    specs = [spec for spec, _ in pairs]
    # Strides may leave less than the next kernel.
    assume(shapecalc.check({"input": [1, SIZE], "layers": specs}).ok)
    shape, seen, _ = last_seen([1, SIZE], specs)
    assume(0 < shape[1] <= 2000)
    reach = seen[1].reach
    # Far enough from the ends that no padding in between is met.
    assume(reach.size < SIZE / 4 and reach.advance)

    def run(x: Any) -> Any:
        for _, layer in pairs:
            x = layer(x)
        return x

    loose = any(has_holes(spec) for spec, _ in pairs)
    gradient = gradients(run, [1, SIZE])
    middle = shape[1] // 2
    for place in range(middle, min(middle + len(reach.phases), shape[1], middle + 6)):
        found, said = moved(gradient((0, place)), 1), cells(seen[1], (0, place), SIZE)
        assert found == said or (loose and within(found, said))
    for place in (0, shape[1] - 1):
        assert within(moved(gradient((0, place)), 1), cells(seen[1], (0, place), SIZE))


def module(name: str, *arguments: Any, **named: Any) -> Callable[[Any], Any]:
    """A module of PyTorch with positive weights, in double precision."""
    layer = getattr(torch.nn, name)(*arguments, **named).double().eval()
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, 0.05, 0.1)

    def run(x: Any) -> Any:
        out = layer(x)
        return out[0] if isinstance(out, tuple) else out

    return run


def attend(x: Any) -> Any:
    return functional.scaled_dot_product_attention(x, x, x, is_causal=True)


ATTENTION = {"type": "scaled_dot_product_attention", "from": ["input", "input", "input"]}
#: A shape, a layer, the same in PyTorch, and whether its field is exact (not only large enough).
CASES: list[tuple[list[int], dict[str, Any], Callable[[Any], Any], bool]] = [
    ([2, 6, 7], {"type": "conv2d", "out_channels": 2, "kernel_size": [3, 2]},
     module("Conv2d", 2, 2, (3, 2)), True),
    ([2, 9, 9], {"type": "lp_pool2d", "norm_type": 2, "kernel_size": 3, "stride": 2},
     module("LPPool2d", 2, 3, 2), True),
    ([1, 7, 9], {"type": "adaptive_avg_pool2d", "output_size": [3, 4]},
     module("AdaptiveAvgPool2d", (3, 4)), True),
    ([1, 5, 6], {"type": "adaptive_avg_pool2d", "output_size": [7, 1]},
     module("AdaptiveAvgPool2d", (7, 1)), True),
    ([1, 5, 6], {"type": "global_avg_pool2d"}, lambda x: x.mean((2, 3)), True),
    ([4, 3, 3], {"type": "pixel_shuffle", "upscale_factor": 2}, module("PixelShuffle", 2), False),
    ([1, 4, 6], {"type": "pixel_unshuffle", "downscale_factor": 2},
     module("PixelUnshuffle", 2), False),
    ([2, 4, 5], {"type": "permute", "dims": [0, 3, 1, 2]}, lambda x: x.permute(0, 3, 1, 2), True),
    ([2, 4, 5], {"type": "transpose", "dim0": 2, "dim1": 3}, lambda x: x.transpose(2, 3), True),
    ([2, 4, 5], {"type": "flatten", "start_dim": 2}, lambda x: x.flatten(2), False),
    ([2, 12], {"type": "reshape", "shape": [2, 3, 4]}, lambda x: x.reshape(1, 2, 3, 4), False),
    ([2, 12], {"type": "unsqueeze", "dim": 2}, lambda x: x.unsqueeze(2), True),
    ([2, 12], {"type": "slice", "dim": 2, "start": -7, "step": 2}, lambda x: x[:, :, -7::2], True),
    ([2, 12], {"type": "narrow", "dim": 2, "start": 3, "length": 4},
     lambda x: x.narrow(2, 3, 4), True),
    ([2, 12], {"type": "select", "dim": 2, "index": 5}, lambda x: x.select(2, 5), False),
    ([2, 6], {"type": "repeat_interleave", "repeats": 3, "dim": 2},
     lambda x: x.repeat_interleave(3, 2), True),
    ([2, 3], {"type": "tile", "repeats": [1, 2]}, lambda x: x.repeat(1, 1, 2), False),
    ([2, 6], {"type": "roll", "shifts": 2, "dims": 2}, lambda x: x.roll(2, 2), False),
    ([2, 6], {"type": "flip", "dims": 2}, lambda x: x.flip(2), False),
    ([2, 6], {"type": "softmax", "dim": 2}, lambda x: x.softmax(2), True),
    ([4, 6], {"type": "glu", "dim": 1}, lambda x: functional.glu(x, 1), False),
    ([5, 6], {"type": "linear", "out_features": 3}, module("Linear", 6, 3), True),
    ([2, 5, 5], {"type": "center_crop", "size": 2}, lambda x: x[:, :, 1:3, 1:3], True),
    ([2, 5, 5], {"type": "crop", "cropping": [[1, 2], [0, 3]]}, lambda x: x[:, :, 1:3, 0:2], True),
    ([2, 5, 5], {"type": "upsampling_bilinear2d", "scale_factor": 2},
     module("UpsamplingBilinear2d", scale_factor=2), True),
    ([2, 7, 7], {"type": "upsample", "scale_factor": 2, "mode": "bicubic"},
     module("Upsample", scale_factor=2, mode="bicubic"), True),
    ([2, 5, 5], {"type": "upsample", "size": [7, 3], "mode": "bilinear"},
     module("Upsample", size=(7, 3), mode="bilinear"), True),
    ([5, 3], {"type": "lstm", "hidden_size": 2}, module("LSTM", 3, 2, batch_first=True), True),
    ([5, 3], {"type": "gru", "hidden_size": 2, "bidirectional": True},
     module("GRU", 3, 2, batch_first=True, bidirectional=True), False),
    ([5, 4], {"type": "transformer_encoder_layer", "d_model": 4, "nhead": 2},
     module("TransformerEncoderLayer", 4, 2, batch_first=True), True),
    ([5, 4], {**ATTENTION, "is_causal": True}, attend, False),
    ([2, 6], {"type": "mean", "dim": 2}, lambda x: x.mean(2), True),
    ([2, 5, 5], {"type": "zero_pad2d", "padding": [1, 2, 0, -1]},
     module("ZeroPad2d", (1, 2, 0, -1)), True),
    ([2, 6, 6], {"type": "unfold", "kernel_size": 2}, module("Unfold", 2), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "layer", "run", "exact"), CASES, ids=lambda value: str(value)[:60]
)
def test_layers(
    shape: list[int], layer: dict[str, Any], run: Callable[[Any], Any], exact: bool
) -> None:
    out, seen, places_of = last_seen(shape, [layer])
    gradient = gradients(run, shape)
    places = list(product(*map(range, out))) or [()]
    assert tuple(run(torch.rand(1, *shape, dtype=torch.float64)).shape[1:]) == tuple(out)
    for place in places:
        found = gradient(place)
        for axis, n in enumerate(shape):
            said, true = cells(seen[axis], place, n), moved(found, axis)
            if exact and axis in places_of and true is not None:
                assert said == true, (place, axis)
            else:
                assert within(true, said), (place, axis)


def test_a_small_unet() -> None:
    """Through pools, transposed convolutions, crops and merges, at every cell of the middle."""
    down = {"type": "max_pool2d", "kernel_size": 2}
    conv = {"type": "conv2d", "out_channels": 1, "kernel_size": 3}
    layers: list[dict[str, Any]] = [
        {**conv, "name": "one"},
        {"type": "avg_pool2d", "kernel_size": down["kernel_size"]},
        {**conv, "name": "two"},
        {"type": "avg_pool2d", "kernel_size": 2},
        conv,
        {"type": "conv_transpose2d", "name": "up", "out_channels": 1, "kernel_size": 2,
         "stride": 2},
        {"type": "center_crop", "name": "skip", "from": "two", "like": "up"},
        {"type": "add", "from": ["skip", "up"]},
        conv,
        {"type": "conv_transpose2d", "name": "up2", "out_channels": 1, "kernel_size": 2,
         "stride": 2},
        {"type": "center_crop", "name": "skip2", "from": "one", "like": "up2"},
        {"type": "add", "from": ["skip2", "up2"]},
        conv,
    ]  # fmt: skip

    def convolved(x: Any) -> Any:
        return functional.conv2d(x, taps(1, 1, 3, 3))

    def raised(x: Any, skip: Any) -> Any:
        y = functional.conv_transpose2d(x, taps(1, 1, 2, 2), stride=2)
        off = (skip.shape[-1] - y.shape[-1]) // 2
        return y + skip[..., off : off + y.shape[-2], off : off + y.shape[-1]]

    def run(x: Any) -> Any:
        one = convolved(x)
        two = convolved(functional.avg_pool2d(one, 2))
        bottom = convolved(functional.avg_pool2d(two, 2))
        return convolved(raised(convolved(raised(bottom, two)), one))

    shape = [1, 62, 62]
    out, seen, _ = last_seen(shape, layers)
    gradient = gradients(run, shape)
    for row in range(out[1]):
        place = (0, row, row)
        for axis in (1, 2):
            assert moved(gradient(place), axis) == cells(seen[axis], place, shape[axis])
