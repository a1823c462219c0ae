"""DCGAN, as in the PyTorch tutorial: specs/dcgan.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


def up(in_channels: int, out_channels: int, stride: int = 2, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, stride, padding, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def down(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.2),
    )


class Generator(nn.Module):
    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        self.main = nn.Sequential(
            up(nz, ngf * 8, stride=1, padding=0),
            up(ngf * 8, ngf * 4),
            up(ngf * 4, ngf * 2),
            up(ngf * 2, ngf),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        image: Tensor = self.main(z)
        return image


class Discriminator(nn.Module):
    def __init__(self, nc: int = 3, ndf: int = 64) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            down(ndf, ndf * 2),
            down(ndf * 2, ndf * 4),
            down(ndf * 4, ndf * 8),
            nn.Conv2d(ndf * 8, 1, 4, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, image: Tensor) -> Tensor:
        probability: Tensor = self.main(image)
        return probability


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "generator": lambda: (Generator(), ((100, 1, 1),)),
    "discriminator": lambda: (Discriminator(), ((3, 64, 64),)),
}
