"""`shapecalc conv`, `conv-transpose`, `pool` and `dense`."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from shapecalc.layers.base import Call, Tensor
from shapecalc.layers.conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d

Run = Callable[..., Any]


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


# What is printed, word for word.

OUTPUTS = {
    "conv 64 -k4 -s2 -p1": text(
        "64 → 32",
        "  ⌊(64 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 32 (exact)",
    ),
    "conv 64 -k4 -s2 -p1 --repeat 4": text(
        "64 → 32 → 16 → 8 → 4",
        "  ⌊(64 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 32 (exact)",
        "  ⌊(32 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 16 (exact)",
        "  ⌊(16 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 8 (exact)",
        "  ⌊(8 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 4 (exact)",
    ),
    "conv 64 -k3 -s3": text(
        "64 → 21",
        "  ⌊(64 + 2×0 - 1×(3 - 1) - 1)/3 + 1⌋ = ⌊21.333⌋ = 21",
        "  not exact: the last input cell is never read",
        "  --rounding ceil gives 22",
        "  exact with -p1 (gives 22), -k4 (gives 21), or an input of 63 or 66",
    ),
    "conv 64 -k3 -s2 --rounding ceil": text(
        "64 → 32",
        "  ⌈(64 + 2×0 - 1×(3 - 1) - 1)/2 + 1⌉ = ⌈31.5⌉ = 32",
        "  not exact: the last window reaches 1 cell past the end",
        "  rounding down, as PyTorch and Keras do, gives 31",
    ),
    "conv 224 -k7 -s2 -p3": text(
        "224 → 112",
        "  ⌊(224 + 2×3 - 1×(7 - 1) - 1)/2 + 1⌋ = ⌊112.5⌋ = 112",
        "  not exact: only padding is dropped, 1 of the 3 cells at the end",
        "  --rounding ceil gives 113",
    ),
    "conv 10 -k2 -s4 -p1": text(
        "10 → 3",
        "  ⌊(10 + 2×1 - 1×(2 - 1) - 1)/4 + 1⌋ = ⌊3.5⌋ = 3",
        "  not exact: the last input cell is never read, nor 1 padding cell behind",
        "  2 cells between one window and the next are never read",
        "  --rounding ceil gives 4",
        "  exact with -p0 (gives 3), -k4 (gives 3), or an input of 8 or 12",
    ),
    "conv 9 -k2 -s3 -p same --framework keras": text(
        "9 → 3",
        "  ⌊(9 + 2×0 - 1×(2 - 1) - 1)/3 + 1⌋ = ⌊3.333⌋ = 3",
        "  not exact: the last input cell is never read",
        "  1 cell between one window and the next is never read",
    ),
    "conv 64x48 -k 3x5 -s2 -p 1x2 -i3 -o64": text(
        "64×48 → 32×24",
        "  height  ⌊(64 + 2×1 - 1×(3 - 1) - 1)/2 + 1⌋ = ⌊32.5⌋ = 32",
        "          not exact: only padding is dropped, the cell at the end",
        "          --rounding ceil gives 33",
        "  width   ⌊(48 + 2×2 - 1×(5 - 1) - 1)/2 + 1⌋ = ⌊24.5⌋ = 24",
        "          not exact: only padding is dropped, 1 of the 2 cells at the end",
        "          --rounding ceil gives 25",
        "  conv2d 3 → 64 channels: weight 64×3×3×5, bias 64: 2,944 parameters, 2,211,840 MACs",
    ),
    "conv 64 -k4 -s2 -p1 -i1 -o2 -n2 --no-bias": text(
        "64 → 32 → 16",
        "  ⌊(64 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 32 (exact)",
        "  ⌊(32 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 16 (exact)",
        "  conv1d 1 → 2 channels: weight 2×1×4: 8 parameters, 256 MACs",
        "  conv1d 2 → 2 channels: weight 2×2×4: 16 parameters, 256 MACs",
        "  total 24 parameters, 512 MACs",
        "  (one axis; for a square image write 64x64)",
    ),
    "conv-transpose 4 -k4 -s2 -p1 --repeat 4": text(
        "4 → 8 → 16 → 32 → 64",
        "  (4 - 1)×2 - 2×1 + 1×(4 - 1) + 0 + 1 = 8",
        "  (8 - 1)×2 - 2×1 + 1×(4 - 1) + 0 + 1 = 16",
        "  (16 - 1)×2 - 2×1 + 1×(4 - 1) + 0 + 1 = 32",
        "  (32 - 1)×2 - 2×1 + 1×(4 - 1) + 0 + 1 = 64",
    ),
    "conv-transpose 2x2 -k2 -s2 -i3 -o1 --no-bias": text(
        "2×2 → 4×4",
        "  (2 - 1)×2 - 2×0 + 1×(2 - 1) + 0 + 1 = 4",
        "  conv_transpose2d 3 → 1 channels: weight 3×1×2×2: 12 parameters, 48 MACs",
    ),
    "pool 9 -k2": text(
        "9 → 4",
        "  ⌊(9 + 2×0 - 1×(2 - 1) - 1)/2 + 1⌋ = ⌊4.5⌋ = 4",
        "  not exact: the last input cell is never read",
        "  --rounding ceil or --ceil-mode gives 5",
        "  exact with -k3 -s2 (gives 4), or an input of 8 or 10",
    ),
    "pool 9 -k4 -p2 --ceil-mode": text(
        "9 → 3",
        "  ⌈(9 + 2×2 - 1×(4 - 1) - 1)/4 + 1⌉ = ⌈3.25⌉ - 1 = 3",
        "  not exact: only padding is dropped, 1 of the 2 cells at the end",
    ),
    "dense 9 4": text("9 → 4", "  weight 9×4: 36 weights + 4 biases", "  40 parameters, 36 MACs"),
    "dense 784 256 10": text(
        "784 → 256 → 10",
        "  weight 784×256: 200,704 weights + 256 biases",
        "  weight 256×10:    2,560 weights +  10 biases",
        "  total 203,530 parameters, 203,264 MACs",
    ),
    "dense 1 1 --no-bias": text("1 → 1", "  weight 1×1: 1 weight", "  1 parameter, 1 MAC"),
}


@pytest.mark.parametrize("command", OUTPUTS)
def test_output(run: Run, command: str) -> None:
    assert run(command) == (0, OUTPUTS[command], "")


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("conv 64 -k4 -s2 -p1 -q", "32"),
        ("conv 64 -k 4 -s 2 -p 1 --quiet", "32"),
        ("conv 64 --kernel-size 4 --stride=2 --padding 1 -q", "32"),
        ("conv 64x48 -k4 -s2 -p1 -q", "32x24"),
        ("conv 64X48 -k 3×5 -q", "62x44"),
        ("conv 64 -k 3x5 -q", "62x60"),
        ("conv 8x64x48 -k3 -s 1x2x2 -p1 -q", "8x32x24"),
        ("conv 64 32 16x8 -k4 -s2 -p1 -q", "32\n16\n8x4"),
        ("conv 64 -k4 -s2 -p1 --repeat 4 -q", "4"),
        ("conv 64 -k3 -d2 -q", "60"),
        ("conv 64 -k3 --dilation 2 -p same -q", "64"),
        ("conv 64 -k3 -s2 -p valid -q", "31"),
        ("conv 65 -k3 -s2 -p same --framework keras -q", "33"),
        ("conv 65 -k3 -s2 -p0 --framework keras -q", "32"),
        ("conv 65 -k3 -s2 --framework keras -q", "32"),
        ("conv 64 -k3 -s2 --rounding ceil -q", "32"),
        # the padding fixes the size: there is nothing to round
        ("conv 6 -k1 -s2 -p same --framework keras --rounding ceil -q", "3"),
        ("pool 32 -k2 -q", "16"),
        ("pool 32 -k8 -s4 --ceil-mode -q", "7"),
        ("pool 9 -k4 -p2 --rounding ceil -q", "4"),
        ("pool 9 -k4 -p2 --rounding ceil --ceil-mode -q", "3"),
        ("pool 9 -k2 -d2 -q", "4"),
        ("pool 7 -k2 -p same --framework keras -q", "4"),
        ("pool 7 -k3 -s2 -p same --framework keras -q", "4"),
        ("pool 7 -k2 -p valid -q", "3"),
        ("conv-transpose 7 -k3 -s2 -p1 --output-padding 1 -q", "14"),
        ("conv-transpose 7x5 -k3 -s2 -p1 --output-padding 1x0 -q", "14x9"),
        ("conv-transpose 5 -k3 -s2 -p same --framework keras -q", "10"),
        ("conv-transpose 5 -k4 -s2 -p same --output-padding 0 --framework keras -q", "8"),
        ("conv-transpose 5 -k2 -s3 --framework keras -q", "15"),
        ("dense 784 256 10 -q", "203530"),
        ("dense 9 4 --no-bias -q", "36"),
    ],
)
def test_bare_result(run: Run, command: str, out: str) -> None:
    assert run(command) == (0, out + "\n", "")


# Sizes that cannot be.


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (
            "conv 2 -k5",
            "error[SC102]: 2 → ?: the kernel of 5 is larger than the input of 2: "
            "⌊(2 + 2×0 - 1×(5 - 1) - 1)/1 + 1⌋ = -2; use a kernel_size of at most 2, padding of at "
            "least 2, or a larger input",
        ),
        (
            "conv 8x2 -k5",
            "error[SC102]: 8×2 → ?: the kernel of 5 is larger than the input of 2: "
            "⌊(2 + 2×0 - 1×(5 - 1) - 1)/1 + 1⌋ = -2 (width); use a kernel_size of at most 2, "
            "padding of at least 2, or a larger input",
        ),
        (
            "conv 64 -k4 -s2 --repeat 9",
            "error[SC102]: 64 → 31 → 14 → 6 → 2 → ?: the kernel of 4 is larger than the input of "
            "2: ⌊(2 + 2×0 - 1×(4 - 1) - 1)/2 + 1⌋ = 0; use a kernel_size of at most 2, padding of "
            "at least 1, or a larger input",
        ),
        (
            "conv-transpose 1 -k2 -p1",
            "error[SC102]: 1 → ?: the padding crops all of the output: "
            "(1 - 1)×1 - 2×1 + 1×(2 - 1) + 0 + 1 = 0; use padding of at most 0, or a larger input",
        ),
        (
            "conv-transpose 4 -k4 -s2 -p1 --output-padding 2",
            "error[SC106]: 4 → ?: output_padding is 2, it must be at least 0 and smaller than "
            "stride 2 or dilation 1; use 0 to 1; for a larger output, use a larger kernel_size or "
            "less padding",
        ),
        (
            "conv-transpose 4 -k4 -p same",
            "error[SC106]: 4 → ?: padding 'same' is not for transposed convolutions in PyTorch; "
            "write the padding as a number, or use --framework keras",
        ),
        (
            "pool 112 -k3 -s2 -p2",
            "error[SC106]: 112 → ?: padding 2 is more than half of the kernel of 3; "
            "use padding of at most 1",
        ),
        (
            "conv 64 -k3 -s2 -p same",
            "error[SC106]: 64 → ?: padding 'same' needs a stride of 1 in PyTorch; "
            "use padding of 1, or --framework keras",
        ),
        (
            "conv 64 -k3 -s2 -d2 --framework keras",
            "error[SC106]: 64 → ?: stride 2 and dilation 2 cannot both be above 1 in Keras",
        ),
        (
            "conv 64 32 -k3 -i3 -o4 --groups 2",
            "error[SC105]: groups is 2, which does not divide in_channels 3; "
            "use a divisor of 3, or make in_channels a multiple of 2",
        ),
        (
            "conv 64 -k3 -i4 -o3 --groups 2",
            "error[SC105]: groups is 2, which does not divide out_channels 3; "
            "use a divisor of 3, or make out_channels a multiple of 2",
        ),
        (
            "conv-transpose 64 -k3 -i4 -o4 --groups 2 --framework keras",
            "error[SC106]: Keras' transposed convolutions have no groups",
        ),
        (
            "conv-transpose 99 -k 9 -s 99999999 --repeat 9",
            "error[SC007]: 99 → 9799999911 → ?: the output is too large: sizes stay below 2**53",
        ),
    ],
)
@pytest.mark.parametrize("more", [(), ("-q",), ("--format", "json")])
def test_impossible(run: Run, command: str, error: str, more: tuple[str, ...]) -> None:
    code, out, err = run(*command.split(), *more)
    assert (code, err) == (1, error + "\n")
    if "json" in more:
        assert all(result["error"]["code"] in error for result in json.loads(out)["results"])
    else:
        assert not out


def test_one_impossible_size_among_others(run: Run) -> None:
    code, out, err = run("conv 9 2 8 -k5 -q")
    assert (code, out) == (1, "5\n4\n")
    assert err.startswith("error[SC102]: 2 → ?: ")
    assert err.count("\n") == 1


# Wrong usage.


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("conv 64", "Missing option '--kernel-size' / '-k'."),
        ("conv -k3", "Missing argument 'SIZE...'."),
        ("conv 64 -k3y", "'3y' is not a whole number from 1 on, nor several joined by x (64x48)."),
        ("conv 6.5 -k3", "'6.5' is not a whole number from 1 on"),
        ("conv 64x -k3", "'64x' is not a whole number from 1 on"),
        ("conv 64 -k-3", "'-3' is not a whole number from 1 on"),
        ("conv 64 -k0", "0 is too small, at least 1 is needed."),
        ("conv 0 -k3", "0 is too small, at least 1 is needed."),
        ("conv 64 -k3 -s0", "0 is too small"),
        ("conv 64 -k3 -d 1x0", "0 is too small"),
        ("conv 64 -k3 -p sane", "'sane' is neither a number nor 'same' or 'valid'."),
        ("conv 1x2x3x4 -k3", "'1x2x3x4' has 4 numbers, 3 is the most."),
        ("conv 9007199254740992 -k3", "is too large: numbers stay below 2**53."),
        (f"conv {'9' * 5000} -k3", "is too large"),
        ("conv 64x48 -k 3x3x3", "'SIZE': 64x48 has 2 numbers, but --kernel-size 3x3x3 has 3"),
        ("conv 9 -k 3x3 -p 1x1x1", "'--kernel-size': 3x3 has 2 numbers, but --padding 1x1x1 has 3"),
        ("conv 64 -k3 -i3", "'--out-channels': the weight has both, add -o for the other side."),
        ("conv 64 -k3 -o3", "'--in-channels': the weight has both, add -i for the other side."),
        ("conv 64 -k3 -i 3x3 -o3", "'3x3' has 2 numbers, one is needed."),
        ("conv 64 -k3 --groups 0", "0 is not in the range"),
        ("conv 64 -k3 -p1 --framework keras", "Keras knows 'same' and 'valid' only, not 1."),
        ("conv 64 -k3 --repeat 0", "0 is not in the range 1<=x<=1000"),
        ("conv 64 -k3 --rounding up", "'up' is not one of"),
        ("conv 64 -k3 --format xml", "'xml' is not one of"),
        ("conv 64 -k3 --kernel 3", "No such option: --kernel"),
        ("pool 64 -k3 --ceil-mode --framework keras", "'--ceil-mode': Keras' pools have no such"),
        ("pool 64 -k3 -d2 --framework keras", "'--dilation': Keras' pools have no such thing."),
        ("dense 9", "a layer has two widths: shapecalc dense 9 10"),
        ("dense 9 4x4", "'4x4' has 2 numbers, one is needed."),
    ],
)
def test_wrong_usage(run: Run, command: str, error: str) -> None:
    code, out, err = run(command)
    assert (code, out) == (2, "")
    assert error in err
    assert f"Try 'shapecalc {command.split()[0]} --help' for help." in err


# JSON.


def results(run: Run, command: str) -> list[dict[str, Any]]:
    code, out, err = run(f"{command} --format json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["version"] == 1
    assert document["command"] == command.split()[0]
    found: list[dict[str, Any]] = document["results"]
    return found


def test_json(run: Run) -> None:
    assert results(run, "conv 64 -k3 -s2 -i3 -o8") == [
        {
            "input": [64],
            "output": [31],
            "exact": False,
            "params": 80,
            "macs": 31 * 72,
            "error": None,
            "steps": [
                {
                    "input": [64],
                    "output": [31],
                    "exact": False,
                    "params": 80,
                    "macs": 31 * 72,
                    "weights": {"weight": [8, 3, 3], "bias": [8]},
                    "axes": [
                        {
                            "input": 64,
                            "output": 31,
                            "kernel_size": 3,
                            "stride": 2,
                            "padding": [0, 0],
                            "dilation": 1,
                            "fraction": 31.5,
                            "exact": False,
                            "unread": 1,
                            "dropped_padding": 0,
                            "gap": 0,
                            "equation": "⌊(64 + 2×0 - 1×(3 - 1) - 1)/2 + 1⌋ = ⌊31.5⌋ = 31",
                        }
                    ],
                }
            ],
        }
    ]


def test_json_of_a_chain(run: Run) -> None:
    first, second = results(run, "conv 64 32x16 -k4 -s2 -p1 -n2")
    assert [step["output"] for step in first["steps"]] == [[32], [16]]
    assert [step["output"] for step in second["steps"]] == [[16, 8], [8, 4]]
    assert (first["params"], first["macs"], first["exact"]) == (None, None, True)


def test_json_of_a_failure_has_the_layers_before_it(run: Run) -> None:
    code, out, _ = run("conv 64 -k4 -s2 --repeat 9 --format json")
    (result,) = json.loads(out)["results"]
    assert code == 1
    assert [step["output"] for step in result["steps"]] == [[31], [14], [6], [2]]
    assert (result["output"], result["exact"], result["params"]) == (None, None, None)
    assert result["error"]["code"] == "SC102"
    assert "larger than the input of 2" in result["error"]["message"]
    assert result["error"]["help"].startswith("use a kernel_size of at most 2")


def test_json_of_a_transposed_convolution(run: Run) -> None:
    (result,) = results(run, "conv-transpose 5 -k3 -s2 -p same --framework keras")
    assert result["steps"][0]["axes"] == [
        {
            "input": 5,
            "output": 10,
            "kernel_size": 3,
            "stride": 2,
            "padding": [0, 1],
            "dilation": 1,
            "output_padding": 0,
            "equation": "(5 - 1)×2 - (0 + 1) + 1×(3 - 1) + 0 + 1 = 10",
        }
    ]


def test_json_of_dense_layers(run: Run) -> None:
    (result,) = results(run, "dense 784 256 10")
    assert [step["weights"]["weight"] for step in result["steps"]] == [[256, 784], [10, 256]]
    assert (result["input"], result["output"], result["params"]) == ([784], [10], 203_530)
    (keras,) = results(run, "dense 784 10 --no-bias --framework keras")
    assert keras["steps"][0]["weights"] == {"kernel": [784, 10]}


# Weights.


@pytest.mark.parametrize(
    ("command", "weights"),
    [
        ("conv 8 -k3 -i4 -o6", {"weight": [6, 4, 3], "bias": [6]}),
        ("conv 8x8 -k 3x5 -p2 -i4 -o6 -g2", {"weight": [6, 2, 3, 5], "bias": [6]}),
        ("conv 8x8 -k 3x5 -i4 -o6 -g2 --framework keras", {"kernel": [3, 5, 2, 6], "bias": [6]}),
        ("conv-transpose 8x8 -k3 -i64 -o128 -g4", {"weight": [64, 32, 3, 3], "bias": [128]}),
        ("conv-transpose 8x8 -k3 -i4 -o6 --framework keras", {"kernel": [3, 3, 6, 4], "bias": [6]}),
        ("conv 8 -k3 -i4 -o6 --no-bias", {"weight": [6, 4, 3]}),
        ("conv 8 -k3", {}),
    ],
)
def test_weights(run: Run, command: str, weights: dict[str, list[int]]) -> None:
    assert results(run, command)[0]["steps"][0]["weights"] == weights


@pytest.mark.parametrize("size", ["9", "9x8"])
@pytest.mark.parametrize("transposed", [False, True])
def test_costs_are_those_of_the_layers(run: Run, size: str, transposed: bool) -> None:
    """`check` and the one-offs agree on weights, parameters and multiply-accumulates."""
    shape = tuple(map(int, size.split("x")))
    classes = (ConvTranspose1d, ConvTranspose2d) if transposed else (Conv1d, Conv2d)
    for stride, groups, bias in product((1, 2), (1, 2, 4), (True, False)):
        layer = classes[len(shape) - 1](
            out_channels=8, kernel_size=3, stride=stride, padding=1, groups=groups, bias=bias
        )
        call = Call((Tensor((4, *shape)),))
        outputs = layer.infer(call)
        command = "conv-transpose" if transposed else "conv"
        options = f"{size} -k3 -s{stride} -p1 -i4 -o8 -g{groups}{'' if bias else ' --no-bias'}"
        (result,) = results(run, f"{command} {options}")
        weights = {name: list(shape) for name, shape in layer.weights(call).items()}
        assert result["steps"][0]["weights"] == weights
        assert result["macs"] == layer.macs(call, outputs)
        assert [8, *result["output"]] == list(outputs[0].shape or ())


def test_costs_of_semantics(run: Run) -> None:
    """conv_transpose over its input positions: 48; depthwise 4 k3 s2 p1 op1 on 8×8: 2304."""
    (small,) = results(run, "conv-transpose 2x2 -k2 -s2 -i3 -o1")
    (depthwise,) = results(run, "conv-transpose 8x8 -k3 -s2 -p1 --output-padding 1 -i4 -o4 -g4")
    assert (small["macs"], depthwise["macs"]) == (48, 2304)


def test_what_is_proposed_holds(run: Run) -> None:
    """Every way out that is printed, run, is exact."""
    tried = 0
    for command, size, kernel, stride, padding in product(
        ("conv", "pool"), range(6, 13), range(2, 5), range(1, 5), range(2)
    ):
        options = f"-k{kernel} -s{stride} -p{padding}"
        _, out, _ = run(f"{command} {size} {options}")
        line = next((line for line in out.splitlines() if "exact with" in line), None)
        if line is None:
            continue
        for way in line.removeprefix("  exact with ").split(", "):
            words = way.removeprefix("or ").split()
            if words[0] == "an":
                for other in (words[3], words[-1]):
                    assert "(exact)" in run(f"{command} {other} {options}").out
            else:
                changed = f"{command} {size} {options} {words[0]}"
                assert "(exact)" in run(changed).out
                assert run(f"{changed} -q").out == words[-1].rstrip(")") + "\n"
            tried += 1
    assert tried > 50
