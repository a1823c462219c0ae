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
    """The middle of a feature map, as high and wide as `like`."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        height, width = like.shape[-2:]
        top = (x.shape[-2] - height) // 2
        left = (x.shape[-1] - width) // 2
        return x[..., top : top + height, left : left + width]


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
