"""What a model is run for: how many samples, in which numbers, to be trained or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from shapecalc.costs.devices import Device

Dtype = Literal["float32", "bfloat16", "float16", "int8"]
Optimizer = Literal["sgd", "momentum", "adam", "adamw"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)

#: The bytes of a floating-point number, by the dtype of the run.
WIDTHS: dict[Dtype, int] = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
#: How many numbers an optimizer remembers for each parameter, and for each weight tensor (the
#: number of its steps). Source: ``torch.optim``.
STATES: dict[Optimizer, tuple[int, int]] = {
    "sgd": (0, 0), "momentum": (1, 0), "adam": (2, 1), "adamw": (2, 1),
}  # fmt: skip


class SettingError(ValueError):
    """A setting that there is not."""


class Amount(NamedTuple):
    """Bytes: some whatever the batch, and some for each sample."""

    fixed: int = 0
    sample: int = 0

    def at(self, batch: int) -> int:
        """The bytes of a batch."""
        return self.fixed + batch * self.sample

    def plus(self, other: Amount) -> Amount:
        """The sum."""
        return Amount(self.fixed + other.fixed, self.sample + other.sample)

    def minus(self, other: Amount) -> Amount:
        """The difference."""
        return Amount(self.fixed - other.fixed, self.sample - other.sample)


@dataclass(frozen=True, slots=True)
class Setting:
    """The conditions under which costs are counted. Raises :class:`SettingError`."""

    batch: int = 1
    #: What floating-point numbers are stored as.
    dtype: Dtype = "float32"
    #: Whether parameters stay float32 and only layers that gain from it compute in ``dtype``.
    autocast: bool = False
    #: What trains the model; ``None``: nothing does.
    optimizer: Optimizer | None = None
    #: How many bytes there are for it.
    room: int | None = None
    #: What it runs on.
    device: Device | None = None

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise SettingError(f"a batch of {self.batch}: at least 1 sample is needed")
        if self.autocast and WIDTHS[self.dtype] != 2:
            raise SettingError(f"autocast computes in bfloat16 or float16, not in {self.dtype}")
        if self.optimizer and self.dtype == "int8":
            raise SettingError("int8 numbers have no gradients: train in another dtype")

    @property
    def training(self) -> bool:
        """Whether the model is trained."""
        return self.optimizer is not None

    @property
    def width(self) -> int:
        """The bytes of a floating-point number that a layer computes."""
        return WIDTHS[self.dtype]

    @property
    def weight_width(self) -> int:
        """The bytes of a parameter."""
        return WIDTHS["float32"] if self.autocast else self.width

    def describe(self) -> str:
        """``training with adam, batch 32, bfloat16 by autocast``."""
        what = f"training with {self.optimizer}" if self.optimizer else "inference"
        how = f"{self.dtype} by autocast" if self.autocast else self.dtype
        return f"{what}, batch {self.batch}, {how}"
