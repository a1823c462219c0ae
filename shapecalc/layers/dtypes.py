"""What a layer takes and what comes out of it, as PyTorch promotes dtypes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import reduce
from typing import Literal

from shapecalc.layers.base import FLOATS, INTEGERS, Call, Tensor

Kind = Literal["bool", "integer", "float", "complex"]
#: The dtypes that a spec may name.
DType = Literal[
    "bfloat16",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "uint8",
    "bool",
    "complex64",
]

NUMBERS: tuple[Kind, ...] = ("integer", "float", "complex")
FLOAT: tuple[Kind, ...] = ("float",)
REALS: tuple[Kind, ...] = ("bool", "integer", "float")

_KINDS: tuple[Kind, ...] = ("bool", "integer", "float", "complex")
_WIDTHS = {"uint8": 8, "int8": 8, "bfloat16": 16, "bool": 1}


def kind_of(dtype: str) -> Kind:
    """Whether a dtype holds truth values, integers, floats or complex numbers."""
    if dtype in FLOATS:
        return "float"
    if dtype in INTEGERS:
        return "integer"
    return "bool" if dtype == "bool" else "complex"


def as_float(dtype: str) -> str:
    """Integers and truth values become ``float32``."""
    return dtype if kind_of(dtype) in ("float", "complex") else "float32"


def as_sum(dtype: str) -> str:
    """Integers and truth values are added up as ``int64``."""
    return dtype if kind_of(dtype) in ("float", "complex") else "int64"


def as_real(dtype: str) -> str:
    """The dtype of the absolute value."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def promote(tensors: Iterable[Tensor]) -> str:
    """The dtype that PyTorch computes in. A tensor without axes only lifts the kind of the others.

    Source: PyTorch's "Tensor attributes", torch.result_type.
    """
    tensors = tuple(tensors)
    numbers = [t.dtype for t in tensors if t.shape == () and not t.batched]
    others = [t.dtype for t in tensors if t.shape != () or t.batched]
    if not others or not numbers:
        return reduce(_wider, others or numbers)
    dtype, number = reduce(_wider, others), reduce(_wider, numbers)
    lifts = _KINDS.index(kind_of(number)) > _KINDS.index(kind_of(dtype))
    return _wider(dtype, number) if lifts else dtype


def _wider(one: str, other: str) -> str:
    low, high = sorted((one, other), key=lambda dtype: (_KINDS.index(kind_of(dtype)), width(dtype)))
    if low == high:
        return high
    if kind_of(high) == "complex":
        return "complex128" if "float64" in (low, high) else high
    if kind_of(low) == kind_of(high) and width(low) == width(high):
        return "float32" if kind_of(low) == "float" else "int16"
    return high


def width(dtype: str) -> int:
    """The bits of one number."""
    digits = "".join(filter(str.isdigit, dtype))
    return _WIDTHS.get(dtype) or int(digits)


def require_kind(
    call: Call, kinds: Collection[Kind], tensors: Iterable[Tensor] | None = None
) -> None:
    """SC109 for the first input (or the first of ``tensors``) of a kind that PyTorch refuses."""
    for tensor in call.inputs if tensors is None else tensors:
        kind = kind_of(tensor.dtype)
        if kind not in kinds:
            names = {"bool": "truth values", "complex": "complex numbers"}
            takes = " or ".join(names.get(kind, f"{kind}s") for kind in kinds)
            call.report(
                "SC109",
                f"it takes {takes}, the input is {tensor.dtype}",
                help="{type: cast, dtype: float32} makes floats of it",
            )
            return


def require_one_dtype(call: Call, tensors: Iterable[Tensor] | None = None) -> None:
    """SC109 for inputs (or ``tensors``) of several dtypes, which a product does not convert."""
    tensors = call.inputs if tensors is None else tensors
    dtypes = list(dict.fromkeys(tensor.dtype for tensor in tensors))
    if len(dtypes) > 1:
        call.report(
            "SC109",
            f"it takes inputs of one dtype, they are {' and '.join(dtypes)}",
            "from",
            f"{{type: cast, dtype: {dtypes[0]}}} converts the other",
        )
