"""VGG-16, torchvision's: specs/vgg16.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


def stage(in_channels: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for turn in range(depth):
        layers.append(nn.Conv2d(width if turn else in_channels, width, 3, padding=1))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(2))


class VGG16(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            stage(3, 64, 2),
            stage(64, 128, 2),
            stage(128, 256, 3),
            stage(256, 512, 3),
            stage(512, 512, 3),
        )
        self.pool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, classes),
        )

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.pool(self.features(image)))
        return logits


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "VGG-16": lambda: (VGG16(), ((3, 224, 224),)),
}
