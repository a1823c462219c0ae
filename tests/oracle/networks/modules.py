"""Operations without a class in torch.nn, as leaf modules: the class name is the spec's type."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """The sum of its inputs."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for tensor in inputs[1:]:
            total = total + tensor
        return total


class Multiply(nn.Module):
    """The product of its inputs, element by element."""

    def forward(self, *inputs: Tensor) -> Tensor:
        product = inputs[0]
        for tensor in inputs[1:]:
            product = product * tensor
        return product


class Concat(nn.Module):
    """Its inputs joined along `dim` (0 is the batch)."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, self.dim)


class CenterCrop(nn.Module):
    """The middle of a feature map, as large as `like`."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        for axis in range(2, x.dim()):
            size = like.shape[axis]
            x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
        return x


class Chunk(nn.Module):
    """At most `chunks` pieces along `dim`."""

    def __init__(self, chunks: int, dim: int = 1) -> None:
        super().__init__()
        self.chunks = chunks
        self.dim = dim

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(x.chunk(self.chunks, self.dim))


class Split(nn.Module):
    """Pieces of the given sizes along `dim`."""

    def __init__(self, sizes: int | list[int], dim: int = 1) -> None:
        super().__init__()
        self.sizes = sizes
        self.dim = dim

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.split(x, self.sizes, self.dim))


class Reshape(nn.Module):
    """The target shape, without the batch."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Permute(nn.Module):
    """All axes in a new order; 0, the batch, comes first."""

    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)


class Parameter(nn.Module):
    """A learned tensor of the given shape, handed on with a batch axis of 1."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self) -> Tensor:
        return self.weight.unsqueeze(0)


class Constant(nn.Module):
    """A fixed tensor, handed on with a batch axis of 1."""

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value)

    def forward(self) -> Tensor:
        return self.value.unsqueeze(0)


class Select(nn.Module):
    """One index of an axis, which is dropped."""

    def __init__(self, dim: int, index: int) -> None:
        super().__init__()
        self.dim = dim
        self.index = index

    def forward(self, x: Tensor) -> Tensor:
        return x.select(self.dim, self.index)


class DropPath(nn.Module):
    """Stochastic depth: leaves samples out while training, and scales the others up for it."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        kept = torch.rand(x.shape[0], *(1,) * (x.dim() - 1)) >= self.p
        return x * kept / (1 - self.p)


class Scale(nn.Module):
    """A learned factor for each channel of an image (layer scale)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight[:, None, None]


class Roll(nn.Module):
    """Axes shifted; what falls off one end comes in at the other."""

    def __init__(self, shifts: tuple[int, ...], dims: tuple[int, ...]) -> None:
        super().__init__()
        self.shifts = shifts
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return torch.roll(x, self.shifts, self.dims)


class IndexSelect(nn.Module):
    """Those indices of an axis that `index` lists; it has a batch axis of 1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        return x.index_select(self.dim, index.squeeze(0))


class Unbind(nn.Module):
    """One output for each index of an axis."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.unbind(self.dim)


class Slice(nn.Module):
    """A range of an axis: `x[:, start:end:step]`."""

    def __init__(
        self, dim: int, start: int | None = None, end: int | None = None, step: int = 1
    ) -> None:
        super().__init__()
        self.dim = dim
        self.range = slice(start, end, step)

    def forward(self, x: Tensor) -> Tensor:
        return x[(*(slice(None),) * (self.dim % x.dim()), self.range)]


class ScaledDotProductAttention(nn.Module):
    """softmax(q kᵀ/√E) v, with a mask that is added to the products."""

    def __init__(self, is_causal: bool = False) -> None:
        super().__init__()
        self.is_causal = is_causal

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        return nn.functional.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=self.is_causal
        )


class Transpose(nn.Module):
    """Two axes swapped."""

    def __init__(self, dim0: int, dim1: int) -> None:
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(self.dim0, self.dim1)
