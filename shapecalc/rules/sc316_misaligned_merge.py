"""The branches of a merge look at different places of the input.

What it does: reports an `add`, `concat` or other merge whose branches have cells of the same index
centred on different places of the model's input, or drifting apart from cell to cell; but not those
that end at the same cell, as causal ones do. `shapecalc check --columns jump,start,centre` shows
where each layer looks. Off unless selected.

Why is this bad: what is merged belongs to places that lie apart, and half a cell of a coarse branch
may be several pixels: outlines blur, boxes are shifted. Networks learn to live with it, so that it
is worth a look where positions matter, and no more than that.

Use instead: odd kernels with a padding of half of them on both branches; and an upsampling that
undoes the downsampling: a transposed convolution with the kernel, stride and padding of the strided
one, or nearest and bilinear upsampling after pools and kernels as even as their stride.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.graph import Graph, Node, Port
from shapecalc.reach import Reach
from shapecalc.rules._flow import label
from shapecalc.rules.base import Found

if TYPE_CHECKING:
    from shapecalc.receptive import Fields

SEVERITY = "warning"
DEFAULT = False
FAILS = """
input: [8, 32, 32]
layers:
  - {type: conv2d, name: down, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}
  - {type: upsample, scale_factor: 2}
  - {type: add, from: [input, prev]}
"""
PASSES = """
input: [8, 32, 32]
layers:
  - {type: conv2d, name: down, out_channels: 8, kernel_size: 4, stride: 2, padding: 1}
  - {type: conv_transpose2d, out_channels: 8, kernel_size: 4, stride: 2, padding: 1}
  - {type: add, from: [input, prev]}
"""


class _Place(NamedTuple):
    """Where the first cell of a branch looks along an axis, and how far off the next one does."""

    centre: Fraction
    jump: Fraction
    #: The end of what it sees.
    end: Fraction


def check(graph: Graph) -> Iterator[Found]:
    """Merges of branches that look elsewhere."""
    from shapecalc.receptive import fields, merges

    found = fields(graph)
    for node, ports in merges(graph):
        joined = found.joined_axis(node)
        for name in graph.inputs:
            for axis in found.places(name):
                places = [
                    (port, place)
                    for port in ports
                    if (place := _place(found, port, name, axis, joined)) is not None
                ]
                if not _aligned([place for _, place in places]):
                    yield _found(node, places)
                    break
            else:
                continue
            break


def _aligned(places: list[_Place]) -> bool:
    """Whether branches go on side by side, from one centre or to one end."""
    if len({place.jump for place in places}) > 1:
        return False
    return min(len({one.centre for one in places}), len({one.end for one in places})) <= 1


def _place(found: Fields, port: Port, name: str, axis: int, joined: int | None) -> _Place | None:
    """Where a branch looks; ``None`` where it sees all, or along what a concat joins."""
    seen = found.sight(port).get(name)
    if seen is None or seen[axis].along is None or seen[axis].along == joined:
        return None
    reach = seen[axis].reach
    centre = reach.centre
    if centre is None or not reach.advance:
        return None
    return _Place(centre, reach.jump, centre + Fraction(_mean_size(reach) - 1) / 2)


def _mean_size(reach: Reach) -> Fraction:
    sizes = [int(last - first) + 1 for first, last in filter(None, reach.phases)]
    return Fraction(sum(sizes), len(sizes))


def _found(node: Node, places: list[tuple[Port, _Place]]) -> Found:
    one, other = places[0], next(entry for entry in places if entry[1] != places[0][1])
    text = " and ".join(f"{_branch(port)} {_said(place)}" for port, place in (one, other))
    kind = (
        "drift apart" if one[1].jump != other[1].jump else "look at different places of the input"
    )
    return Found(node, f"its branches {kind}: {text}", "from")


def _branch(port: Port) -> str:
    node = port.node
    return f"`{node.name}`" if node.inference is None else label(node)


def _said(place: _Place) -> str:
    step = f" in steps of {_number(place.jump)}" if place.jump != 1 else ""
    return f"from {_number(place.centre)} on{step}"


def _number(value: Fraction) -> str:
    return f"{float(value):.4g}"
