"""Axes moved, cut, repeated, padded and cropped."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, figures, layer, model


@pytest.mark.parametrize(
    ("shape", "text", "output"),
    [
        ([768, 196], "{type: transpose, dim0: 1, dim1: 2}", [196, 768]),
        ([768, 196], "{type: swapaxes, dim0: -1, dim1: -2}", [196, 768]),
        ([512, 1, 1], "squeeze", [512]),
        ([1, 512, 1], "{type: squeeze, dim: 3}", [1, 512]),
        ([512, 1, 2], "{type: squeeze, dim: [2, 3]}", [512, 2]),
        ([28, 28], "{type: unsqueeze, dim: 1}", [1, 28, 28]),
        ([28, 28], "{type: unsqueeze, dim: -1}", [28, 28, 1]),
        ([96, 56, 56], "{type: roll, shifts: [-3, -3], dims: [2, 3]}", [96, 56, 56]),
        ([3, 8, 8], "{type: flip, dims: [2, 3]}", [3, 8, 8]),
        ([197, 768], "{type: slice, start: 1}", [196, 768]),
        ([197, 768], "{type: slice, dim: 2, end: -1, step: 2}", [197, 384]),
        ([197, 768], "{type: select, index: 0}", [768]),
        ([197, 768], "{type: select, dim: 2, index: -1}", [197]),
        ([64, 8], "{type: narrow, start: -8, length: 8}", [8, 8]),
        ([96, 1, 1], "{type: expand, sizes: [-1, 56, 56]}", [96, 56, 56]),
        ([64, 8], "{type: tile, repeats: [1, 3]}", [64, 24]),
        ([8, 196], "{type: repeat_interleave, repeats: 4}", [32, 196]),
        ([64, 8, 6], "{type: space_to_depth, block_size: 2}", [256, 4, 3]),
        ([64, 8, 6], "{type: depth_to_space, block_size: 4}", [4, 32, 24]),
        ([3, 8, 8], "{type: pad, padding: [0, 1, 2, 3]}", [3, 13, 9]),
        ([3, 8, 8], "{type: pad, padding: [0, 0, 0, 0, 1, 0]}", [4, 8, 8]),
        ([3, 8, 8], "{type: pad, padding: [-1, 7, 0, 0], mode: reflect}", [3, 8, 14]),
        ([3, 8, 8], "{type: crop, cropping: [[2, 1], 1]}", [3, 5, 6]),
        ([3, 8, 8], "{type: crop, cropping: 3}", [3, 2, 2]),
    ],
)
def test_sizes(shape: list[int], text: str, output: list[int]) -> None:
    assert figures(shape, text) == ([output], 0, 0)


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([8, 4], "{type: transpose, dim0: 0, dim1: 1}", ("SC106", "dim0")),
        ([8, 4], "{type: unsqueeze, dim: 0}", ("SC106", "dim")),
        ([8, 4], "{type: roll, shifts: [1, 2], dims: 1}", ("SC106", "dims")),
        ([8, 4], "{type: flip, dims: [1, 1]}", ("SC106", "dims")),
        ([8, 4], "{type: slice, start: 8}", ("SC102", "start")),
        ([8, 4], "{type: slice, step: 0}", ("SC106", "step")),
        ([8, 4], "{type: select, index: 8}", ("SC106", "index")),
        ([8, 4], "{type: narrow, start: 6, length: 3}", ("SC106", "length")),
        ([8, 4], "{type: narrow, start: 9, length: 1}", ("SC106", "start")),
        ([8, 4], "{type: split, split_size: [3, 4]}", ("SC106", "split_size")),
        ([8, 4], "{type: split, split_size: [8, 0]}", ("SC102", "split_size")),
        ([8, 4], "{type: split, split_size: 0}", ("SC106", "split_size")),
        ([20_000, 4], "unbind", ("SC106", "")),
        ([8, 4], "{type: expand, sizes: [-1, 8]}", ("SC106", "sizes")),
        ([8, 4], "{type: expand, sizes: [2, 8, 4]}", ("SC106", "sizes")),
        ([8, 4], "{type: tile, repeats: [1, 1, 2]}", ("SC106", "repeats")),
        ([8, 4], "{type: tile, repeats: [0, 1]}", ("SC102", "repeats")),
        ([6, 4, 4], "{type: depth_to_space, block_size: 2}", ("SC105", "block_size")),
        ([6, 4, 5], "{type: space_to_depth, block_size: 2}", ("SC105", "block_size")),
        ([3, 8, 8], "{type: pad, padding: [1]}", ("SC106", "padding")),
        ([3, 8, 8], "{type: pad, padding: [8, 0, 0, 0], mode: reflect}", ("SC106", "padding")),
        ([3, 8, 8], "{type: pad, padding: [1, 1], mode: reflect}", ("SC106", "padding")),
        ([3, 8], "{type: pad, padding: [0, 0, 0, 0, 1, 1]}", ("SC106", "padding")),
        ([3, 8], "{type: pad, padding: [-4, -4]}", ("SC102", "padding")),
        ([3, 8, 8], "{type: crop, cropping: 4}", ("SC102", "cropping")),
        ([3, 8, 8], "{type: crop, cropping: [1]}", ("SC106", "cropping")),
    ],
)
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text)[:1] == [found]


def test_pieces_are_read_one_by_one() -> None:
    parts = ["{type: unbind, name: qkv, dim: 1}", "{type: subtract, from: [qkv.0, qkv.2]}"]
    assert layer([3, 12, 64], *parts)["output_shapes"] == [[12, 64]]
    sizes = layer([70, 8], "{type: split, split_size: 32}")["output_shapes"]
    assert sizes == [[32, 8], [32, 8], [6, 8]]
    assert complaints([3, 4], "unbind", "relu") == [("SC006", "")]
    assert complaints([3, 4], "{type: unbind, name: u}", "{type: relu, from: u.3}") == [
        ("SC006", "from")
    ]


def test_the_pieces_of_an_unknown_size_are_not_counted() -> None:
    broken = "{type: conv1d, name: c, out_channels: 8, kernel_size: 9}"
    found = model([3, 4], broken, "{type: unbind, name: u, dim: 2}", "{type: relu, from: u.7}")
    assert [one["code"] for one in found["diagnostics"] if one["severity"] == "error"] == ["SC102"]


def test_the_index_of_a_repeat_selects() -> None:
    found = model(
        [3, 4],
        "{type: select, name: s, from: input, index: index + 1}",
    )
    assert [one["code"] for one in found["diagnostics"]] == ["SC004"]
    last = layer(
        [3, 4],
        "{type: sequential, repeat: 2, layers: [{type: unsqueeze, dim: 1}, "
        "{type: tile, repeats: [index + 2, 1, 1]}, {type: select, index: index}]}",
    )
    assert last["output_shapes"] == [[3, 4]]
