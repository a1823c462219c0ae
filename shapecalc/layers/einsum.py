"""Einstein's sums: products of tensors by the names of their axes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    Tensor,
    arg,
    distinct,
    format_shape,
    plural,
    product,
)
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.dtypes import NUMBERS, require_kind, require_one_dtype

_TERM = re.compile(r"[A-Za-z ]*(\.\.\.[A-Za-z ]*)?")
_LABEL = re.compile(r"\.\.\.|[A-Za-z]")
_ELLIPSIS = "..."

#: The names of a tensor's axes; those that an ellipsis stands for are numbered from its end.
Labels = tuple[str, ...]


class Equation(NamedTuple):
    """An equation taken apart; ``output`` is ``None`` where it is left to be inferred."""

    operands: tuple[Labels, ...]
    output: Labels | None

    def output_labels(self, operands: Sequence[Labels], hidden: int) -> Labels:
        """The axes of the output; an ellipsis stands for ``hidden`` ones.

        Where they are not written, they are those of the ellipsis and then, in the order of the
        alphabet, all letters that occur once.
        """
        if self.output is not None:
            return _expand(self.output, hidden)
        counts = Counter(label for labels in operands for label in labels)
        once = sorted(label for label, count in counts.items() if count == 1 and label.isalpha())
        return (*_expand((_ELLIPSIS,), hidden), *once)


def parse(equation: str) -> Equation | None:
    """Take an equation apart; ``None`` where it is none."""
    left, arrow, right = equation.partition("->")
    terms = [*left.split(","), *([right] if arrow else [])]
    if not all(_TERM.fullmatch(term) for term in terms):
        return None
    labels = [tuple(_LABEL.findall(term)) for term in terms]
    return Equation(tuple(labels[:-1] if arrow else labels), labels[-1] if arrow else None)


def _expand(labels: Labels, hidden: int) -> Labels:
    """Put a name for each hidden axis in place of an ellipsis: ``.2 .1``."""
    found: list[str] = []
    for label in labels:
        found += [f".{n}" for n in range(hidden, 0, -1)] if label == _ELLIPSIS else [label]
    return tuple(found)


class Einsum(Layer):
    """A sum of products by an equation as in PyTorch, in which the batch has a letter of its own.

    The batch comes first in each operand and in the output, as ``b`` does in
    ``bchw,bhwd->bcd``, or as the first axis of an ellipsis. A ``parameter`` has no batch.
    """

    subscripts: str = arg("the equation, quoted where it has a comma: 'bij,bjk->bik'")

    autocast = "lower"
    arity = (1, None)
    foreign = {"equation": "subscripts"}
    frameworks = ("pytorch", "keras")
    reference = "torch.einsum, keras.ops.einsum, ONNX Einsum"
    equation = "MACs of two operands = Π of the output's sizes and of those that both sum over"
    example = "{type: einsum, subscripts: 'bij,bkj->bik', from: [input, prev]}", (196, 64)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if not call.channels_last:
            require_kind(call, NUMBERS)
            require_one_dtype(call)
        equation = parse(self.subscripts)
        if equation is None:
            self._refuse(
                call,
                f"{self.subscripts!r} is no equation",
                "letters, commas and an arrow: 'bij,bjk->bik'",
            )
            return call.tensor(None)
        if len(equation.operands) != len(call.inputs):
            self._refuse(
                call,
                f"the equation is for {plural(len(equation.operands), 'input')}, "
                f"there are {len(call.inputs)}",
            )
            return call.tensor(None)
        operands = self._operands(call, equation)
        if operands is None:
            return call.tensor(None)
        output = equation.output_labels(operands, _hidden(operands))
        if not self._check_output(call, operands, output):
            return call.tensor(None)
        if not self._check_batch(call, operands, output):
            return call.tensor((None,) * max(len(output) - call.batched, 0))
        sizes = self._sizes(call, operands)
        return call.tensor(tuple(sizes[label] for label in output[call.batched :]))

    @staticmethod
    def _refuse(call: Call, message: str, help: str | None = None) -> None:
        call.report("SC106", message, "subscripts", help)

    @staticmethod
    def _operands(call: Call, equation: Equation) -> list[Labels] | None:
        """The axes of each input; SC103 where there are more or fewer than letters."""
        found = []
        for labels, tensor in zip(equation.operands, call.inputs, strict=True):
            letters = len(labels) - (_ELLIPSIS in labels)
            if tensor.shape is None:
                if _ELLIPSIS in labels:
                    return None
                found.append(labels)
                continue
            hidden = len(tensor.shape) + tensor.batched - letters
            if hidden < 0 or (hidden and _ELLIPSIS not in labels):
                call.report(
                    "SC103",
                    f"{''.join(labels)!r} names {plural(letters, 'axis')}, the input has "
                    f"{len(tensor.shape) + tensor.batched}: "
                    f"{'the batch and ' if tensor.batched else ''}{format_shape(tensor.shape)}",
                    "subscripts",
                )
                return None
            found.append(_expand(labels, hidden))
        return found

    def _check_output(self, call: Call, operands: list[Labels], output: Labels) -> bool:
        known = {label for labels in operands for label in labels}
        unknown = [label for label in output if label not in known]
        twice = [label for label, count in Counter(output).items() if count > 1]
        if unknown:
            self._refuse(call, f"{unknown[0]!r} of the output is an axis of no input")
        elif twice:
            self._refuse(call, f"{twice[0]!r} is twice in the output")
        return not unknown and not twice

    def _check_batch(self, call: Call, operands: list[Labels], output: Labels) -> bool:
        """Whether the batch leads wherever it is, and stands nowhere else."""
        batched = [
            labels for labels, tensor in zip(operands, call.inputs, strict=True) if tensor.batched
        ]
        if not batched:
            return True
        first = {labels[:1] for labels in batched}
        batch = batched[0][0] if batched[0] else ""
        count = sum(labels.count(batch) for labels in operands)
        if len(first) == 1 and batch and count == len(batched) and output[:1] == (batch,):
            return True
        self._refuse(
            call,
            f"{self.subscripts!r} does not keep the batch apart",
            "begin each input that has a batch, and the output, with the same letter, "
            "used for nothing else: 'bij,bjk->bik'",
        )
        return False

    @staticmethod
    def _sizes(call: Call, operands: list[Labels]) -> dict[str, Dim]:
        """The size of each axis; SC104 where the inputs do not agree on one."""
        seen: dict[str, list[Dim]] = {}
        wrong: dict[str, list[int]] = {}
        for labels, tensor in zip(operands, call.inputs, strict=True):
            named = labels[tensor.batched :]
            own: dict[str, list[Dim]] = {}
            for label, size in zip(named, tensor.shape or (None,) * len(named), strict=True):
                own.setdefault(label, []).append(size)
            for label, sizes in own.items():
                # PyTorch broadcasts between its inputs, but not along a diagonal of one.
                if len(distinct(sizes)) > 1:
                    wrong[label] = distinct(sizes)
                seen.setdefault(label, []).extend(sizes)
        for label, sizes in seen.items():
            if len(_wide(sizes)) > 1:
                wrong.setdefault(label, _wide(sizes))
        if wrong:
            axes = ", ".join(
                f"{label} is {' and '.join(map(str, sorted(sizes)))}"
                for label, sizes in wrong.items()
            )
            shapes = ", ".join(format_shape(tensor.shape) for tensor in call.inputs)
            call.report("SC104", f"shapes {shapes} do not fit: {axes}", "from")
        return {
            label: None if label in wrong else _broadcast(sizes) for label, sizes in seen.items()
        }

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        equation = parse(self.subscripts)
        if len(call.inputs) == 1:
            return 0
        if equation is None or len(call.inputs) != 2 or outputs[0].shape is None:
            return None
        quiet = Call(call.inputs)
        operands = self._operands(quiet, equation)
        if operands is None or not all(labels for labels in operands):
            return None
        output = equation.output_labels(operands, _hidden(operands))
        sizes = self._sizes(quiet, operands)
        met = set(operands[0]) & set(operands[1])
        if met <= set(output):
            return 0  # nothing is added up: this is a `multiply`
        return product(size for label, size in sizes.items() if label in met | set(output))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        if len(call.inputs) == 1:
            return Kept()
        kept = (n for n, want in enumerate(wanted.inputs) if sum(wanted.inputs) > want)
        return Kept(tuple(kept))


def _hidden(operands: Sequence[Labels]) -> int:
    """How many axes an ellipsis stands for at the most."""
    hidden = (int(label[1:]) for labels in operands for label in labels if "." in label)
    return max(hidden, default=0)


def _wide(sizes: Sequence[Dim]) -> list[int]:
    """The sizes that are not broadcast."""
    return distinct(size for size in sizes if size != 1)


def _broadcast(sizes: Sequence[Dim]) -> Dim:
    wide = _wide(sizes)
    return wide[0] if wide else None if None in sizes else 1
