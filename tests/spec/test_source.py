"""YAML text to values with positions: what is read, where it stands, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapecalc.diagnostics import Span
from shapecalc.limits import MAX_ALIAS_NODES, MAX_DEPTH
from shapecalc.spec import source as source_module
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Document, Mapping, Sequence, Source, decode, is_word, parse
from tests.clock import at_most

LOADERS: list[Any] = [yaml.SafeLoader]
if hasattr(yaml, "CSafeLoader"):
    LOADERS.append(yaml.CSafeLoader)


@pytest.fixture(params=LOADERS, ids=lambda loader: str(loader.__name__))
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(source_module, "Loader", request.param)
    return request.param


both = pytest.mark.usefixtures("loader")


def read(text: str) -> Any:
    """The value of a text that is one document with nothing wrong."""
    documents, problems = parse(Source("spec.yaml", text))
    assert problems == []
    (document,) = documents
    return document.value


def refused(text: str) -> Problem:
    """The one problem of a text."""
    _, problems = parse(Source("spec.yaml", text))
    (problem,) = problems
    return problem


def where(text: str, problem: Problem) -> Span:
    return Source("spec.yaml", text).span(problem.extent)


@both
class TestPositions:
    def test_keys_and_values(self) -> None:
        text = "layers:\n  - type: conv2d\n    kernel_size: 3\n  - relu\n"
        source = Source("spec.yaml", text)
        layers = read(text)["layers"]
        conv = layers[0]
        assert source.span(conv.key_extents["kernel_size"]) == (3, 5, 3, 16)
        assert source.span(conv.value_extents["kernel_size"]) == (3, 18, 3, 19)
        assert source.span(conv.entry_extent("kernel_size")) == (3, 5, 3, 19)
        assert source.span(layers.item_extents[1]) == (4, 5, 4, 9)
        assert source.raw(conv.entry_extent("type")) == "type: conv2d"

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    def test_line_breaks(self, newline: str) -> None:
        text = newline.join(["a: 1", "# note", "b:", "  c: word", ""])
        source = Source("spec.yaml", text)
        inner = read(text)["b"]
        assert source.span(inner.value_extents["c"]) == (4, 6, 4, 10)
        assert [source.line(number) for number in range(1, 6)] == [
            "a: 1", "# note", "b:", "  c: word", "",
        ]  # fmt: skip

    def test_lines_that_are_not_there(self) -> None:
        source = Source("spec.yaml", "a: 1")
        assert (source.line(0), source.line(1), source.line(2)) == ("", "a: 1", "")

    @pytest.mark.parametrize("text", ["\ufeffa: 12\n", "\ufeff---\na: 12\n"])
    def test_a_byte_order_mark_takes_no_column(self, text: str) -> None:
        source = Source("spec.yaml", text)
        value = parse(source)[0][0].value
        assert value == {"a": 12}
        assert source.raw(value.value_extents["a"]) == "12"
        assert source.span(value.key_extents["a"]).column == 1

    @pytest.mark.parametrize("word", ["größe", "幅", "😀😀", "e\u0301"])
    def test_columns_count_characters(self, word: str) -> None:
        text = f"# {word}\n{word}: {{{word}: 1, b: 2}}\n"
        source = Source("spec.yaml", text)
        value = read(text)
        inner = value[word]
        assert source.raw(inner.key_extents["b"]) == "b"
        assert source.span(inner.key_extents["b"]).column == 2 * len(word) + 9

    def test_the_line_breaks_of_yaml_1_1_do_not_start_a_line(self) -> None:
        text = "a: 'x\u2028y\x85z'\nb: 1\n"
        source = Source("spec.yaml", text)
        assert source.span(read(text).key_extents["b"]).line == 2

    def test_tabs_are_one_column(self, loader: Any) -> None:
        if loader is yaml.SafeLoader:
            pytest.skip("the pure-Python scanner takes tabs in comments only")
        text = "a:\t1\nb: {c:\t2,\td: 3}\t# x\n"
        source = Source("spec.yaml", text)
        value = read(text)
        assert value == {"a": 1, "b": {"c": 2, "d": 3}}
        assert source.span(value.value_extents["a"]) == (1, 4, 1, 5)
        assert source.span(value["b"].value_extents["d"]) == (2, 14, 2, 15)

    def test_flow_style_over_several_lines(self) -> None:
        text = "x: {a: [1,\n   2], # note\n  b: 'two\n    lines'}\n"
        source = Source("spec.yaml", text)
        x = read(text)["x"]
        assert x == {"a": [1, 2], "b": "two lines"}
        assert source.span(x.extent) == (1, 4, 4, 12)
        assert source.span(x.value_extents["a"]) == (1, 8, 2, 6)
        assert source.span(x["a"].item_extents[1]) == (2, 4, 2, 5)
        assert source.span(x.value_extents["b"]) == (3, 6, 4, 11)

    def test_a_pair_in_a_flow_sequence(self) -> None:
        text = "[a: 1, b]"
        source = Source("spec.yaml", text)
        value = read(text)
        assert value == [{"a": 1}, "b"]
        assert source.raw(value.item_extents[0]) == "a: 1"
        assert source.raw(value.extent) == text

    def test_block_scalars(self) -> None:
        text = "a: |\n  one\n  two\n\n# note\nb: >-\n  three\n  four\nc: 1\n"
        source = Source("spec.yaml", text)
        value = read(text)
        assert value == {"a": "one\ntwo\n", "b": "three four", "c": 1}
        assert source.span(value.value_extents["a"]) == (1, 4, 3, 6)
        assert source.span(value.value_extents["b"]) == (6, 4, 8, 7)

    def test_a_block_ends_with_its_last_value(self) -> None:
        text = "a:\n  - x\n  - y: 2   # note\n# of the next\n\nb: 3\n"
        source = Source("spec.yaml", text)
        value = read(text)
        assert source.raw(value.value_extents["a"]) == "- x\n  - y: 2"
        assert source.raw(value["a"].item_extents[1]) == "y: 2"
        assert source.raw(value.extent).endswith("b: 3")

    @pytest.mark.parametrize("text", ["a:\nb: 1", "a:   # note\nb: 1", "{a: , b: 1}", "{a, b: 1}"])
    def test_a_value_that_is_not_written_stands_behind_its_key(self, text: str) -> None:
        value = read(text)
        assert value == {"a": None, "b": 1}
        end = value.key_extents["a"][1]
        assert value.value_extents["a"] == (end, end)

    def test_an_anchor_belongs_to_its_value(self) -> None:
        text = "a: &size 12\nb: *size\n"
        value = read(text)
        source = Source("spec.yaml", text)
        assert source.raw(value.value_extents["a"]) == "&size 12"
        assert source.raw(value.value_extents["b"]) == "*size"

    def test_explicit_keys(self) -> None:
        text = "? a\n: 1\n? b\n"
        value = read(text)
        assert value == {"a": 1, "b": None}
        assert Source("spec.yaml", text).span(value.value_extents["a"]) == (2, 3, 2, 4)


@both
class TestDecoding:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
    )
    def test_encodings(self, encoding: str) -> None:
        text = "name: größe 😀\n"
        mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
        assert decode(mark + text.encode(encoding)) == text

    @pytest.mark.parametrize("data", [b"\xff", b"a: \xe9", b"\xed\xa0\x80", b"\xff\xfe\x00\xd8"])
    def test_not_text(self, data: bytes) -> None:
        with pytest.raises(UnicodeError):
            decode(data)


@both
class TestScalars:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
            ("nULL", "nULL"), ("true", True), ("True", True), ("TRUE", True), ("false", False),
            ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("n", "n"),
            ("0", 0), ("-0", 0), ("12", 12), ("+12", 12), ("-12", -12), ("010", 10), ("08", 8),
            ("0o10", 8), ("0x1F", 31), ("-0x1F", "-0x1F"), ("0b11", "0b11"), ("0o8", "0o8"),
            ("1_000", "1_000"), ("1,000", "1,000"), ("1:30", "1:30"), ("190:20:30", "190:20:30"),
            ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-.5", -0.5), ("1e-5", 1e-5), ("1E3", 1000.0),
            ("1e", "1e"), (".", "."), ("-", None), ("+", "+"), ("1.2.3", "1.2.3"), ("0x", "0x"),
            (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("inf", "inf"),
            ("nan", "nan"), ("2001-12-14", "2001-12-14"), ("=", "="), ("<<", "<<"),
            ("\uff11\uff12", "\uff11\uff12"), ("64 / 2", "64 / 2"), ("ndf*2", "ndf*2"),
            ("9007199254740991", 2**53 - 1), ("-9007199254740991", -(2**53) + 1),
        ],
    )  # fmt: skip
    def test_plain(self, text: str, value: Any) -> None:
        if text == "-":
            assert read("-") == [None]
            return
        found = read(f"a: {text}")["a"]
        assert found == value
        assert type(found) is type(value)

    def test_not_a_number(self) -> None:
        assert math.isnan(read("a: .nan")["a"])

    @pytest.mark.parametrize(
        "text",
        [
            "9007199254740992", "-9007199254740992", "0x20000000000000", "1e16", "-1e400",
            "9" * 5000, "9" * 400 + ".0", "0x" + "f" * 100,
        ],
    )  # fmt: skip
    def test_bounds(self, text: str) -> None:
        problem = refused(f"a: [1, {text}]")
        assert problem.code == "SC001"
        assert problem.message == f"the number {text[:24]} is 2^53 or more"
        assert problem.extent == (7, 7 + len(text))

    @pytest.mark.parametrize("text", ["'12'", '"12"', "|-\n 12", ">-\n 12"])
    def test_quoted(self, text: str) -> None:
        assert read(f"a: {text}") == {"a": "12"}

    @pytest.mark.parametrize("text", ["''", '""'])
    def test_quoted_and_empty(self, text: str) -> None:
        assert read(f"a: {text}") == {"a": ""}

    def test_escapes(self) -> None:
        assert read(r'"\x41\u00e9\U0001F600\n"') == "Aé😀\n"

    @pytest.mark.parametrize("text", [r'"\ud800"', r'"\uD83D\uDE00"', r'"\UFFFFFFFF"', r'"\q"'])
    def test_escapes_of_no_character(self, text: str) -> None:
        assert refused(f"a: {text}").code == "SC001"

    @pytest.mark.parametrize("text", ["12", "null", "true", "1.5", "''", "'a b'"])
    def test_keys_stay_words(self, text: str) -> None:
        assert list(read(f"{{{text}: 1}}")) == [text.strip("'")]


@both
class TestKeys:
    def test_duplicates(self) -> None:
        text = "a: 1\nb: 2\na: 3\n"
        documents, (problem,) = parse(Source("spec.yaml", text))
        assert documents[0].value == {"a": 1, "b": 2}
        assert (problem.code, problem.message) == ("SC005", "the key 'a' is given twice")
        assert where(text, problem) == (3, 1, 3, 2)
        assert problem.related == (("first given here", (0, 1)),)
        assert problem.help

    def test_each_duplicate_is_reported(self) -> None:
        _, problems = parse(Source("spec.yaml", "{a: 1, a: {b: 1, b: 2}, 'a': [3]}"))
        assert [problem.message for problem in problems] == [
            "the key 'b' is given twice", "the key 'a' is given twice",
            "the key 'a' is given twice",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("merge", "value"),
        [
            ("<<: *base\n  b: 2", {"a": 1, "b": 2}),
            ("a: 3\n  <<: *base", {"a": 3}),
            ("<<: *base\n  a: 3", {"a": 3}),
            ("<<: [*base, {a: 4, c: 5}]", {"a": 1, "c": 5}),
            ("<<: 7\n  b: 2", {"b": 2}),
        ],
    )
    def test_merge_keys(self, merge: str, value: Any) -> None:
        text = f"base: &base {{a: 1}}\nx:\n  {merge}\n"
        documents, (problem,) = parse(Source("spec.yaml", text))
        assert documents[0].value["x"] == value
        assert (problem.code, problem.message) == ("SC002", "merge keys (`<<`) are not allowed")
        assert text[slice(*problem.extent)] == "<<"
        assert problem.help

    def test_a_quoted_merge_key_is_a_key(self) -> None:
        assert read("{'<<': {a: 1}}") == {"<<": {"a": 1}}

    @pytest.mark.parametrize("text", ["? [a]\n: 1", "{{a: 1}: 2}", "&k [a]: 1", "[[1]: 2]"])
    def test_keys_are_words(self, text: str) -> None:
        assert refused(text).message == "a key must be a plain word"

    @pytest.mark.parametrize("text", ["{? }", "?\n: 1", "[? ]"])
    def test_keys_are_written(self, text: str) -> None:
        assert refused(text).message == "a key is missing"

    def test_an_empty_key(self) -> None:
        assert read("'': 1") == {"": 1}

    def test_a_list_as_a_key_by_alias(self) -> None:
        assert refused("a: &a [1]\n*a : 2\n").message == "a key must be a plain word"

    def test_a_word_as_a_key_by_alias(self) -> None:
        assert read("a: &a word\n*a : 2\n") == {"a": "word", "word": 2}


@both
class TestTags:
    @pytest.mark.parametrize(
        "text",
        [
            "!!str 12", "! 12", "!", "!!int '12'", "!conv {a: 1}", "!!set {a, b}", "!<x> [1]",
            "!!python/object/apply:os.system [id]", "!!binary aGk=",
        ],
    )  # fmt: skip
    def test_refused(self, text: str) -> None:
        problem = refused(f"a: {text}")
        assert problem.code == "SC001"
        assert problem.message.startswith("the tag ")
        assert problem.extent[0] == 3

    def test_refused_on_keys(self) -> None:
        assert refused("!!str a: 1").message.startswith("the tag ")


def levels(count: int, width: int) -> str:
    """A bomb: each level refers ``width`` times to the one before."""
    lines = (
        f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * width)}]"
        for level in range(1, count)
    )
    return "\n".join(["l0: &l0 [x, x]", *lines])


@both
class TestAliases:
    def test_shared(self) -> None:
        value = read("a: &a {x: [1]}\nb: *a\nc: [*a, *a]\n")
        assert value["b"] is value["a"]
        assert value == {"a": {"x": [1]}, "b": {"x": [1]}, "c": [{"x": [1]}] * 2}

    def test_an_anchor_may_be_given_again(self) -> None:
        assert read("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]

    @pytest.mark.parametrize("text", ["a: &a [*a]", "&a {b: {c: *a}}", "- &a\n  - *a"])
    def test_recursive(self, text: str) -> None:
        assert refused(text).message == "the alias *a refers to itself"

    def test_unknown(self) -> None:
        problem = refused("a: *b\nb: &b 1\n")
        assert problem.message == "the alias *b names no anchor before it"
        assert problem.extent == (3, 5)

    def test_anchors_end_with_their_document(self) -> None:
        assert refused("&a x\n--- \n*a\n").message == "the alias *a names no anchor before it"

    @pytest.mark.parametrize(("count", "width"), [(30, 2), (10, 9), (6, 100)])
    def test_bombs(self, count: int, width: int) -> None:
        problem = refused(levels(count, width))
        assert problem.message == f"aliases expand to more than {MAX_ALIAS_NODES:,} nodes"

    def test_many_nodes_without_aliases_are_no_bomb(self) -> None:
        many = ", ".join(["0"] * (MAX_ALIAS_NODES // 50))
        text = "\n".join([f"a{i}: [{many}]" for i in range(51)] + ["b: &b [1]", "c: *b"])
        assert read(text)["c"] == [1]

    def test_the_limit(self) -> None:
        big = ", ".join(["0"] * 999)  # with the list itself 1,000 nodes
        within = f"- &a [{big}]\n" + "- *a\n" * (MAX_ALIAS_NODES // 1000)
        assert len(read(within)) == 101
        assert refused(within + "- *a\n").code == "SC001"

    def test_words_may_be_shared_any_number_of_times(self) -> None:
        assert len(read("- &a 64\n" + "- *a\n" * 2000)) == 2001


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@both
class TestDepth:
    @pytest.mark.parametrize(("start", "end"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
    def test_the_limit(self, start: str, end: str) -> None:
        assert depth(read(start * MAX_DEPTH + "x" + end * MAX_DEPTH)) == MAX_DEPTH
        problem = refused(start * (MAX_DEPTH + 1) + "x" + end * (MAX_DEPTH + 1))
        assert problem.message == f"nested more than {MAX_DEPTH} deep"
        assert problem.extent[0] == len(start) * MAX_DEPTH

    @pytest.mark.parametrize("text", ["[", "{", "- ", "? ", "{a: ", "[a: ", "[{", "'x", '"'])
    def test_two_hundred_thousand(self, text: str) -> None:
        with at_most(20):
            assert refused(text * 200_001).code == "SC001"

    @pytest.mark.parametrize("text", ["[", "- ", "{a: "])
    def test_the_limit_is_said_alike_however_far_it_is_passed(self, text: str) -> None:
        for times in (MAX_DEPTH + 1, 10 * MAX_DEPTH, 100 * MAX_DEPTH):
            assert refused(text * times + "x").message == f"nested more than {MAX_DEPTH} deep"

    def test_aliases_do_not_nest_deeper(self) -> None:
        text = "- &a0 [x]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, MAX_DEPTH - 1))
        assert depth(read(text)) == MAX_DEPTH
        deeper = text + f"- [*a{MAX_DEPTH - 2}]\n"
        assert refused(deeper).message == f"nested more than {MAX_DEPTH} deep by an alias"


@both
class TestRefused:
    @pytest.mark.parametrize(
        "character", ["\0", "\x01", "\x07", "\x1b", "\x7f", "\x80", "\ud800", "\ufffe"]
    )
    def test_characters(self, character: str) -> None:
        text = f"a: 1\nb: x{character}y\n"
        problem = refused(text)
        assert problem.code == "SC001"
        code = f"U+{ord(character):04X}"
        assert problem.message == f"not valid YAML: the character {code} is not allowed"
        assert where(text, problem) == (2, 5, 2, 6)

    def test_a_tab_as_indentation(self) -> None:
        problem = refused("a:\n\tb: 1\n")
        assert problem.help == "indent with spaces: YAML does not allow tabs"
        assert problem.extent[0] == 3

    def test_a_tab_between_words(self, loader: Any) -> None:
        if loader is yaml.SafeLoader:
            assert refused("a:\t1\n").help == "write a space instead of the tab"

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("a: [1\nb: 2\n", 1), ("a: 'x\n", 1), ("a: b: c\n", 1), ("a: @b\n", 1),
            ("a: 1\n b: 2", 2),
            ("a: }\n", 1), ("a: [1, 2]]\n", 1), ("- 1\nb: 2\n", 2), ("a: %b\n", 1), ("a: 1\nb", 2),
            ("%YAML 2.0\n---\na: 1\n", 1),
        ],
    )  # fmt: skip
    def test_syntax(self, text: str, line: int) -> None:
        problem = refused(text)
        assert problem.code == "SC001"
        assert problem.message.startswith("not valid YAML: ")
        assert where(text, problem).line == line

    def test_an_expression_with_a_comma(self) -> None:
        problem = refused("- {type: pad, mode: pick(a, 'b')}\n")
        assert problem.help == 'quote an expression that has a comma: "max(a, b)"'


@both
class TestDocuments:
    def test_none(self) -> None:
        for text in ("", "\n\n", "# only a note\n", "\ufeff"):
            assert parse(Source("spec.yaml", text)) == ([], [])

    def test_several(self) -> None:
        text = "vars: {a: 1}\n---\nb: 2\n...\n# note\n--- [3]\n---\n"
        documents, problems = parse(Source("spec.yaml", text))
        assert problems == []
        assert [document.value for document in documents] == [
            {"vars": {"a": 1}}, {"b": 2}, [3], None,
        ]  # fmt: skip
        assert [document.extent[0] for document in documents] == [
            0, text.index("---\nb"), text.index("--- ["), text.rindex("---"),
        ]  # fmt: skip

    def test_an_error_keeps_what_was_before_it(self) -> None:
        documents, (problem,) = parse(Source("spec.yaml", "a: 1\n---\nb: [1\n---\nc: 1\n"))
        assert [document.value for document in documents] == [{"a": 1}]
        assert problem.code == "SC001"

    def test_a_limit_keeps_what_was_before_it(self) -> None:
        documents, (problem,) = parse(Source("spec.yaml", "a: 1\n---\nb: 1e99\n"))
        assert [document.value for document in documents] == [{"a": 1}]
        assert problem.code == "SC001"

    def test_directives(self) -> None:
        assert read("%YAML 1.2\n---\na: 010\n") == {"a": 10}


# Both loaders, on whatever text.

Seen = list[Any]


def seen(value: Any, extent: tuple[int, int]) -> Seen:
    """A value with all its extents, as plain lists that can be compared."""
    if isinstance(value, Mapping):
        parts = [
            [key, value.key_extents[key], seen(item, value.value_extents[key])]
            for key, item in value.items()
        ]
        return ["mapping", value.extent, extent, parts]
    if isinstance(value, Sequence):
        parts = [seen(*pair) for pair in zip(value, value.item_extents, strict=True)]
        return ["sequence", value.extent, extent, parts]
    return [type(value).__name__, repr(value), extent]


def outcome(loader: Any, text: str) -> tuple[list[Document], list[Problem]]:
    before = source_module.Loader
    source_module.Loader = loader
    try:
        return parse(Source("spec.yaml", text))
    finally:
        source_module.Loader = before


def values_of(documents: list[Document]) -> list[Seen]:
    return [seen(document.value, document.extent) for document in documents]


def extents(value: Any, extent: tuple[int, int]) -> Iterator[tuple[int, int]]:
    yield extent
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield value.key_extents[key]
            yield from extents(item, value.value_extents[key])
    elif isinstance(value, Sequence):
        for item, place in zip(value, value.item_extents, strict=True):
            yield from extents(item, place)


PIECES = st.sampled_from(
    [
        *"[]{},:-?&*!|>'\"#% \n\t\r\\@`", "\n", "\n  ", "\n    ", ": ", "- ", "? ", "a", "b", "ab",
        "12", "1.5", "null", "é", "😀", "&a ", "*a", "*a ", " # note\n", "---\n", "\n---\n",
        "\n...\n",
        "\r\n", "|\n  x\n", ">-\n  x\n  y\n\n", "'x y'", '"x\\n"', "! ", "!!str ", "<<: ", "a: ",
        "b: 1\n", "- a\n", "{a: 1}", "[1, 2]", "\u2028", "\x85", "~", "a: 1, ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@pytest.mark.skipif(len(LOADERS) < 2, reason="PyYAML was built without libyaml")
class TestBothLoaders:
    @settings(max_examples=1500, deadline=None)
    @given(TEXTS)
    @example("{a: , b: &c }\n")
    @example("a:\n- b\n-\nc: !\n")
    @example("? |\n  a\n: - b\n\n# x\n--- >\n y\n\n")
    def test_texts(self, text: str) -> None:
        pure, pure_problems = outcome(yaml.SafeLoader, text)
        fast, fast_problems = outcome(yaml.CSafeLoader, text)
        common = min(len(pure), len(fast))
        assert values_of(pure)[:common] == values_of(fast)[:common]
        if not pure_problems and not fast_problems:
            assert len(pure) == len(fast)
        for problem in (*pure_problems, *fast_problems):
            assert problem.message
            assert 0 <= problem.extent[0] <= problem.extent[1] <= len(text)

    @settings(max_examples=300, deadline=None)
    @given(TEXTS)
    def test_extents_lie_in_the_text(self, text: str) -> None:
        source = Source("spec.yaml", text)
        for document in parse(source)[0]:
            for start, end in extents(document.value, document.extent):
                assert 0 <= start <= end <= len(source.text)
                span = source.span((start, end))
                assert span.line <= span.end_line <= len(source.line_starts)
                assert span.column >= 1 <= span.end_column


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=12)
#: PyYAML leaves out the quotes where YAML 1.1 needs none: 1E100, 0o7.
WORDS = WORDS.filter(is_word)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15, allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("abcé 12:#-", min_size=1, max_size=5), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@both
@settings(max_examples=300, deadline=None)
@given(VALUES, st.sampled_from([True, False, None]), st.sampled_from([4, 30, 1000]))
def test_what_was_dumped_is_read(value: Any, flow: bool | None, width: int) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, width=width, allow_unicode=True)
    documents, problems = parse(Source("spec.yaml", text))
    assert problems == []
    assert documents[0].value == value
