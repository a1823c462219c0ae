"""ConvNeXt-T, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add, DropPath, Permute, Scale

WIDTHS = (96, 192, 384, 768)
DEPTHS = (3, 3, 9, 3)


def channel_norm(channels: int) -> list[nn.Module]:
    """A layer norm over the channels of each pixel."""
    return [Permute(0, 2, 3, 1), nn.LayerNorm(channels, eps=1e-6), Permute(0, 3, 1, 2)]


class Block(nn.Module):
    """A depthwise convolution and an MLP for each pixel, scaled, beside a shortcut."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 7, padding=3, groups=width),
            Permute(0, 2, 3, 1),
            nn.LayerNorm(width, eps=1e-6),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            Permute(0, 3, 1, 2),
            Scale(width),
            DropPath(drop),
        )
        self.add = Add()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.add(self.body(x), x)
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTHS[0], 4, 4)]
    channels, blocks = WIDTHS[0], 0
    for width, depth in zip(WIDTHS, DEPTHS, strict=True):
        layers += channel_norm(channels)
        if width != channels:
            layers.append(nn.Conv2d(channels, width, 2, 2))
            channels = width
        for _ in range(depth):
            layers.append(Block(width, 0.1 * blocks / (sum(DEPTHS) - 1)))
            blocks += 1
    layers += [nn.AdaptiveAvgPool2d(1), *channel_norm(channels), nn.Flatten()]
    layers.append(nn.Linear(channels, 1000))
    return nn.Sequential(*layers), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ConvNeXt-T": build,
}
