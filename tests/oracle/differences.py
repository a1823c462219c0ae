"""Where shapecalc is stricter than eager PyTorch on purpose, each with its reason.

A case that PyTorch accepts and shapecalc refuses is a disagreement unless an entry of this table
holds for it. What PyTorch refuses is refused; the only way round is that it may
accept the layer on a larger batch (:data:`BATCH_OF_TWO`).
Those from Keras are in ``keras_differences.py``, which needs no framework.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from shapecalc.layers.base import Problem
from tests.oracle.answers import Answer
from tests.oracle.draw import Case, ranks_of


class Difference(NamedTuple):
    """A deliberate difference: one of ``codes`` is reported, and ``holds`` is true of the case."""

    name: str
    codes: frozenset[str]
    reason: str
    holds: Callable[[Case, Problem, Answer], bool]


def _empty_output(case: Case, problem: Problem, torch: Answer) -> bool:
    return any(0 in shape for shape, _ in torch.outputs)


def _empty_weight(case: Case, problem: Problem, torch: Answer) -> bool:
    return any(0 in shape for shape in torch.weights.values())


def _batch_axis(case: Case, problem: Problem, torch: Answer) -> bool:
    if not re.fullmatch(r"(start_|end_)?dims?\d?", problem.field or ""):
        return False
    total = len(case.shape) + 1
    value = getattr(case.layer(**case.args), problem.field or "", None)
    values = value if isinstance(value, tuple) else (value,)
    return 0 in values or -total in values


def _batch_as_channels(case: Case, problem: Problem, torch: Answer) -> bool:
    return len(case.shape) == min(ranks_of(case.layer)) - 1


def _short_list(case: Case, problem: Problem, torch: Answer) -> bool:
    value = case.args.get(problem.field or "")
    return isinstance(value, tuple) and len(value) < 2


def _unused_features(case: Case, problem: Problem, torch: Answer) -> bool:
    layer: Any = case.layer(**case.args)
    return not layer.affine


def _batch_norm_eps(case: Case, problem: Problem, torch: Answer) -> bool:
    return "BatchNorm" in case.layer.__name__ and problem.field == "eps"


def _rank_unchecked(case: Case, problem: Problem, torch: Answer) -> bool:
    rank = case.layer.rank or 0
    if "AdaptiveAvgPool" in case.layer.__name__:
        return len(case.shape) != rank + 1
    if case.layer.__name__ == "UpsamplingNearest2d":
        return len(case.shape) != rank + 1
    padding = case.args.get("padding")
    wrong = isinstance(padding, tuple) and len(padding) != 2 * rank
    return "Pad" in case.layer.__name__ and (wrong or len(case.shape) != rank + 1)


def _negative(case: Case) -> bool:
    padding = case.args["padding"]
    sides = padding if isinstance(padding, tuple) else (padding,)
    return any(isinstance(side, int) and side < 0 for side in sides)


def _ranks_differ(case: Case, problem: Problem, torch: Answer) -> bool:
    ranks = {len(tensor.shape or ()) for tensor in case.inputs if tensor.batched}
    longest = max(len(tensor.shape or ()) for tensor in case.inputs)
    return bool(ranks) and ranks != {longest}


def _small_mask(case: Case, problem: Problem, torch: Answer) -> bool:
    return len(case.inputs) == 4 and len(case.inputs[3].shape or ()) < 2


DIFFERENCES = (
    Difference(
        "an output without a cell",
        frozenset({"SC102"}),
        "PyTorch lets a transposed convolution return a size of 0, and a padding crop to 0. "
        "Nothing can be learned from it, and the next layer fails in its place.",
        _empty_output,
    ),
    Difference(
        "a layer without an output channel",
        frozenset({"SC106"}),
        "PyTorch builds a layer of 0 output or inner features. No network means it: it is a width "
        "that was rounded down to nothing.",
        lambda case, problem, torch: (
            _empty_output(case, problem, torch) or _empty_weight(case, problem, torch)
        ),
    ),
    Difference(
        "the batch axis",
        frozenset({"SC106"}),
        "Shapes are written without the batch, and a sample cannot depend on its batch: a softmax "
        "or a flatten over axis 0 is a mistake that runs.",
        _batch_axis,
    ),
    Difference(
        "an input that lacks an axis",
        frozenset({"SC103"}),
        "PyTorch takes a tensor with one axis less for a single sample without a batch, and so the "
        "batch for the channels. The specification has a batch before every shape.",
        _batch_as_channels,
    ),
    Difference(
        "a list of one number, or of none, for several axes",
        frozenset({"SC106"}),
        "PyTorch repeats it for some arguments, takes the default for others and refuses it for "
        "the rest. One number says the same without the list; a list has one for each axis.",
        _short_list,
    ),
    Difference(
        "channels of an instance or group norm without parameters",
        frozenset({"SC101"}),
        "PyTorch warns at the most where nothing depends on it. It says what was expected.",
        _unused_features,
    ),
    Difference(
        "a dilation of 0 in a transposed convolution",
        frozenset({"SC106"}),
        "PyTorch refuses it, but not on the way that it takes for some groups.",
        lambda case, problem, torch: (
            "ConvTranspose" in case.layer.__name__ and problem.field == "dilation"
        ),
    ),
    Difference(
        "a cell state of integers",
        frozenset({"SC109"}),
        "PyTorch's LSTMCell only multiplies it by a float; its LSTM refuses it.",
        lambda case, problem, torch: case.layer.__name__ == "LstmCell",
    ),
    Difference(
        "a convolution that crops",
        frozenset({"SC106"}),
        "PyTorch refuses a negative padding with zeros, and crops with every other padding_mode.",
        lambda case, problem, torch: (
            problem.field == "padding" and "padding_mode" in case.args and _negative(case)
        ),
    ),
    Difference(
        "a dropout that is no probability",
        frozenset({"SC106"}),
        "PyTorch's attention looks at its dropout while training, not in eval().",
        lambda case, problem, torch: problem.field == "dropout",
    ),
    Difference(
        "an eps that cannot be trained",
        frozenset({"SC106"}),
        "PyTorch refuses an eps of 0 in a batch norm while training, but not in eval().",
        _batch_norm_eps,
    ),
    Difference(
        "circular padding of more cells than are left",
        frozenset({"SC106"}),
        "Where one side is cropped and the other padded by more than remains, PyTorch copies cells "
        "that it has not written yet.",
        lambda case, problem, torch: "CircularPad" in case.layer.__name__,
    ),
    Difference(
        "an unpooling that no pool matches",
        frozenset({"SC106"}),
        "PyTorch's unpooling does not look at what the pool refuses: a padding below 0 or above "
        "half of the kernel, a kernel or a step of 0, a list for another number of axes.",
        lambda case, problem, torch: (
            "Unpool" in case.layer.__name__
            and problem.field in ("kernel_size", "stride", "padding")
        ),
    ),
    Difference(
        "a batch that is not the first axis",
        frozenset({"SC106"}),
        "Shapes are written without the batch, which comes first, in recurrent and attention "
        "layers as everywhere.",
        lambda case, problem, torch: problem.field == "batch_first",
    ),
    Difference(
        "a cell state of integers",
        frozenset({"SC109"}),
        "PyTorch only multiplies an LSTM's cell state, which makes floats of integers; its other "
        "states must be floats.",
        lambda case, problem, torch: (
            case.layer.__name__.startswith("Lstm") and case.inputs[-1].dtype == "int64"
        ),
    ),
    Difference(
        "a stack without layers",
        frozenset({"SC106"}),
        "PyTorch's decoder takes 0 layers, or less, and hands its target on.",
        lambda case, problem, torch: problem.field in ("num_layers", "num_decoder_layers"),
    ),
    Difference(
        "a window without a cell",
        frozenset({"SC106"}),
        "PyTorch's fractional pools and its older local response norm do not look at a window of 0 "
        "or less.",
        lambda case, problem, torch: (
            case.layer.type_name.startswith(("fractional_max_pool", "cross_map_lrn"))
            and problem.field in ("kernel_size", "size")
        ),
    ),
    Difference(
        "a padding, pooling or upsampling layer of another rank",
        frozenset({"SC103", "SC106"}),
        "PyTorch's padding layers look at neither the rank of the input nor the length of the "
        "list: they pad as many of the last axes as there are numbers. Adaptive pools to a size "
        "of 1 are a mean, which takes any rank, and its UpsamplingNearest2d is an Upsample. The "
        "name says how many axes there are.",
        _rank_unchecked,
    ),
    Difference(
        "inputs of different ranks",
        frozenset({"SC104"}),
        "PyTorch aligns shapes from their ends, and so the batch of one with an axis of the other. "
        "It fits where that axis is 1: a source written with a batch of 1 among them.",
        _ranks_differ,
    ),
    Difference(
        "a mask with fewer than two axes",
        frozenset({"SC104"}),
        "Whether PyTorch's attention broadcasts it depends on the number of axes of the queries.",
        _small_mask,
    ),
    Difference(
        "a sum over the batch",
        frozenset({"SC106"}),
        "An einsum in which the batch has no letter of its own sums over it, or aligns the batch "
        "of one input with another axis of the other.",
        lambda case, problem, torch: problem.field == "subscripts" and "batch" in problem.message,
    ),
    Difference(
        "a lookup by the input",
        frozenset({"SC106"}),
        "PyTorch's index_select takes one list of indices. A single one for each sample is such a "
        "list, as long as the batch, where the table has no batch: that is an embedding.",
        lambda case, problem, torch: (
            case.layer.type_name == "index_select" and case.inputs[1].batched
        ),
    ),
    Difference(
        "a pool of integers padded with -∞",
        frozenset({"SC109"}),
        "PyTorch refuses it where there is any padding, which depends on the size of the input.",
        lambda case, problem, torch: "MaxPool" in case.layer.__name__,
    ),
)


#: Types whose acceptance depends on the size of the batch, which a specification does not have:
#: without running statistics they normalise over the batch, and one value has no variance.
BATCH_OF_TWO = frozenset(
    {"batch_norm1d", "batch_norm2d", "batch_norm3d", "group_norm", "sync_batch_norm"}
)


def deliberate(case: Case, problems: list[Problem], torch: Answer) -> str | None:
    """The name of the difference that explains a refusal of what PyTorch accepts."""
    for problem in problems:
        for difference in DIFFERENCES:
            if problem.code in difference.codes and difference.holds(case, problem, torch):
                return difference.name
    return None
