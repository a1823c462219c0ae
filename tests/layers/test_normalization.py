"""Norms: parameters, and the ranks they take."""

from __future__ import annotations

import pytest

from tests.layers.support import complaints, layer


@pytest.mark.parametrize(
    ("shape", "text", "params"),
    [
        ([64, 8, 8], "batch_norm2d", 128),
        ([64, 8, 8], "{type: batch_norm2d, bias: false}", 64),
        ([64, 8, 8], "sync_batch_norm", 128),
        ([64], "sync_batch_norm", 128),
        ([64, 8, 8], "instance_norm2d", 0),
        ([64, 8, 8], "{type: group_norm, num_groups: 8}", 128),
        ([64, 7, 7], "{type: layer_norm, normalized_shape: [64, 7, 7]}", 6272),
        ([10, 64], "rms_norm", 64),
        ([96, 27, 27], "{type: local_response_norm, size: 5}", 0),
        ([96, 27], "{type: local_response_norm, size: 50}", 0),
        ([96, 27, 27], "{type: CrossMapLRN2d, size: 4}", 0),
    ],
)
def test_parameters(shape: list[int], text: str, params: int) -> None:
    found = layer(shape, text)
    assert found["params"] == params
    assert found["output_shapes"] == [shape]


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        ([96], "{type: local_response_norm, size: 5}", ("SC103", "")),
        ([96, 27, 27], "{type: local_response_norm, size: 0}", ("SC106", "size")),
        ([96, 27], "{type: cross_map_lrn2d, size: 5}", ("SC103", "")),
        ([6, 4], "{type: group_norm, num_groups: 4}", ("SC105", "num_groups")),
        ([6, 1, 1], "instance_norm2d", ("SC106", "")),
    ],
)
def test_what_is_refused(shape: list[int], text: str, found: tuple[str, str]) -> None:
    assert complaints(shape, text) == [found]


def test_upsampling_of_one_mode() -> None:
    for name in ("upsampling_nearest2d", "UpsamplingBilinear2d"):
        assert layer([3, 5, 5], f"{{type: {name}, scale_factor: 1.5}}")["output_shapes"] == [
            [3, 7, 7]
        ]
        assert complaints([3, 5], f"{{type: {name}, scale_factor: 2}}") == [("SC103", "")]
        assert complaints([3, 5, 5], f"{{type: {name}}}") == [("SC106", "")]
        both = f"{{type: {name}, scale_factor: 2, size: 3}}"
        assert complaints([3, 5, 5], both) == [("SC106", "scale_factor")]
