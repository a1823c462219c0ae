"""What attention and the transformers made of it cost beside their MACs, with ``L`` queries, ``S``
keys, ``E`` features and ``H`` heads.

The numbers kept are those of eager PyTorch with ``batch_first``: it turns the sequence round first,
and so keeps a copy of what it is given.
"""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.layers.base import Dim, Tensor, product
from shapecalc.layers.cost import Kept, added, times


class Numbers(NamedTuple):
    """How many numbers are kept, and how many truth values (masks of dropout)."""

    numbers: Dim
    masks: Dim = 0

    def tensors(self) -> tuple[Tensor, ...]:
        """The same as tensors."""
        masks = (Tensor((self.masks,), "bool"),) if self.masks != 0 else ()
        return (Tensor((self.numbers,)), *masks)


def attention_ops(heads: int, queries: Dim, keys: Dim) -> Dim:
    """For each query and key the scale, and softmax's exponential, sum and division."""
    return product((4, heads, queries, keys))


class Attention(NamedTuple):
    """An attention with projections: its sizes, and what it is given."""

    heads: int
    size: Dim
    queries: Dim
    keys: Dim
    #: The features of keys and values, as far as they are sequences of their own.
    features: tuple[Dim, ...] = ()
    #: How many keys it adds.
    added_keys: int = 0
    dropout: float = 0.0

    def kept(self, with_weights: bool) -> Numbers:
        """What it keeps: by a fused kernel a sum for each query, ``with_weights`` all weights.

        The sequences as they were given, the projections (in one piece for self-attention), and
        what is attended to; without a fused kernel the queries once more, scaled.
        """
        one = self._row
        sums = product((self.heads, self.queries))
        given = added(one, *(product((self.keys, width)) for width in self.features))
        numbers = added(given, self._projected(with_weights), one)
        if not with_weights:
            return Numbers(added(numbers, sums))
        weights = product((sums, added(self.keys, self.added_keys)))
        dropped = weights if self.dropout else 0
        return Numbers(added(numbers, weights, dropped), dropped)

    @property
    def _row(self) -> Dim:
        return product((self.queries, self.size))

    def _projected(self, with_weights: bool) -> Dim:
        both = times(2, product((added(self.keys, self.added_keys), self.size)))
        if self.features:
            return added(self._row, both)
        if not self.added_keys:
            return times(3 + with_weights, self._row)
        return added(times(1 if with_weights else 3, self._row), both)


class Block(NamedTuple):
    """A transformer layer: its sizes and what it is made of."""

    size: Dim
    heads: int
    hidden: int
    #: Whether the activation is one that keeps what it is computed from.
    gelu: bool
    dropout: float
    norm_first: bool

    def ops(self, queries: Dim, *met: Dim) -> Dim:
        """The element operations of one layer whose queries attend to so many keys each time."""
        count = len(met)
        attentions = [attention_ops(self.heads, queries, keys) for keys in met]
        each = product((queries, self.size))
        # A norm takes 5, a residual 1.
        return added(*attentions, times(6 * (count + 1), each), product((queries, self.hidden)))

    def kept(self, queries: Dim, own: Dim, other: Dim | None = None) -> Numbers:
        """What one layer keeps; ``other`` are the keys of a decoder's memory."""
        attentions = [Attention(self.heads, self.size, queries, own).kept(False)]
        if other is not None:
            memory = Attention(self.heads, self.size, queries, other, (self.size,))
            attentions.append(memory.kept(False))
        norms = len(attentions) + 1
        each, hidden = product((queries, self.size)), product((queries, self.hidden))
        # The input of each norm (with norm_first that of the first is the layer's own), the input
        # of the dense stack, two statistics a norm and position.
        around = added(times(norms + 1 - self.norm_first, each), times(2 * norms, queries))
        inner = times(2 if self.gelu or self.dropout else 1, hidden)
        numbers = added(*(one.numbers for one in attentions), around, inner)
        masks = added(times(norms, each), hidden) if self.dropout else 0
        return Numbers(numbers, masks)

    def stacked(self, count: int, each: Numbers, length: Dim, norm: bool) -> Numbers:
        """What ``count`` layers keep, with a norm behind them."""
        row = product((length, self.size))
        between = times(max(count - 1, 0), row) if self.norm_first else 0
        last = added(row, times(2, length)) if norm else 0
        masks = times(count, each.masks)
        return Numbers(added(times(count, each.numbers), between, last), masks)


def as_kept(found: Numbers, input_too: bool) -> Kept:
    """The numbers as what a layer keeps."""
    return Kept(inputs=(0,) if input_too else (), own=found.tensors())
