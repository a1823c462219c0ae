"""What every layer type is: a frozen value with a shape rule, weights by name and a cost.

A layer type is one subclass of :class:`Layer` in a family file. Its fields are the arguments of the
``torch.nn`` class (or Keras class) it stands for; its shape rule, :meth:`Layer.infer`, reads a
:class:`Call` and reports what is wrong there instead of raising, so that the walk can go on.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    TypeVar,
    dataclass_transform,
)

from shapecalc.layers.cost import Cost
from shapecalc.sizes import EmptyOutputError, Rounding, SizeError, TransposedWindow, Window

if TYPE_CHECKING:
    from shapecalc.layers.reaches import Reaches

#: One size; ``None`` where an error made it impossible to know.
Dim = int | None
#: A shape without the batch axis.
Shape = tuple[Dim, ...]
#: An integer, or one for each spatial axis.
PerAxis = int | tuple[int, ...]
#: Weight names, in the framework's own words, and their shapes in its own layout.
Weights = dict[str, Shape]
Framework = Literal["pytorch", "keras"]

W = TypeVar("W")

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
INTEGERS = frozenset({"int8", "uint8", "int16", "int32", "int64"})
DTYPES = (*sorted(FLOATS), *sorted(INTEGERS), "bool", "complex64")


class Tensor(NamedTuple):
    """What flows between layers. ``shape`` is ``None`` where not even the rank is known.

    It has a batch axis that the shape leaves out, unless it comes from a source alone.
    """

    shape: Shape | None
    dtype: str = "float32"
    batched: bool = True


class Problem(NamedTuple):
    """What a layer found: a code, the field (or path below the layer) and a way out."""

    code: str
    message: str
    field: str | None
    help: str | None
    #: A field and what to write there, where that mends it for certain.
    fix: tuple[str, str] | None = None


#: Nobody looks at more sizes of which all should be equal.
MOST_DISTINCT = 16

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def format_shape(shape: Shape | None) -> str:
    """``64×32×32``; unknown sizes are ``?``; the shape of a single number is ``()``."""
    if shape is None:
        return "?"
    text = "×".join(["?" if size is None else str(size) for size in shape]) or "()"
    return "×".join(map(_axis, shape)) if " " in text else text


def _axis(size: Dim) -> str:
    """One size of a shape; a sum of named sizes in brackets."""
    text = "?" if size is None else str(size)
    return f"({text})" if " " in text and _is_sum(text) else text


def _is_sum(text: str) -> bool:
    """Whether an expression has a space that is in no bracket."""
    depth = 0
    for character in text:
        depth += (character in "(⌊") - (character in ")⌋")
        if character == " " and not depth:
            return True
    return False


def product(sizes: Iterable[Dim]) -> Dim:
    """The product, unknown where a factor is."""
    known = []
    for size in sizes:
        if size is None:
            return None
        known.append(size)
    return prod(known)


def distinct(sizes: Iterable[Dim]) -> list[int]:
    """The known sizes without repetitions, in order (of very many different ones the first):
    compared one by one, since two that are expressions may be equal though not written alike."""
    found: list[int] = []
    for size in sizes:
        if size is not None and size not in found:
            found.append(size)
            if len(found) == MOST_DISTINCT:
                break
    return found


def plural(count: int, noun: str) -> str:
    """``1 axis``, ``3 axes``; ``2 numbers``."""
    many = "axes" if noun == "axis" else noun + "s"
    return f"{count} {noun if count == 1 else many}"


class Call:
    """One use of a layer: what it receives, under which conventions, and what it has to say."""

    __slots__ = (
        "channels_last",
        "filled_in",
        "inputs",
        "problems",
        "rounding",
        "trust_declared",
    )

    def __init__(
        self,
        inputs: tuple[Tensor, ...],
        rounding: Rounding = "floor",
        channels_last: bool = False,
        trust_declared: bool = True,
    ) -> None:
        self.inputs = inputs
        self.rounding = rounding
        self.channels_last = channels_last
        #: Whether a declared size wins over the one received once they were found to differ.
        self.trust_declared = trust_declared
        self.problems: list[Problem] = []
        #: Whether a declared size was taken for one that is not known.
        self.filled_in = False

    def report(
        self,
        code: str,
        message: str,
        field: str | None = None,
        help: str | None = None,
        fix: tuple[str, str] | None = None,
    ) -> None:
        """Say that something is wrong, at a field of the layer where one is to blame; ``fix`` is a
        field and what to write there for certain."""
        self.problems.append(Problem(code, message, field, help, fix))

    @property
    def input(self) -> Tensor:
        """The first input."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape | None:
        """The shape of the first input."""
        return self.inputs[0].shape

    @property
    def dtype(self) -> str:
        """The dtype of the first input."""
        return self.inputs[0].dtype

    @property
    def batched(self) -> bool:
        """Whether any input has a batch axis; the tensors of sources have none."""
        return any(tensor.batched for tensor in self.inputs)

    @property
    def channel_axis(self) -> int:
        """Which axis of a shape (without the batch) holds the channels."""
        return -1 if self.channels_last else 0

    def channels(self) -> Dim:
        """The number of channels of the first input."""
        shape = self.shape
        return shape[self.channel_axis] if shape else None

    def spatial(self) -> Shape:
        """The sizes of the first input other than its channels."""
        shape = self.shape
        if not shape:
            return ()
        return shape[:-1] if self.channels_last else shape[1:]

    def map(self, channels: Dim, spatial: Iterable[Dim]) -> Shape:
        """A shape in the framework's axis order."""
        return (*spatial, channels) if self.channels_last else (channels, *spatial)

    def tensor(self, shape: Shape | None, dtype: str | None = None) -> tuple[Tensor]:
        """A single output, of the first input's dtype unless another is given."""
        return (Tensor(shape, self.inputs[0].dtype if dtype is None else dtype, self.batched),)

    def same(self) -> tuple[Tensor]:
        """The first input, unchanged."""
        return (self.inputs[0],)

    def image(self, layer: Layer) -> tuple[Dim, Shape]:
        """(channels, spatial sizes) for a layer of fixed rank; SC103 where the rank differs."""
        rank = layer.rank
        assert rank is not None
        if self.shape is None:
            return None, (None,) * rank
        if len(self.shape) != rank + 1:
            self.wrong_rank(layer, rank + 1)
            return None, (None,) * rank
        return self.channels(), self.spatial()

    def wrong_rank(self, layer: Layer, wanted: int, names: tuple[str, ...] | None = None) -> None:
        """Report SC103; ``names`` are those of the axes, where they are no channels and places."""
        shape = self.shape or ()
        if names is None:
            names = ("channels", *AXES[wanted - 1]) if wanted - 1 in AXES else ("features",)
            names = (*names[1:], names[0]) if self.channels_last else names
        self.report(
            "SC103",
            f"it takes {plural(wanted, 'axis')} ({', '.join(names)}), "
            f"the input has {len(shape)}: {format_shape(shape)}",
            help=layer.rank_help(len(shape) - 1),
        )

    def require_float(self, layer: Layer) -> None:
        """Report SC109 for an input of integers."""
        if self.dtype in INTEGERS or self.dtype == "bool":
            self.report(
                "SC109",
                f"it takes floats, the input is {self.dtype}",
                help=_float_help(self.dtype),
            )

    def require_number(self, layer: Layer) -> None:
        """Report SC109 for an input of truth values."""
        if self.dtype == "bool":
            self.report(
                "SC109",
                "it takes numbers, the input is bool",
                help="give the input `dtype: float32`",
            )

    def check_declared(self, field: str, declared: Dim, received: Dim, about: str = "") -> Dim:
        """Compare a declared input size with the one received; SC101 where they differ.

        Returns the size to go on with.
        """
        if declared is None or received is None:
            self.filled_in = self.filled_in or declared is not None
            return declared if self.trust_declared and received is None else received
        if declared == received:
            return received
        self.report(
            "SC101",
            f"{field} is {declared}, the input has {received}{about}",
            field,
            f"write {field}: {received}, or leave it out to have it inferred",
            (field, str(received)),
        )
        return declared if self.trust_declared else received

    def per_axis(self, field: str, value: PerAxis, rank: int) -> tuple[int, ...] | None:
        """One number for each axis; SC106 where the list has another length."""
        if isinstance(value, int):
            return (value,) * rank
        if len(value) == rank:
            return value
        if rank == 1:
            message = f"{field} has {plural(len(value), 'number')}, one is needed"
            self.report("SC106", message, field, f"write a number without brackets: {field}: …")
            return None
        self.report(
            "SC106",
            f"{field} has {plural(len(value), 'number')}, one for each of the "
            f"{plural(rank, 'axis')} is needed",
            field,
            f"write one number, or {rank}: {field}: [{', '.join(['…'] * rank)}]",
        )
        return None

    def require_least(self, field: str, value: int, least: int = 1) -> bool:
        """Whether a value is at least so large; SC106 where it is not."""
        if value >= least:
            return True
        self.report("SC106", f"{field} is {value}, at least {least} is needed", field)
        return False


def arg(doc: str, *, default: Any = dataclasses.MISSING, reference: bool = False) -> Any:
    """A field of a layer: its documentation, its default (none: required), and whether it names
    another layer, whose output then becomes a further input."""
    return dataclasses.field(default=default, metadata={"doc": doc, "reference": reference})


def _float_help(dtype: str) -> str:
    """How to come by floats: 64-bit integers are most often numbers of words, others pixels."""
    cast = "{type: cast, dtype: float32} makes floats of it"
    if dtype in ("int64", "int32"):
        return f"an embedding turns numbers of words into vectors; {cast}"
    return f"give the input `dtype: float32`; {cast}"


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RANK = re.compile(r"([123])d$")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(arg,))
class Layer(Cost):
    """The base of every layer type; subclasses are frozen keyword-only dataclasses.

    They become so on first use (:meth:`prepare`): the decorator takes about a millisecond a class,
    and a run needs a handful of the hundred-odd.
    """

    #: The name in specs: the class name in snake case.
    type_name: ClassVar[str] = ""
    #: Other names that mean this type.
    aliases: ClassVar[tuple[str, ...]] = ()
    #: How many spatial axes it works on; ``None`` where any will do.
    rank: ClassVar[int | None] = None
    #: How many axes come before the spatial ones (and the channels): the steps of a video.
    leading: ClassVar[int] = 0
    #: The frameworks whose arithmetic and weights these are.
    frameworks: ClassVar[tuple[Framework, ...]] = ("pytorch",)
    #: The frameworks' own names for it.
    reference: ClassVar[str] = ""
    #: How many inputs it takes, from least to most (``None``: any number).
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    #: Whether its outputs are only to be read one by one (``name.0``).
    multiple: ClassVar[bool] = False
    #: Whether it only composes other layers.
    container: ClassVar[bool] = False
    #: The fields that name a layer only for its shape: its cells are not read.
    shape_only: ClassVar[tuple[str, ...]] = ()
    #: The fields of a container that hold layers: whether each holds a list of lists.
    lists: ClassVar[dict[str, bool]] = {}
    #: The size equation, as the framework's documentation writes it.
    equation: ClassVar[str] = ""
    #: A layer in the spec language, and the input shape it runs on, for the documentation.
    example: ClassVar[tuple[str, Shape]]
    #: The dtype of that input.
    example_dtype: ClassVar[str] = "float32"
    #: Whether it is an element-wise non-linearity.
    is_activation: ClassVar[bool] = False
    #: Whether each cell of its output reads only what stands in its place in each input (the
    #: statistics of a norm do not count).
    pointwise: ClassVar[bool] = False
    _prepared: ClassVar[bool]
    #: Fields that other frameworks name otherwise: theirs -> ours.
    foreign: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, rank: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if rank is not None:
            cls.rank = rank
        if not cls.__name__.startswith("_"):
            bare = cls.__name__.removeprefix("Keras")
            cls.type_name = _CAMEL.sub("_", bare).lower()

    def __new__(cls, **_: Any) -> Self:
        cls.prepare()
        return super().__new__(cls)

    @classmethod
    def prepare(cls) -> type[Self]:
        """Make this class and its bases dataclasses, once."""
        if "_prepared" not in cls.__dict__:
            for base in reversed(cls.__mro__):
                if issubclass(base, Layer) and "_prepared" not in base.__dict__:
                    joins = len(base.__bases__) > 1
                    if base is Layer or joins or inspect.get_annotations(base):
                        dataclass(frozen=True, kw_only=True)(base)
                    base._prepared = True
        return cls

    @classmethod
    def abstract(cls) -> bool:
        """Whether it is only a base for others (its name starts with an underscore)."""
        return cls.__name__.startswith("_")

    def joined_by(self) -> Layer | None:
        """For a container, the layer that joins what its lists yield, if any does."""
        return None

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        """The outputs; what is wrong is reported to ``call`` and leaves sizes unknown."""
        raise NotImplementedError

    def weights(self, call: Call) -> Weights:
        """The learnable tensors by name, in the framework's layout."""
        return {}

    def frozen_weights(self) -> frozenset[str]:
        """The names among :meth:`weights` that are counted but never trained (Keras' moving
        statistics)."""
        return frozenset()

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        """Multiply-accumulates for one sample, without bias additions; ``None``: not known."""
        return 0

    def windows(self, call: Call) -> tuple[Window | None, ...] | None:
        """How it slides over each spatial axis (``None`` for an axis that could not be computed);
        ``None`` for a layer that reads all of its input."""
        return None

    def transposed_windows(self, call: Call) -> tuple[TransposedWindow | None, ...] | None:
        """The same for a transposed convolution."""
        return None

    def added_cells(self) -> tuple[tuple[int, int], ...]:
        """The cells it puts (before, after) the last axes of its input, channels left out; ``()``
        for none."""
        return ()

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches | None:
        """How its first output runs along the axes of the ``number``-th input; ``None``: as its
        windows say, or what it adds, or its being ``pointwise``; else it reads all of it."""
        return None

    def rank_help(self, spatial_rank: int) -> str | None:
        """What to write instead on an input with so many spatial axes."""
        spatial_rank -= self.leading
        match = _RANK.search(self.type_name)
        if match and spatial_rank in AXES:
            return f"write {self.type_name[: match.start()]}{spatial_rank}d"
        if match and spatial_rank == 0 and "pytorch" not in self.frameworks:
            return "reshape the features first: {type: reshape, shape: […]}"
        if match and spatial_rank == 0:
            return "unflatten the features first: {type: unflatten, dim: 1, unflattened_size: […]}"
        return None


#: A size at which nothing is wrong but what always is.
ANY_SIZE = 2**40


def along_axes(
    call: Call, rank: int, sizes: Shape, compute: Callable[[int, int], W]
) -> tuple[W | None, ...]:
    """``compute(axis, n)`` for each known size; ``None`` where it is unknown or cannot be.

    A size error is reported once, for all the axes that share it: SC102 for an empty output, SC106
    at the argument for any other (a stride of 0 is wrong on an axis of any size).
    """
    results: list[W | None] = []
    failures: dict[str | None, tuple[SizeError, list[str]]] = {}
    for axis, n in enumerate(sizes):
        result = None
        try:
            result = compute(axis, ANY_SIZE if n is None else n)
        except SizeError as error:
            if n is not None or not isinstance(error, EmptyOutputError):
                failures.setdefault(error.argument, (error, []))[1].append(AXES[rank][axis])
        results.append(None if n is None else result)
    for argument, (failure, axes) in failures.items():
        code = "SC102" if isinstance(failure, EmptyOutputError) else "SC106"
        call.report(code, f"{failure} ({_listed(axes)})", argument, failure.help)
    return tuple(results)


def _listed(words: list[str]) -> str:
    """``height``, ``height and width``, ``depth, height and width``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def outputs_of(windows: Iterable[Window | TransposedWindow | None]) -> Shape:
    """The sizes that windows come to."""
    return tuple(None if window is None else window.out for window in windows)
