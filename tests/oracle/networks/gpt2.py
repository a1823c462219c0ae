"""GPT-2 small, as in nanoGPT."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .modules import Add, Constant, ScaledDotProductAttention, Split, Transpose

TOKENS, VOCABULARY, WIDTH, DEPTH, HEADS, DROPOUT = 1024, 50257, 768, 12, 12, 0.1


def split_heads() -> nn.Sequential:
    return nn.Sequential(nn.Unflatten(2, (HEADS, WIDTH // HEADS)), Transpose(1, 2))


class CausalAttention(nn.Module):
    """Each token attends to itself and those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Sequential(nn.Linear(WIDTH, 3 * WIDTH), Split(WIDTH, 2))
        self.q, self.k, self.v = split_heads(), split_heads(), split_heads()
        self.attention = ScaledDotProductAttention(is_causal=True)
        self.out = nn.Sequential(
            Transpose(1, 2), nn.Flatten(2), nn.Linear(WIDTH, WIDTH), nn.Dropout(DROPOUT)
        )

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x)
        y: Tensor = self.out(self.attention(self.q(q), self.k(k), self.v(v)))
        return y


class DecoderBlock(nn.Module):
    """Attention and an MLP, each with a norm before it and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(WIDTH), CausalAttention())
        self.add1 = Add()
        self.mlp = nn.Sequential(
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * WIDTH, WIDTH),
            nn.Dropout(DROPOUT),
        )
        self.add2 = Add()

    def forward(self, x: Tensor) -> Tensor:
        x = self.add1(self.attention(x), x)
        y: Tensor = self.add2(self.mlp(x), x)
        return y


class GPT2(nn.Module):
    """Tokens in, the logits of the next token at each of them out."""

    def __init__(self) -> None:
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.order = Constant(torch.arange(TOKENS))
        self.wpe = nn.Embedding(TOKENS, WIDTH)
        self.add = Add()
        self.decoder = nn.Sequential(
            nn.Dropout(DROPOUT), *(DecoderBlock() for _ in range(DEPTH)), nn.LayerNorm(WIDTH)
        )
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.add(self.wte(tokens), self.wpe(self.order()))
        y: Tensor = self.lm_head(self.decoder(x))
        return y


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "GPT-2 small": lambda: (GPT2(), ((TOKENS,),)),
}
