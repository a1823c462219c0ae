"""ViT-B/16, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add, Concat, Parameter, Permute, Select

PATCH, WIDTH, DEPTH, HEADS = 16, 768, 12, 12
TOKENS = 1 + (224 // PATCH) ** 2


class EncoderBlock(nn.Module):
    """Attention and an MLP, each with a norm before it and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.dropout = nn.Dropout(0.0)
        self.add1 = Add()
        self.mlp = nn.Sequential(
            nn.LayerNorm(WIDTH, eps=1e-6),
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(4 * WIDTH, WIDTH),
            nn.Dropout(0.0),
        )
        self.add2 = Add()

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        attended, _ = self.attention(normed, normed, normed, need_weights=False)
        x = self.add1(self.dropout(attended), x)
        y: Tensor = self.add2(self.mlp(x), x)
        return y


class VisionTransformer(nn.Module):
    """Patches and a class token, whose last state is classified."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            nn.Conv2d(3, WIDTH, PATCH, PATCH), nn.Flatten(2), Permute(0, 2, 1)
        )
        self.class_token = Parameter(1, WIDTH)
        self.concat = Concat(1)
        self.positions = Parameter(TOKENS, WIDTH)
        self.add = Add()
        self.encoder = nn.Sequential(
            nn.Dropout(0.0),
            *(EncoderBlock() for _ in range(DEPTH)),
            nn.LayerNorm(WIDTH, eps=1e-6),
            Select(1, 0),
            nn.Linear(WIDTH, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x)
        class_token = self.class_token().expand(len(tokens), -1, -1)
        sequence = self.concat(class_token, tokens)
        y: Tensor = self.encoder(self.add(sequence, self.positions()))
        return y


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ViT-B/16": lambda: (VisionTransformer(), ((3, 224, 224),)),
}
