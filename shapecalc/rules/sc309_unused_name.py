"""A name, an `ignore` or a suppression comment that nothing needs.

What it does: reports `vars`, `blocks` and parameters of blocks that nothing reads, and `ignore`s
and comments that silence nothing although the rule they name is on. Nothing is said of a model with
errors, nor of an `ignore` on a layer that does not run.

Why is this bad: whoever changes an unused value expects the network to change. An `ignore` that is
not needed silences the next finding, which nobody has looked at.

Use instead: the name where it was meant, or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from shapecalc.graph import Graph
from shapecalc.rules.base import Found
from shapecalc.spec.names import words_of
from shapecalc.spec.source import Mapping, Sequence

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
vars: {width: 64, depth: 3}
layers:
  - {type: conv2d, out_channels: width, kernel_size: 3}
"""
PASSES = """
input: [3, 32, 32]
vars: {width: 64, depth: 3}
layers:
  - {type: conv2d, out_channels: width, kernel_size: 3, repeat: depth}
"""

#: Keys whose text means nothing to the model.
_FREE_TEXT = frozenset({"name", "description"})


def check(graph: Graph) -> Iterator[Found]:
    """Names of the model itself; those of a first document that serves all come separately."""
    yield from unused(graph.spec.keys, [graph.spec.keys])


def unused(keys: Mapping, readers: Iterable[Mapping]) -> Iterator[Found]:
    """The ``vars``, ``blocks`` and parameters of one document that no value of ``readers`` names.

    Every word of every value counts as a use, whatever it means there: what is reported is not
    used for certain.
    """
    if keys.keys().isdisjoint(("vars", "blocks", "dims")):
        return
    words = _words_by_block(readers)
    uses = Counter(chain.from_iterable(words.values()))
    yield from _unused_vars(keys.get("vars"), uses)
    yield from _unused_dims(keys.get("dims"), uses)
    blocks = keys.get("blocks")
    blocks = blocks if isinstance(blocks, Mapping) else Mapping()
    for name in blocks:
        # What a block says of itself is no use of it.
        if uses[name] == (name in words.get(name, ())):
            yield _found("the block", name, blocks, f"blocks.{name}")
    for name, block in blocks.items():
        if isinstance(block, Mapping) and isinstance(block.get("params"), Mapping):
            read = {name: words.get(name, set())}
            for param in block["params"]:
                if param not in read[name]:
                    path = f"blocks.{name}.params.{param}"
                    what = f"the parameter of block `{name}`"
                    yield _found(what, param, block["params"], path)


def _unused_vars(values: Any, uses: Counter[str]) -> Iterator[Found]:
    if isinstance(values, Mapping):
        for name in values:
            if name not in uses:
                yield _found("the value", name, values, f"vars.{name}")


def _unused_dims(names: Any, uses: Counter[str]) -> Iterator[Found]:
    for position, name in enumerate(names if isinstance(names, Sequence) else ()):
        if name not in uses:
            message = f"nothing reads the size `{name}`"
            extent = names.item_extents[position]
            yield Found(None, message, None, "leave it out, or use it", extent, f"dims[{position}]")


def _found(what: str, name: str, keys: Mapping, path: str) -> Found:
    message, help = f"nothing reads {what} `{name}`", "leave it out, or use it"
    return Found(None, message, None, help, keys.key_extents[name], path)


def _words_by_block(documents: Iterable[Mapping]) -> dict[str | None, set[str]]:
    """The words of all values, by the block they stand in (``None``: in no block)."""
    found: dict[str | None, set[str]] = {None: set()}
    for keys in documents:
        for key, value in keys.items():
            if key == "blocks" and isinstance(value, Mapping):
                for name, block in value.items():
                    found.setdefault(name, set()).update(words_of(block))
            elif key not in _FREE_TEXT and key != "dims":
                found[None].update(words_of(value))
    return found
