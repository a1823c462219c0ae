"""One question, two answers: what shapecalc and eager PyTorch say of a layer on an input."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from shapecalc.layers.base import Call, Problem, Tensor
from tests.oracle.draw import (
    Case,
    Sizes,
    by_class,
    elements,
    fields_of,
    references,
    sizes_of,
    twins,
)

torch.set_num_threads(1)

#: A larger case is skipped: it would take seconds and show nothing that a small one does not.
MOST_ELEMENTS = 2_000_000
MOST_MACS = 20_000_000


class Answer(NamedTuple):
    """Whether the layer can be built and run, and what comes out: shapes without the batch."""

    accepted: bool
    outputs: tuple[tuple[Sizes, str], ...] = ()
    weights: dict[str, Sizes] = {}
    why: str = ""

    def describe(self, other: Answer) -> str:
        """What is answered; of the weights, those that the other side does not have as well."""
        if not self.accepted:
            return f"refused: {self.why}"
        outputs = ", ".join(f"{list(shape)} {dtype}" for shape, dtype in self.outputs)
        own = self.weights.items() - other.weights.items() if other.accepted else set()
        weights = "".join(f", {name} {list(shape)}" for name, shape in sorted(own))
        return f"{outputs}{weights}"


# Ours.


class Checked(NamedTuple):
    """Our answer, and what is behind it."""

    answer: Answer
    problems: list[Problem]
    too_large: bool


def ask_shapecalc(case: Case) -> Checked:
    """Infer the layer; whatever it finds, none of its other rules may fail."""
    layer = case.layer(**case.args)
    call = Call(case.inputs)
    outputs = layer.infer(call)
    problems = list(call.problems)
    weights = layer.weights(call)
    macs = layer.macs(call, outputs)
    layer.windows(call)
    layer.transposed_windows(call)
    assert call.problems == problems, "only infer reports"
    _check_problems(case, problems)
    if problems:
        why = "; ".join(f"{p.code} {p.message} ({p.field})" for p in problems)
        return Checked(Answer(False, why=why), problems, False)
    answer = Answer(
        True,
        tuple((_known(output.shape), output.dtype) for output in outputs),
        {name: _known(shape) for name, shape in weights.items()},
    )
    sizes = [*(shape for shape, _ in answer.outputs), *answer.weights.values()]
    too_large = (macs or 0) > MOST_MACS or any(elements(size) > MOST_ELEMENTS for size in sizes)
    return Checked(answer, [], too_large)


def _known(shape: tuple[int | None, ...] | None) -> Sizes:
    assert shape is not None, "a shape is unknown although nothing is wrong"
    assert None not in shape, f"a size is unknown although nothing is wrong: {shape}"
    return sizes_of(Tensor(shape))


def _check_problems(case: Case, problems: list[Problem]) -> None:
    named = {field.name for field, _ in fields_of(case.layer)} | {*references(case.layer)}
    fields = named | {None, "from"}
    for problem in problems:
        assert problem.field in fields, f"{problem.field} is no field: {problem}"
        assert problem.message
    assert len(set(problems)) == len(problems), f"the same is said twice: {problems}"


# PyTorch's.

#: Sizes of the input that may be left out of a spec, and that PyTorch wants.
INFERRED: dict[str, Callable[[list[Sizes]], Any]] = {
    "in_channels": lambda shapes: shapes[0][0],
    "num_features": lambda shapes: shapes[0][0],
    "num_channels": lambda shapes: shapes[0][0],
    "in_features": lambda shapes: shapes[0][-1],
    "in1_features": lambda shapes: shapes[0][-1],
    "in2_features": lambda shapes: shapes[1][-1],
    "normalized_shape": lambda shapes: shapes[0][-1],
    "input_size": lambda shapes: shapes[0][-1],
    "embed_dim": lambda shapes: shapes[0][-1],
    "d_model": lambda shapes: shapes[0][-1],
}

#: Which axis of each input and of each output is the batch, where it is not 0; by class name, bases
#: included.
BATCH_AXES: dict[str, tuple[int, ...]] = {"_Recurrent": (0, 1, 1)}


EMPTY = inspect.Parameter.empty


class Twin(NamedTuple):
    """A module of PyTorch and how it is called."""

    module: nn.Module
    forward: Callable[..., Any]


def _plain(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    module = cls(**args)
    return Twin(module, module)


def _flat(pairs: tuple[tuple[int, int], ...]) -> list[int]:
    return [side for pair in reversed(pairs) for side in pair]


def _conv(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    """PyTorch has no [before, after]: pad first (crop afterwards, where it is transposed)."""
    padding = args.get("padding")
    if not isinstance(padding, tuple) or not any(isinstance(side, tuple) for side in padding):
        return _plain(case, cls, args)
    if len(padding) != case.layer.rank:
        raise ValueError("padding for another number of axes")
    mode = args.get("padding_mode", "zeros")
    module = cls(**{**args, "padding": 0, "padding_mode": "zeros"})
    sides = _flat(padding)
    if "output_padding" in inspect.signature(cls).parameters:
        crop = [-side for side in sides]
        return Twin(module, lambda x: functional.pad(module(x), crop))
    fill = "constant" if mode == "zeros" else mode
    return Twin(module, lambda x: module(functional.pad(x, sides, mode=fill)))


def _two_states(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    module = cls(**args)
    return Twin(module, lambda x, *states: module(x, states) if states else module(x))


def _cell(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    """A state of more axes than the input ends PyTorch 2.13 with a segmentation fault."""
    module = cls(**args)

    def forward(x: torch.Tensor, *states: torch.Tensor) -> Any:
        if any(state.dim() > x.dim() for state in states):
            raise ValueError("a state of more axes than the input")
        return module(x, states) if states and cls is nn.LSTMCell else module(x, *states)

    return Twin(module, forward)


def _unpool(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    """The size of the output is an argument of the call."""
    size = args.pop("output_size", None)
    if isinstance(size, int):
        size = (size,) * (case.layer.rank or 1)
    module = cls(**args)
    return Twin(module, lambda x, places: module(x, places, output_size=size))


def _attention(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    """Keys and values are the queries, or the values the keys, where they are not given."""
    module = cls(**args)
    return Twin(module, lambda *inputs: module(*inputs, *(inputs[-1],) * (3 - len(inputs))))


def _stack(case: Case, cls: type[nn.Module], args: dict[str, Any]) -> Twin:
    """PyTorch stacks copies of a layer that it is given, and a norm."""
    count, with_norm = args.pop("num_layers"), args.pop("norm")
    norm = nn.LayerNorm(args["d_model"], args["layer_norm_eps"], bias=args["bias"])
    layer: Any = getattr(nn, f"{cls.__name__}Layer")(**args)
    return _plain(
        case,
        cls,
        {"num_layers": count, "norm": norm if with_norm else None}
        | {f"{cls.__name__.removeprefix('Transformer').lower()}_layer": layer},
    )


#: How a type is built and called where it is not simply ``cls(**args)(*inputs)``; by class name,
#: bases included.
BUILD: dict[str, Callable[[Case, type[nn.Module], dict[str, Any]], Twin]] = {
    "_ConvBase": _conv,
    "Lstm": _two_states,
    "MultiheadAttention": _attention,
    "_MaxUnpool": _unpool,
    "_Stack": _stack,
    "_Cell": _cell,
}


def torch_arguments(case: Case, cls: type[nn.Module]) -> dict[str, Any]:
    """The arguments with what a spec leaves to be inferred."""
    args = {}
    parameters = inspect.signature(cls).parameters
    for field, _ in fields_of(case.layer):
        value = case.args.get(field.name, field.default)
        if value is None and field.name in INFERRED:
            value = INFERRED[field.name]([sizes_of(tensor) or (1,) for tensor in case.inputs])
        if value is None and getattr(parameters.get(field.name), "default", None) is not EMPTY:
            continue  # none is our word for "as PyTorch does without it"
        args[field.name] = value
    return args


def build(case: Case) -> Twin:
    """The module that a case describes."""
    cls: type[nn.Module] = getattr(nn, twins()[case.layer.type_name])
    args = torch_arguments(case, cls)
    parametrization = args.pop("parametrization", None)
    twin = by_class(BUILD, case.layer, _plain)(case, cls, args)
    if parametrization is not None:
        getattr(nn.utils.parametrizations, parametrization)(twin.module)
    twin.module.eval()
    return twin


def ask_torch(case: Case, batch: int = 1) -> Answer:
    """Build the module and run it on a batch."""
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            twin = build(case)
            axes = chain(by_class(BATCH_AXES, case.layer, ()), repeat(0))
            tensors = [
                _zeros(tensor, batch, axis) for tensor, axis in zip(case.inputs, axes, strict=False)
            ]
            outputs = list(_flatten(twin.forward(*tensors)))
    except Exception as error:  # noqa: BLE001 -- whatever PyTorch raises is a refusal
        return Answer(False, why=f"{type(error).__name__}: {error}")
    axes = chain(by_class(BATCH_AXES, case.layer, ()), repeat(0))
    shapes = (
        _without_batch(output, batch, axis) for output, axis in zip(outputs, axes, strict=False)
    )
    dtypes = (str(output.dtype).removeprefix("torch.") for output in outputs)
    weights = {name: tuple(value.shape) for name, value in twin.module.named_parameters()}
    return Answer(True, tuple(zip(shapes, dtypes, strict=True)), weights)


def _zeros(tensor: Tensor, batch: int, axis: int) -> torch.Tensor:
    sizes = list(sizes_of(tensor))
    sizes.insert(axis, batch)
    return torch.zeros(*sizes, dtype=getattr(torch, tensor.dtype))


def _flatten(output: Any) -> Iterator[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif output is not None:
        for part in output:
            yield from _flatten(part)


def _without_batch(output: torch.Tensor, batch: int, axis: int) -> Sizes:
    shape = tuple(output.shape)
    # A batch axis that is not there any more shows as a difference.
    return shape[:axis] + shape[axis + 1 :] if shape[axis : axis + 1] == (batch,) else shape
