"""FCN-8s on VGG-16, as in the authors' Caffe model: specs/fcn.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add, CenterCrop


def convolutions(in_channels: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for turn in range(depth):
        layers.append(nn.Conv2d(width if turn else in_channels, width, 3, padding=1))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(2, 2, ceil_mode=True))


class FCN8s(nn.Module):
    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        self.to_pool3 = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=100),
            nn.ReLU(),
            convolutions(64, 64, 1),
            convolutions(64, 128, 2),
            convolutions(128, 256, 3),
        )
        self.to_pool4 = convolutions(256, 512, 3)
        self.to_pool5 = convolutions(512, 512, 3)
        self.head = nn.Sequential(
            nn.Conv2d(512, 4096, 7),
            nn.ReLU(),
            nn.Dropout(),
            nn.Conv2d(4096, 4096, 1),
            nn.ReLU(),
            nn.Dropout(),
            nn.Conv2d(4096, classes, 1),
        )
        self.upscore2 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.score_pool4 = nn.Conv2d(512, classes, 1)
        self.crop_pool4 = CenterCrop()
        self.fuse_pool4 = Add()
        self.upscore_pool4 = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.score_pool3 = nn.Conv2d(256, classes, 1)
        self.crop_pool3 = CenterCrop()
        self.fuse_pool3 = Add()
        self.upscore8 = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False)
        self.upscore8.requires_grad_(False)
        self.crop = CenterCrop()

    def forward(self, image: Tensor) -> Tensor:
        pool3 = self.to_pool3(image)
        pool4 = self.to_pool4(pool3)
        up = self.upscore2(self.head(self.to_pool5(pool4)))
        up = self.fuse_pool4(up, self.crop_pool4(self.score_pool4(pool4), up))
        up = self.upscore_pool4(up)
        up = self.fuse_pool3(up, self.crop_pool3(self.score_pool3(pool3), up))
        score: Tensor = self.crop(self.upscore8(up), image)
        return score


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "FCN-8s": lambda: (FCN8s(), ((3, 506, 506),)),
}
