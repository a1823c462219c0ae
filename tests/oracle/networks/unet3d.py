"""The 3D U-Net of Çiçek et al., its convolutions unpadded."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import CenterCrop, Concat


def conv_bn_relu(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv3d(inputs, outputs, 3), nn.BatchNorm3d(outputs, affine=False), nn.ReLU()]


def analysis(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(*conv_bn_relu(inputs, width), *conv_bn_relu(width, 2 * width))


class Level(nn.Module):
    """What lies below a level of the U, enlarged and joined to what comes across."""

    def __init__(self, below: nn.Module, received: int, width: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool3d(2)
        self.below = below
        self.up = nn.ConvTranspose3d(received, received, 2, 2, bias=False)
        self.crop = CenterCrop()
        self.concat = Concat()
        self.synthesis = nn.Sequential(
            *conv_bn_relu(width + received, width), *conv_bn_relu(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        up = self.up(self.below(self.pool(x)))
        y: Tensor = self.synthesis(self.concat(self.crop(x, up), up))
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    level3 = Level(analysis(256, 256), 512, 256)
    level2 = Level(nn.Sequential(analysis(128, 128), level3), 256, 128)
    level1 = Level(nn.Sequential(analysis(64, 64), level2), 128, 64)
    network = nn.Sequential(analysis(3, 32), level1, nn.Conv3d(64, 3, 1))
    return network, ((3, 116, 132, 132),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "3D U-Net": build,
}
