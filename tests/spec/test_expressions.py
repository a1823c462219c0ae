"""The arithmetic of specs: what it computes, what it refuses, and that nothing gets past it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shapecalc.limits import MAX_EXPRESSION, MAX_NUMBER
from shapecalc.spec.expressions import (
    FUNCTIONS,
    MAX_NESTING,
    UNKNOWN,
    ExpressionError,
    UnknownValueError,
    describe,
    make_divisible,
    parse,
    unknown_name,
)
from tests.clock import at_most

NAMES = {"ndf": 64, "width": 1.5, "deep": True, "mode": "same", "sizes": [1, 2], "index": 3}


def evaluate(text: str, **names: Any) -> Any:
    return parse(text).evaluate({**NAMES, **names})


def refusal(text: str, **names: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, **names)
    return caught.value


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("ndf", 64), ("ndf * 2", 128), ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("-ndf", -64),
            ("+ndf", 64), ("- -2", 2), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("7 // 2", 3),
            ("-7 // 2", -4), ("7 % 4", 3), ("-7 % 4", 1), ("10 - 3 - 2", 5), ("64 / 4 / 2", 8),
            ("1.5 * 2", 3.0), ("7.5 // 2", 3.0), ("1e-3", 1e-3), (".5", 0.5), ("1_000", 1000),
            ("0x10", 16), ("1 < 2", True), ("1 < 2 < 2", False), ("1 == 1.0", True),
            ("ndf != 64", False), ("ndf >= 64", True), ("ndf > 64", False), ("ndf <= 64", True),
            ("mode == 'same'", True), ("mode != 'valid'", True), ("sizes == sizes", True),
            ("true", True), ("false", False), ("True", True), ("not deep", False),
            ("deep and ndf == 64", True), ("not deep or ndf == 1", False),
            ("1 if deep else 2", 1), ("1 if not deep else 2 if index == 3 else 4", 2),
            ("'same'", "same"), ("mode", "same"), ("sizes", [1, 2]),
            ("min(3, 1, 2)", 1), ("max(ndf, 65.5)", 65.5), ("abs(-3)", 3), ("floor(2.7)", 2),
            ("ceil(2.1)", 3), ("floor(-2.5)", -3), ("ceil(3)", 3), ("round(2.5)", 2),
            ("round(3.5)", 4), ("round(2.345, 2)", 2.35), ("round(1234, -2)", 1200),
            ("make_divisible(ndf * 0.75)", 48), ("make_divisible(30, 8)", 32),
            ("make_divisible(3, 8, 16)", 16), (" \t ndf\n", 64), ("(1 +\n 2)", 3),
        ],
    )  # fmt: skip
    def test_values(self, text: str, value: Any) -> None:
        found = evaluate(text)
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("64 / 2", 32), ("65 / 2", 32.5), ("-64 / 2", -32), ("0 / 5", 0), ("64.0 / 2", 32.0),
            ("9007199254740991 / 1", 2**53 - 1), ("9007199254740990 / 2", 2**52 - 1),
            ("2 ** 10", 1024), ("2 ** -1", 0.5), ("4 ** 0.5", 2.0), ("2 ** 52 + 1", 2**52 + 1),
            ("94906265 ** 2", 94906265**2), ("(-3) ** 33", (-3) ** 33), ("2 ** -100", 2.0**-100),
            ("0 ** 0", 1), ("(-1) ** 9007199254740991", -1), ("1 ** 9007199254740991", 1),
            ("9007199254740991 - 9007199254740990", 1),
        ],
    )  # fmt: skip
    def test_exactness(self, text: str, value: Any) -> None:
        found = evaluate(text)
        assert found == value
        assert type(found) is type(value)

    def test_what_is_not_needed_is_not_computed(self) -> None:
        assert evaluate("1 if deep else 1 / 0") == 1
        assert evaluate("false and 1 / 0 == 1") is False
        assert evaluate("true or nowhere") is True
        assert evaluate("2 < 1 < 1 / 0") is False

    def test_names_and_words(self) -> None:
        assert parse("a * min(b, 2) + c").names == {"a", "b", "c"}
        assert parse("true").names == frozenset()
        assert parse(" same ").word
        assert not parse("'same'").word
        assert not parse("a + b").word
        assert parse(" a + b ").text == "a + b"

    def test_unknown_sizes(self) -> None:
        expression = parse("in_channels // 2 if deep else 3")
        with pytest.raises(UnknownValueError):
            expression.evaluate({"in_channels": UNKNOWN, "deep": True})
        assert expression.evaluate({"in_channels": UNKNOWN, "deep": False}) == 3


class TestRefusals:
    @pytest.mark.parametrize(
        "text",
        [
            "ndf.real", "().__class__", "sizes[0]", "[1, 2]", "(1, 2)", "()", "{}", "{1}", "{1: 2}",
            "[x for x in sizes]", "(x for x in sizes)", "lambda: 1", "(x := 1)", "f'{ndf}'",
            "None", "...", "1j", "b'x'", "min(*sizes)", "ndf & 1", "ndf | 1", "ndf ^ 1",
            "ndf << 1", "ndf >> 1", "ndf @ 2", "round(1.5, digits=1)",
            "__import__('os').system('x')",
            "(lambda: 1)()", "min(**sizes)", "await ndf", "(yield)", "mode.upper()",
        ],
    )  # fmt: skip
    def test_outside_the_language(self, text: str) -> None:
        error = refusal(text)
        assert str(error).endswith("is not part of the expression language")
        assert error.help
        assert "make_divisible" in error.help

    def test_the_piece_is_named(self) -> None:
        message = str(refusal("2 * (ndf.real + 1)"))
        assert message == "'ndf.real' is not part of the expression language"
        assert str(refusal("a&" * 200 + "1")).startswith("the expression is nested")
        assert str(refusal("[" + "1 + " * 200 + "1]")).startswith("'[1 + 1 + ")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("~ndf", "the operator ~ is not part of the expression language"),
            ("ndf is 64", "`is` and `in` are not part of the expression language"),
            ("1 in sizes", "`is` and `in` are not part of the expression language"),
            ("", "cannot read ''"), ("ndf *", "cannot read 'ndf *'"), ("2x", "cannot read '2x'"),
            ("a b", "cannot read 'a b'"), ("010", "cannot read '010'"), ("a = 1",
            "cannot read 'a = 1'"),
            ("max(a", "cannot read 'max(a'"), ("a && b", "cannot read 'a && b'"),
            ("import os", "cannot read 'import os'"), ("a; b", "cannot read 'a; b'"),
            ("a\nb", "cannot read 'a\\nb'"), ("'x", 'cannot read "\'x"'), ("a\0b",
            "cannot read 'a\\x00b'"),
            ("1 / 0", "division by zero"), ("1 // 0", "division by zero"), ("1 % 0",
            "division by zero"),
            ("1.5 % 0", "division by zero"), ("0 ** -1", "division by zero"),
            ("(-8) ** 0.5", "-8 ** 0.5 is not a real number"),
            ("mode + 1", "a number is needed, not the word 'same'"),
            ("-deep", "a number is needed, not true"), ("true + 1", "a number is needed, not true"),
            ("sizes * 2", "a number is needed, not [1, 2]"), ("'a' + 'b'",
            "a number is needed, not the word 'a'"),
            ("mode < 'z'", "a number is needed, not the word 'same'"),
            ("min(mode, 1)", "a number is needed, not the word 'same'"),
            ("ndf and true", "true or false is needed, not 64"), ("not ndf",
            "true or false is needed, not 64"),
            ("1 if ndf else 2", "true or false is needed, not 64"),
            ("deep or mode or 1", None), ("false or mode",
            "true or false is needed, not the word 'same'"),
            ("sqrt(4)", "unknown function 'sqrt'"), ("rond(4)", "unknown function 'rond'"),
            ("abs()", "abs takes 1 argument, not 0"), ("abs(1, 2)", "abs takes 1 argument, not 2"),
            ("min(1)", "min takes 2 or more arguments, not 1"),
            ("round(1, 2, 3)", "round takes 1 to 2 arguments, not 3"),
            ("round(1.5, 0.5)", "the number of digits is 0.5, an integer is needed"),
            ("round(1, -9007199254740991)", "cannot round to -9007199254740991 digits"),
            ("make_divisible(8, 0)", "the divisor is 0, at least 1 is needed"),
            ("make_divisible(8, 2.5)", "the divisor is 2.5, an integer is needed"),
            ("make_divisible(8, 8, 2.5)", "the least value is 2.5, an integer is needed"),
            ("nfd * 2", "unknown name 'nfd'"), ("nowhere", "unknown name 'nowhere'"),
        ],
    )  # fmt: skip
    def test_messages(self, text: str, message: str | None) -> None:
        if message is None:
            assert evaluate(text) is True
        else:
            assert str(refusal(text)) == message

    @pytest.mark.parametrize(
        ("text", "help"),
        [
            ("max(a", 'inside {} or [] an expression with a comma must be quoted: "max(a, b)"'),
            ("b)", 'inside {} or [] an expression with a comma must be quoted: "max(a, b)"'),
            ("a && b", "write `and`, `or`, `not`"),
            ("rond(4)", "did you mean `round`?"),
            ("sqrt(4)", f"there are {', '.join(FUNCTIONS)}"),
            ("widht", "did you mean `width`?"),
            ("nowhere", "names in scope: ndf, width, deep, mode, sizes, index"),
            ("1 if ndf else 2", "compare it: x != 0"),
            (
                "ndf *",
                "an expression is arithmetic: 2 * width, n // 4, max(a, b), x if n > 2 else y",
            ),
            (
                "8 / (ndf - ndf)",
                "`ndf - ndf` is 0 here: give it another value, or write … if ndf - ndf != 0 else …",
            ),
            ("8 % 0", "divide by another number"),
        ],
    )
    def test_help(self, text: str, help: str | None) -> None:
        assert refusal(text).help == help

    def test_no_names_in_scope(self) -> None:
        error = unknown_name("x", {"in_channels": 3})
        assert error.help == "no `vars` or parameters are in scope"

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (True, "true"), (False, "false"), (None, "nothing"), ("same", "the word 'same'"),
            (3.5, "3.5"), ({}, "a mapping"), ([1, [2]], "[1, [2]]"), (list(range(99)), None),
        ],
    )  # fmt: skip
    def test_describe(self, value: Any, text: str | None) -> None:
        found = describe(value)
        assert len(found) <= 40
        if text is not None:
            assert found == text


class TestBounds:
    @pytest.mark.parametrize(
        "text",
        [
            "9 ** 9 ** 9", "9 ** 9 ** 9 ** 9", "9**99999999", "2 ** 53", "2 ** 52 * 2",
            "-(2 ** 52) * 2",
            "(-2) ** 53", "9007199254740992", "1e400", "1e16", "1e15 * 1e15", "1e15 ** 30",
            "9007199254740991 + 1", "-9007199254740991 - 1", "0.5 ** -60", "1e-300 ** -2",
            "9007199254740991 ** 9007199254740991", "1.5 ** 9007199254740991",
        ],
    )  # fmt: skip
    def test_numbers(self, text: str) -> None:
        with at_most(5):
            assert str(refusal(text)) == "the result is too large: numbers stay below 2^53"

    @pytest.mark.parametrize(
        "text",
        [
            "2 ** -9007199254740991", "0.5 ** 9007199254740991", "9007199254740991 ** -99",
            "round(9007199254740991, 15)", "round(5, -15)", "make_divisible(1, 9007199254740991)",
        ],
    )  # fmt: skip
    def test_extremes_that_are_numbers(self, text: str) -> None:
        with at_most(5):
            assert abs(evaluate(text)) < MAX_NUMBER

    def test_length(self) -> None:
        longest = "1" + " " * (MAX_EXPRESSION - 3) + "+1"
        assert evaluate(longest) == 2
        message = f"the expression is longer than {MAX_EXPRESSION:,} characters"
        assert str(refusal(longest.replace("+", " +"))) == message

    def test_long_chains(self) -> None:
        assert evaluate("+".join(["1"] * 500)) == 500
        assert evaluate("*".join(["1"] * 500)) == 1
        assert evaluate("1<2" + "!=0!=1" * 150) is True
        assert evaluate(" or ".join(["false"] * 110)) is False

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("-", ""),
            ("not ", ""),
            ("abs(", ")"),
            ("1+(", ")"),
            ("1 if deep else ", ""),
            ("1**", ""),
        ],
    )
    def test_nesting(self, start: str, end: str) -> None:
        core = "deep" if start == "not " else "1"
        evaluate(start * MAX_NESTING + core + end * MAX_NESTING)
        deeper = start * (MAX_NESTING + 1) + core + end * (MAX_NESTING + 1)
        message = f"the expression is nested more than {MAX_NESTING} deep"
        assert str(refusal(deeper)) == message

    @pytest.mark.parametrize(
        "piece", ["(", "[", "{", "-", "~", "not ", "lambda:", "a(", "a[", "a.b", "f'{", "(a:=",
        "{a:", "*", "a if b else ", "((a,", "[*", "await ", "a(b for c in ", "yield ",
        "'", '"""', "\\"]
    )  # fmt: skip
    @pytest.mark.parametrize("end", ["", "x", ")"])
    def test_repeated_pieces(self, piece: str, end: str) -> None:
        with at_most(10):
            refusal(piece * ((MAX_EXPRESSION - 1) // len(piece)) + end)


def reference_make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """Copied from tensorflow/models, research/slim/nets/mobilenet/mobilenet.py (Apache-2.0)."""
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    # Make sure that round down does not go down by more than 10%.
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v


@given(
    st.one_of(st.integers(0, 5000), st.floats(0, 5000)),
    st.integers(1, 64),
    st.none() | st.integers(0, 100),
)
@example(10.0, 8, 0)
def test_make_divisible(value: float, divisor: int, least: int | None) -> None:
    assert make_divisible(value, divisor, least) == reference_make_divisible(value, divisor, least)


# Against Python itself, on numbers that stay small.

SMALL = st.integers(0, 20).map(str)
NUMBERS = st.recursive(
    SMALL | st.sampled_from(["ndf", "width", "index"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(inner, st.integers(0, 3)).map(lambda parts: f"({parts[0]} ** {parts[1]})"),
        inner.map(lambda part: f"(-{part})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        st.tuples(st.sampled_from(["abs", "floor", "ceil", "round"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
        st.tuples(inner, inner, st.sampled_from(["<", "<=", "==", "!="]), inner, inner).map(
            lambda p: f"({p[0]} if {p[1]} {p[2]} {p[3]} and not {p[3]} > {p[4]} else {p[4]})"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(NUMBERS)
def test_computes_what_python_computes(text: str) -> None:
    scope: dict[str, Any] = {"ndf": 64, "width": 1.5, "index": 3}
    functions = {"floor": math.floor, "ceil": math.ceil}
    try:
        expected = eval(text, {**functions, **scope})
    except ZeroDivisionError:
        assert str(refusal(text)) == "division by zero"
        return
    except OverflowError:
        assume(False)
    try:
        found = evaluate(text)
    except ExpressionError as error:
        assume("too large" not in str(error))
        raise
    assert found == expected
    assert type(found) is type(expected) or found == int(expected)


# Whatever the text.

TOKENS = st.sampled_from(
    [
        *"()[]{}+-*/%~<>=!.,:;'\"@&|^\\#_ \n\t\0", "**", "//", "==", "!=", "and ", " or ", "not ",
        " if ", " else ", "lambda ", "await ", "yield ", " in ", " is ", " for ", ":=", "f'", "b'",
        "ndf", "index", "mode", "sizes", "deep", "true", "None", "min(", "max(", "abs(", "round(",
        "make_divisible(", "1", "0", "2.5", "1e9", "9", "99999", "0x", "1j", "é", "ｎ", "\ud800",
        "…",
    ]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(TOKENS, max_size=40).map("".join) | st.text(max_size=60))
@example("round(5, -99999**2)")
@example("make_divisible(9, 0)")
@example("9**9**9")
@example("min(*" * 30)
def test_any_text(text: str) -> None:
    with at_most(10):
        try:
            value = evaluate(text, nothing=UNKNOWN)
        except (ExpressionError, UnknownValueError):
            value = 0
    if isinstance(value, (int, float)):
        assert abs(value) < MAX_NUMBER
