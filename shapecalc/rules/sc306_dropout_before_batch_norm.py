"""A dropout stands straight before a batch norm.

What it does: reports a dropout whose output reaches a batch norm through nothing but activations
and reshapes.

Why is this bad: dropout raises the variance while training and not afterwards; the batch norm keeps
the variance of training and divides by it when testing. The network is tested on other statistics
than it was trained on (Li, Chen, Hu, Yang: "Understanding the Disharmony between Dropout and Batch
Normalization by Variance Shift", 2018, arXiv:1801.05134).

Use instead: the dropout after the last batch norm. A convolution or linear layer in between weakens
the effect, and is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._flow import (
    ACTIVATION,
    BATCH_NORM,
    DROPOUT,
    IDENTITY,
    RESHAPE,
    flow,
    label,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [256]
layers:
  - {type: linear, out_features: 256}
  - relu
  - {type: dropout, p: 0.5}
  - batch_norm1d
"""
PASSES = """
input: [256]
layers:
  - {type: linear, out_features: 256}
  - relu
  - batch_norm1d
  - {type: dropout, p: 0.5}
"""


PASSING = IDENTITY | RESHAPE | ACTIVATION


def check(graph: Graph) -> Iterator[Found]:
    """Dropouts that shift the variance under a batch norm."""
    found = flow(graph)
    for node in found.of(DROPOUT):
        if not getattr(node.layer, "p", 0):
            continue
        norm = found.next(node, PASSING)
        if norm is None or norm not in BATCH_NORM:
            continue
        if getattr(norm.layer, "track_running_stats", True):
            yield Found(
                node,
                f"the {label(norm)} after it keeps the variance with dropout, and is tested on "
                "that without",
                None,
                "move the dropout behind the batch norm",
            )
