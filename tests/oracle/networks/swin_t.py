"""Swin-T, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .modules import (
    Add,
    Concat,
    Constant,
    DropPath,
    IndexSelect,
    Parameter,
    Permute,
    Reshape,
    Roll,
    ScaledDotProductAttention,
    Slice,
    Unbind,
)

WINDOW, AREA, HEAD = 7, 49, 32
WIDTHS = (96, 192, 384, 768)
DEPTHS = (2, 2, 6, 2)


def offsets() -> Tensor:
    """For each pair of pixels of a window, the number of the offset between them."""
    axis = torch.arange(WINDOW)
    rows, columns = (grid.flatten() for grid in torch.meshgrid(axis, axis, indexing="ij"))
    down = rows[:, None] - rows + WINDOW - 1
    right = columns[:, None] - columns + WINDOW - 1
    return (down * (2 * WINDOW - 1) + right).flatten()


def mask(side: int) -> Tensor:
    """-100 for the pairs of a shifted window that do not touch in the image."""
    last = (side - 1) * WINDOW
    place = torch.arange(side * WINDOW)
    zone = (place >= last).long() + (place >= last + WINDOW - WINDOW // 2)
    zones = (zone[:, None] * 3 + zone).reshape(side, WINDOW, side, WINDOW)
    zones = zones.transpose(1, 2).reshape(side * side, AREA)
    apart = zones[:, :, None] != zones[:, None, :]
    return apart.unsqueeze(1) * -100.0


class WindowAttention(nn.Module):
    """Attention among the 7×7 pixels of each window."""

    def __init__(self, width: int, side: int, shifted: bool) -> None:
        super().__init__()
        heads, windows, size, shift = width // HEAD, side**2, side * WINDOW, WINDOW // 2
        self.qkv = nn.Sequential(
            *([Roll((-shift, -shift), (1, 2))] if shifted else []),
            Reshape(side, WINDOW, side, WINDOW, width),
            Permute(0, 1, 3, 2, 4, 5),
            Reshape(windows, AREA, width),
            nn.Linear(width, 3 * width),
            Reshape(windows, AREA, 3, heads, HEAD),
            Permute(0, 3, 1, 4, 2, 5),
            Unbind(),
        )
        self.table = Parameter((2 * WINDOW - 1) ** 2, heads)
        self.offsets = Constant(offsets())
        self.select = IndexSelect(1)
        self.bias = nn.Sequential(Reshape(AREA, AREA, heads), Permute(0, 3, 1, 2))
        self.mask = Constant(mask(side)) if shifted else None
        self.add = Add()
        self.attention = ScaledDotProductAttention()
        self.out = nn.Sequential(
            Permute(0, 1, 3, 2, 4),
            nn.Flatten(3),
            nn.Linear(width, width),
            Reshape(side, side, WINDOW, WINDOW, width),
            Permute(0, 1, 3, 2, 4, 5),
            Reshape(size, size, width),
            *([Roll((shift, shift), (1, 2))] if shifted else []),
        )

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x)
        bias = self.bias(self.select(self.table(), self.offsets()))
        if self.mask is not None:
            bias = self.add(bias, self.mask())
        y: Tensor = self.out(self.attention(q, k, v, bias))
        return y


class SwinBlock(nn.Module):
    """Attention and an MLP, each with a norm before it and a shortcut."""

    def __init__(self, width: int, side: int, shifted: bool, drop: float) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.LayerNorm(width), WindowAttention(width, side, shifted), DropPath(drop)
        )
        self.add1 = Add()
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            DropPath(drop),
        )
        self.add2 = Add()

    def forward(self, x: Tensor) -> Tensor:
        x = self.add1(self.attention(x), x)
        y: Tensor = self.add2(self.mlp(x), x)
        return y


class PatchMerging(nn.Module):
    """Four neighbours become one pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rows = nn.ModuleList(Slice(1, start, step=2) for start in (0, 1))
        self.columns = nn.ModuleList(Slice(2, start, step=2) for start in (0, 0, 1, 1))
        self.concat = Concat(-1)
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        rows = [row(x) for row in self.rows]
        pixels = [column(rows[index % 2]) for index, column in enumerate(self.columns)]
        y: Tensor = self.reduction(self.norm(self.concat(*pixels)))
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    layers = [nn.Conv2d(3, 96, 4, 4), Permute(0, 2, 3, 1), nn.LayerNorm(96)]
    blocks = 0
    for stage, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
        side = 8 // 2**stage
        if stage:
            layers.append(PatchMerging(width // 2))
        for index in range(depth):
            drop = 0.2 * blocks / (sum(DEPTHS) - 1)
            layers.append(SwinBlock(width, side, index % 2 == 1 and side > 1, drop))
            blocks += 1
    layers += [nn.LayerNorm(768), Permute(0, 3, 1, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(768, 1000)), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "Swin-T": build,
}
