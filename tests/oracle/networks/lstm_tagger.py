"""The part-of-speech tagger of PyTorch's tutorial."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class LSTMTagger(nn.Module):
    """A tag for each word, from its state."""

    def __init__(self, vocabulary: int, width: int, hidden: int, tags: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.hidden2tag = nn.Linear(hidden, tags)
        self.log_softmax = nn.LogSoftmax(dim=-1)

    def forward(self, sentence: Tensor) -> Tensor:
        states, _ = self.lstm(self.word_embeddings(sentence))
        y: Tensor = self.log_softmax(self.hidden2tag(states))
        return y


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "LSTM tagger": lambda: (LSTMTagger(9, 6, 6, 3), ((5,),)),
}
