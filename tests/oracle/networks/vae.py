"""The VAE of "World Models": specs/vae.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Reshape

LATENT = 32


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2),
            nn.ReLU(),
            nn.Conv2d(64, 128, 4, stride=2),
            nn.ReLU(),
            nn.Conv2d(128, 256, 4, stride=2),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.mu = nn.Linear(1024, LATENT)
        self.logvar = nn.Linear(1024, LATENT)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        code = self.features(frame)
        return self.mu(code), self.logvar(code)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(LATENT, 1024),
            Reshape(1024, 1, 1),
            nn.ConvTranspose2d(1024, 128, 5, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 5, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 6, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 3, 6, stride=2),
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        frame: Tensor = self.main(z)
        return frame


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "encoder": lambda: (Encoder(), ((3, 64, 64),)),
    "decoder": lambda: (Decoder(), ((LATENT,),)),
}
