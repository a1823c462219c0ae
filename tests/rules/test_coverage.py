"""Which cells are never read: the masks against a naive count, and SC201-SC203 on whole tensors."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc import coverage
from shapecalc.checker import check_source
from shapecalc.coverage import Unread, has_gaps, read_cells, unread_cells
from shapecalc.sizes import Rounding, SizeError, Window, conv_window, pool_window
from shapecalc.spec.source import Source

# --- windows ---------------------------------------------------------------------------------


def naive(window: Window) -> list[int]:
    """For each cell, whether a window has a tap on it: every tap of every window is visited."""
    touched = [0] * window.n
    for position in range(window.out):
        for tap in range(window.kernel):
            cell = position * window.stride - window.before + tap * window.dilation
            if 0 <= cell < window.n:
                touched[cell] = 1
    return touched


@st.composite
def windows(draw: st.DrawFn, n: int | None = None) -> Window:
    """A convolution or a pool, rounded either way, with the largest kernel drawn that fits."""
    small = st.integers(1, 6)
    n = draw(st.integers(1, 40)) if n is None else n
    kernel, stride, dilation = draw(small), draw(small), draw(small)
    sides = draw(st.tuples(st.integers(0, 12), st.integers(0, 12)))
    how: Rounding = draw(st.sampled_from(["floor", "ceil"]))
    is_pool = draw(st.booleans())
    while True:
        try:
            if is_pool:
                side = min(sides[0], kernel // 2)
                return pool_window(n, kernel, stride, side, dilation, ceil_mode=how == "ceil")
            return conv_window(n, kernel, stride, sides, dilation, how)
        except SizeError:
            kernel -= 1


@given(windows())
def test_read_cells(window: Window) -> None:
    assert list(read_cells(window)) == naive(window)


@given(windows())
def test_has_gaps_is_exact_enough(window: Window) -> None:
    """Where it says no, no cell before the last one read (and behind the padding) is unread."""
    touched = naive(window)
    inner = touched[: len(touched) - touched[::-1].index(1)] if 1 in touched else []
    if not has_gaps(window) and window.before < window.span:
        assert 0 not in inner


@given(windows())
def test_the_end_is_what_the_window_says(window: Window) -> None:
    if not has_gaps(window):
        touched = naive(window)
        assert len(touched) - sum(touched) == window.unread or window.before >= window.span


@given(st.data(), st.integers(1, 40))
@settings(max_examples=300)
def test_unread_cells(data: st.DataObject, n: int) -> None:
    """Several readers of one axis, some of whose cells a pad layer has put there."""
    readers = data.draw(st.lists(windows(n), min_size=1, max_size=4))
    before, after = data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    union = [max(column) for column in zip(*map(naive, readers), strict=True)]
    unread = [cell for cell in range(before, n - after) if not union[cell]]
    end = 0
    while n - after - 1 - end in unread:
        end += 1
    if end == len(unread):
        assert unread_cells(readers, before, after) == Unread(end, 0)
    else:
        found = unread_cells(readers, before, after)
        assert sum(found) == len(unread)
        assert found.end == end


# --- specs -----------------------------------------------------------------------------------


def found(text: str) -> list[tuple[str, int, str]]:
    """(code, line, message) of all that SC2xx has to say."""
    report = check_source(Source("spec.yaml", dedent(text).lstrip()))
    assert not [one for one in report.diagnostics if one.severity == "error"]
    return [
        (one.code, one.line, one.text) for one in report.diagnostics if one.code.startswith("SC2")
    ]


def codes(text: str) -> list[tuple[str, int]]:
    return [(code, line) for code, line, _ in found(text)]


def layers(*lines: str, size: int = 56, head: str = "") -> str:
    body = "".join(f"  - {line}\n" for line in lines)
    return f"{head}input: [8, {size}, {size}]\nlayers:\n{body}"


def conv(kernel: int, stride: int = 1, padding: int = 0, **more: int | str) -> str:
    rest = "".join(
        f", {key.rstrip('_')}: {value}" for key, value in {"out_channels": 8, **more}.items()
    )
    return f"{{type: conv2d, kernel_size: {kernel}, stride: {stride}, padding: {padding}{rest}}}"


@pytest.mark.parametrize(
    ("layer", "size", "expected"),
    [
        (conv(3, 2), 57, []),
        (conv(3, 2), 56, ["SC201"]),
        (conv(3, 2, 1), 57, []),
        (conv(3, 2, 1), 56, ["SC202"]),  # only padding is dropped
        (conv(7, 2, 3), 224, ["SC202"]),
        (conv(7, 4, 0), 32, ["SC201"]),
        ("{type: max_pool2d, kernel_size: 2}", 56, []),
        ("{type: max_pool2d, kernel_size: 2}", 57, ["SC201"]),
        ("{type: max_pool2d, kernel_size: 2, ceil_mode: true}", 57, ["SC202"]),
        ("{type: max_pool2d, kernel_size: 3, stride: 2, ceil_mode: true}", 56, ["SC202"]),
        ("{type: avg_pool2d, kernel_size: 2, stride: 3}", 56, ["SC203"]),
        (conv(1, 2), 57, ["SC203"]),
        # The cell at the end is one more of those that are skipped.
        (conv(1, 2), 56, ["SC203"]),
        (conv(2, 5), 54, ["SC203"]),
        # One window: nothing is between the windows.
        (conv(2, 7), 7, ["SC201"]),
        (conv(3, 1, 2, dilation=2), 56, []),
        # Strides of 2 over taps 2 apart: only every other cell.
        (conv(3, 2, 2, dilation=2), 57, ["SC203"]),
        (conv(3, 2, 2, dilation=3), 57, []),
        (conv(3, 3, 3, dilation=3), 57, ["SC203"]),
        (conv(2, 1, 0, dilation=4), 8, []),
        (conv(2, 1, 0, dilation=5), 8, ["SC203"]),
        (conv(3, 1, 18, dilation=18), 14, []),
    ],
)
def test_one_reader(layer: str, size: int, expected: list[str]) -> None:
    assert [code for code, _ in codes(layers(layer, size=size))] == expected


def test_plain_rounding_up_loses_nothing() -> None:
    text = layers(conv(3, 2), head="rounding: ceil\n")
    ((code, _, message),) = found(text)
    assert code == "SC202"
    assert "⌈27.5⌉ = 28; the last window hangs 1 cell over the edge" in message


def test_projection_beside_a_convolution_loses_nothing() -> None:
    text = """
        input: [8, 56, 56]
        layers:
          - type: residual
            body:
              - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}
            shortcut:
              - {type: conv2d, out_channels: 8, kernel_size: 1, stride: 2}
    """
    first, second = found(text)
    assert first[:2] == ("SC202", 5)
    assert first[2].endswith("only 1 cell of padding dropped")
    assert second[:2] == ("SC202", 7)
    assert second[2].endswith("the rest is read elsewhere")


def test_two_projections_alone_skip() -> None:
    branch = "[{type: conv2d, out_channels: 8, kernel_size: 1, stride: 2}]"
    text = layers(f"{{type: parallel, branches: [{branch}, {branch}]}}", size=57)
    assert codes(text) == [("SC203", 3), ("SC203", 3)]


def test_readers_that_complete_one_another() -> None:
    """Windows at even cells, and (one cell of padding) at odd ones."""
    even = "{type: conv2d, name: even, from: input, out_channels: 8, kernel_size: 1, stride: 2}"
    odd = even.replace("even", "odd").replace("stride: 2", "stride: 2, padding: 1")
    both = layers(even, odd, size=57) + "outputs: [even, odd]\n"
    assert codes(both) == []
    alone = layers(even, size=57)
    assert codes(alone) == [("SC203", 3)]


def test_all_readers_miss_the_last_row() -> None:
    pool = "{type: max_pool2d, name: pool, from: input, kernel_size: 3, stride: 2}"
    text = layers(conv(3, 2, name="conv", from_="input"), pool)
    text += "outputs: [conv, pool]\n"
    assert codes(text) == [("SC201", 3), ("SC201", 4)]
    reads_all = layers(conv(3, 2, name="conv", from_="input"), pool, "{type: relu, from: input}")
    reads_all += "outputs: [conv, pool]\n"
    assert [code for code, _ in codes(reads_all)] == ["SC202", "SC202"]


def test_each_tensor_on_its_own() -> None:
    """The pool loses a row of what the convolution yields; the convolution loses none."""
    text = layers(conv(3, 2), "{type: max_pool2d, kernel_size: 2}", size=55)
    ((code, line, message),) = found(text)
    assert (code, line) == ("SC201", 4)
    assert "⌊13.5⌋ = 13; the last row and the last column are never read" in message


def test_an_output_of_the_model_is_read() -> None:
    text = layers("{type: relu, name: features}", conv(3, 2, name="down"))
    assert [code for code, _ in codes(text)] == ["SC201"]
    assert [code for code, _ in codes(text + "outputs: [features, down]\n")] == ["SC202"]


def test_a_layer_named_for_its_shape_reads_nothing() -> None:
    text = layers(
        "{type: relu, name: features}",
        conv(3, 2, name="down"),
        "{type: upsample, like: features}",
    )
    assert codes(text) == [("SC201", 4)]


def test_cells_that_a_pad_layer_added_are_no_loss() -> None:
    """Keras' ResNet pads by hand: 224 + 6 = 230, of which the last column is dropped."""
    for framework, pad, shape in (
        ("pytorch", "{type: zero_pad2d, padding: 3}", "[3, 224, 224]"),
        ("pytorch", "{type: pad, padding: [3, 3, 3, 3]}", "[3, 224, 224]"),
        ("keras", "{type: zero_pad2d, padding: 3}", "[224, 224, 3]"),
    ):
        text = f"""
            framework: {framework}
            input: {shape}
            layers:
              - {pad}
              - {{type: conv2d, out_channels: 64, kernel_size: 7, stride: 2}}
        """
        ((code, _, message),) = found(text)
        assert code == "SC202"
        assert message.endswith("only 1 cell of padding dropped")


def test_cells_behind_a_thin_pad_are_lost() -> None:
    text = layers("{type: zero_pad2d, padding: [0, 1, 0, 1]}", conv(3, 5), size=56)
    ((code, _, message),) = found(text)
    assert code == "SC203"
    text = layers("{type: zero_pad2d, padding: [0, 1, 0, 1]}", conv(5, 5), size=58)
    ((code, _, message),) = found(text)
    assert code == "SC201"
    assert "the last 3 rows and the last 3 columns are never read" in message


def test_one_axis_of_two() -> None:
    text = """
        input: [8, 56, 57]
        layers:
          - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}
    """
    ((_, _, message),) = found(text)
    assert message.startswith("conv2d: height not an integer:")
    assert message.endswith("the last row is never read")


def test_what_would_make_it_exact() -> None:
    def help_of(layer: str, size: int = 56) -> str:
        report = check_source(Source("spec.yaml", layers(layer, size=size)))
        return report.diagnostics[0].help or ""

    # Padding on both sides does not change the parity, but then only padding is left.
    assert help_of(conv(3, 2)) == (
        "exact with kernel_size: 4 (56 → 27), 55 or 57 cells instead of 56; "
        "padding: 1 (56 → 28) reads the rest"
    )
    assert help_of("{type: max_pool2d, kernel_size: 2}", 57) == (
        "exact with 56 or 58 cells instead of 57; "
        "padding: 1 (57 → 29) or ceil_mode: true reads the rest"
    )


def test_a_repeated_layer_is_one_finding() -> None:
    text = """
        input: [8, 255, 255]
        blocks:
          down:
            layers:
              - {type: max_pool2d, kernel_size: 2}
        layers:
          - {type: down, repeat: 3}
    """
    ((code, line, message),) = found(text)
    assert (code, line) == ("SC201", 5)
    assert message.endswith("(in 3 uses)")


def test_unknown_sizes_raise_nothing() -> None:
    text = "input: [8, 56, 56]\nlayers:\n  - {type: nonsense}\n  - " + conv(3, 2)
    report = check_source(Source("spec.yaml", text))
    assert [one.code for one in report.diagnostics] == ["SC003"]


def test_past_the_bound_only_the_ends_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MAX_COST", 0)
    assert [code for code, _ in codes(layers(conv(3, 2)))] == ["SC201"]
    assert [code for code, _ in codes(layers(conv(1, 2), size=57))] == []


@pytest.mark.slow
def test_a_long_axis_with_many_readers_is_bounded() -> None:
    """Each would cost a look at millions of cells; memory and time stay bounded."""
    text = """
        input: [1, 4000000]
        blocks:
          reader:
            params: {k}
            layers:
              - {type: conv1d, name: step, out_channels: 1, kernel_size: 2}
              - {type: conv1d, name: look, out_channels: 1, kernel_size: k, stride: k + 1}
              - {type: identity, from: step}
        layers:
          - {type: reader, repeat: 2000, k: index % 5 + 1}
    """
    assert {code for code, _, _ in found(text)} <= {"SC201", "SC202", "SC203"}
