"""Inputs that are nearly specs: real ones mutated by byte, line, token and structure, adversarial
YAML, wild expressions, random bytes. The same seed gives the same inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from shapecalc import rules
from shapecalc.layers import all_layers, catalogue
from shapecalc.spec.fields import fields_of
from shapecalc.spec.keys import BLOCK, BUDGET, INPUT, LAYER, LINT, MODEL
from shapecalc.spec.source import Source, parse
from tests.adversarial import CASES
from tests.documents import GUIDE, blocks
from tests.render.hostile import NAMES

SPECS = Path(__file__).resolve().parents[2] / "specs"

#: Larger specs take too long to be mutated a million times.
LARGEST_SEED = 2_500

_KEYS = sorted(
    {key for table in (MODEL, LAYER, BLOCK, LINT, BUDGET, INPUT) for key in table.keys}
    | {"body", "shortcut", "branches", "merge", "dim", "dtype"}
)

SIGNS = "-?:,[]{}#&*!|>'\"%@`"

CHOICES = [
    "same", "valid", "add", "concat", "multiply", "nearest", "ceil", "floor", "keras", "true",
    "int64", "float32", "_", "x", "null", "[]", "{}",
]  # fmt: skip

NUMBERS = [
    "0", "1", "-1", "2", "3", "7", "64", "100", "1000000", "1000001", "1e9", "9007199254740991",
    "9007199254740992", "-9007199254740993", "1e400", "-1e-400", ".inf", "-.inf", ".nan", "0x10",
    "0o17", "010", "1_000", "1:30", "1.5", "-0", "-0.0", "99999999999999999999999999", "2.0", "+1",
]  # fmt: skip

EXPRESSIONS = [
    "9**9**9", "9**9**9**9", "2**0.5", "-1**0.5", "(-1)**0.5", "1/0", "1//0", "1%0", "0**-1",
    "1e308*10",
    "in_channels", "in_channels/2", "in_height*in_width", "index", "prev", "input", "a if b else c",
    "1 if true else 2", "not true", "true and false", "max(1,2)", "min(1)", "round(1.5, 99999999)",
    "make_divisible(9,8)", "make_divisible(1,0)", "make_divisible(in_channels,-1)", "abs(-1)",
    "__import__('os')", "().__class__", "lambda: 0", "[1,2][0]", "x := 1", "f'{1}'", "1 < 2 < 3",
    "'a' == 'a'", "'a' * 9999999", "1 == '1'", "-'a'", "~1", "1 is 1", "1 in [1]", "((((((1))))))",
    "1+" * 200 + "1", "-" * 300 + "1", "(" * 60 + "1" + ")" * 60, "not " * 80 + "true",
    "floor(.nan)",
    "ceil(1e15)", "round(2.5)", "1 .real", "0x_1", "1j", "b''", "...", "None", "True", "1;2",
    "#", "\\",
]  # fmt: skip

YAML = [
    "&a [*a]", "&a {b: *a}", "*a", "&a 1", "<<: *a", "!!python/object:os.system x", "!!binary aGk=",
    "!<tag:x> y", "? [a]\n: b", "? {a: b}\n: c", "%YAML 1.1\n---", "%TAG ! x:", "--- >\n  x", "...",
    "|\n  text\n", ">-\n  text\n", "|9\n x", "'''", '"\\x00"', '"\\ud800"', '"\\u2028"',
    '"\\U0010ffff"', "{{a}}",
    "[[[[[[[[]]]]]]]]", "{a: {a: {a: {a: {}}}}}", "- - - - -", "{? : }", "[,]", "{,}", ": :",
    "-", "? ", "@x",
    "`x`", "\t- x", "# shapecalc: ignore", "# shapecalc: ignore[SC]", "# shapecalc: ignore-file",
    "# shapecalc: ignore[SC201,", "# shapecalc: ignroe[SC999]", "a: b: c", "{a: 1, a: 2}",
    "\u0085", "\u2028",
    "[" * 120, "{a: " * 120, "- " * 120, "&a a: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c, *c]",
]  # fmt: skip


@cache
def seeds() -> list[bytes]:
    """Real specs, good and broken ones."""
    files = [path.read_bytes() for path in sorted(SPECS.rglob("*.yaml"))]
    texts = [block.text for block in blocks(GUIDE, "yaml")]
    for rule in rules.all_rules():
        texts += [text for text in (rule.fails, rule.passes) if text]
    found = [*files, *(text.encode() for text in texts)]
    return [data for data in found if len(data) <= LARGEST_SEED]


@cache
def words() -> list[str]:
    """What may stand anywhere in a spec."""
    types = [*catalogue("pytorch").names(), *catalogue("keras").names()]
    fields = {name for cls in all_layers() for name in fields_of(cls)}
    choices = [
        "same",
        "valid",
        "add",
        "concat",
        "multiply",
        "nearest",
        "ceil",
        "floor",
        "keras",
        "true",
    ]
    return [
        *types,
        *sorted(fields),
        *_KEYS,
        *choices,
        "int64",
        "float32",
        "_",
        "x",
        "null",
        "[]",
        "{}",
    ]


class Inputs:
    """Draws one input after the other; ``sources`` is what is mutated."""

    def __init__(self, seed: int | str, sources: list[bytes] | None = None) -> None:
        self.random = Random(seed)
        self.sources = sources or seeds()
        self.ways: list[tuple[Callable[[], bytes], int]] = [
            (self.noise, 4),
            (self.scattered, 18),
            (self.lines, 18),
            (self.tokens, 30),
            (self.structure, 22),
            (self.grown, 8),
            (self.greedy, 1),  # 25 times as slow
        ]

    def draw(self) -> bytes:
        """The next input."""
        ways, weights = zip(*self.ways, strict=True)
        data: bytes = self.random.choices(ways, weights)[0]()
        if self.random.random() < 0.03:
            data = self.encoded(data)
        return data

    def seed(self) -> bytes:
        """A real spec, rather a small one: it is faster."""
        return min(self.random.choices(self.sources, k=2), key=len)

    def text(self) -> str:
        return self.seed().decode("utf-8", "replace")

    def encoded(self, data: bytes) -> bytes:
        """Another encoding, other line breaks, a byte-order mark, NULs."""
        text = data.decode("utf-8", "replace")
        return self.random.choice(
            [
                b"\xef\xbb\xbf" + data,
                text.encode("utf-16"),
                text.encode("utf-16-be"),
                b"\xff\xfe\x00\x00" + text.encode("utf-32-le"),
                text.encode("latin-1", "replace"),
                text.replace("\n", "\r\n").encode(),
                text.replace("\n", "\r").encode(),
                text.replace("\n", "\u0085").encode(),
                data.replace(b" ", b"\0"),
                data + b"\0",
                data.replace(b"  ", b"\t"),
            ]
        )

    def noise(self) -> bytes:
        """Random bytes, or random characters that YAML has a use for."""
        length = self.random.randrange(120)
        if self.random.random() < 0.3:
            return self.random.randbytes(length)
        return "".join(
            self.random.choices("-?:,[]{}#&*!|>'\"%@` \n\t~ab01.xy<=", k=length)
        ).encode()

    def scattered(self) -> bytes:
        """A spec with some of its bytes changed, lost, doubled or moved."""
        data = bytearray(self.seed())
        for _ in range(self.random.randint(1, 6)):
            at = self.random.randrange(len(data) + 1)
            end = min(at + self.random.choice([1, 1, 2, 5, 20]), len(data))
            piece = data[at:end]
            match self.random.randrange(5):
                case 0:
                    data[at:end] = self.random.randbytes(len(piece))
                case 1:
                    del data[at:end]
                case 2:
                    data[at:at] = piece * self.random.randint(1, 4)
                case 3:
                    data[at:at] = bytes(
                        [self.random.choice(b"-?:,[]{}#&*!|>'\"%@` \n\t\0\x80\xff")]
                    )
                case _:
                    other = self.random.randrange(len(data) + 1)
                    data[other:other] = piece
        return bytes(data)

    def lines(self) -> bytes:
        """A spec with some of its lines lost, doubled, moved, indented, or another spec's."""
        lines = self.text().splitlines(keepends=True)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(lines) + 1)
            line = lines[at] if at < len(lines) else "\n"
            match self.random.randrange(6):
                case 0:
                    del lines[at : at + 1]
                case 1:
                    lines[at:at] = [line] * self.random.choice([1, 1, 2, 30])
                case 2:
                    lines.insert(self.random.randrange(len(lines) + 1), line)
                case 3:
                    lines[at : at + 1] = [self.random.choice([" ", "  ", "    ", "- ", "#"]) + line]
                case 4:
                    lines[at : at + 1] = [line[self.random.randint(1, 4) :]]
                case _:
                    others = self.text().splitlines(keepends=True)
                    start = self.random.randrange(len(others) + 1)
                    lines[at:at] = others[start : start + self.random.randint(1, 5)]
        return "".join(lines).encode()

    def tokens(self) -> bytes:
        """A spec with some of its words, numbers or signs replaced."""
        parts = re.split(r"(\w[\w.]*|[^\w\s])", self.text())
        for _ in range(self.random.randint(1, 5)):
            at = self.random.randrange(len(parts))
            parts[at] = self.token() if self.random.random() < 0.9 else parts[at] * 2
        return "".join(parts).encode("utf-8", "surrogatepass")

    def token(self) -> str:
        """Something that may stand where a value is expected."""
        chance = self.random.random()
        if chance < 0.45:
            return self.random.choice(words())
        if chance < 0.65:
            return self.random.choice(NUMBERS)
        if chance < 0.85:
            return self.random.choice(EXPRESSIONS)
        return self.random.choice(YAML) if chance < 0.97 else json.dumps(self.random.choice(NAMES))

    def structure(self) -> bytes:
        """A spec whose tree was changed: parts lost, moved, wrapped, or of the wrong type."""
        values = [one.value for one in parse(Source("seed", self.text()))[0]]
        values = values or [{}]
        for _ in range(self.random.randint(1, 4)):
            holder = self.random.choice(self.containers(values))
            self.change(holder, values)
        texts = (json.dumps(value, ensure_ascii=False) for value in values)
        return "\n---\n".join(texts).encode("utf-8", "surrogatepass")

    def containers(self, values: list[Any]) -> list[Any]:
        """All lists and mappings in there."""
        found: list[Any] = [values]
        for one in found:
            inner = one.values() if isinstance(one, dict) else one
            found += [value for value in inner if isinstance(value, (dict, list))][:400]
        return found

    def change(self, holder: Any, values: list[Any]) -> None:
        """Change one entry of a container."""
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = self.random.choice(keys)
        match self.random.randrange(6):
            case 0:
                del holder[key]
            case 1:
                holder[key] = self.value()
            case 2:
                holder[key] = self.copy(self.random.choice(self.containers(values)))
            case 3:
                holder[key] = [self.copy(holder[key])] * self.random.choice([1, 2, 20])
            case 4 if isinstance(holder, dict):
                holder[self.token()] = holder.pop(key)
            case 4:
                holder.insert(key, self.copy(holder[key]))
            case _ if isinstance(holder, dict):
                holder[self.random.choice(words())] = self.value()
            case _:
                self.random.shuffle(holder)

    @staticmethod
    def copy(value: Any) -> Any:
        """The same, apart from it; nothing where it is too much."""
        text = json.dumps(value)
        return json.loads(text) if len(text) < 3_000 else None

    def value(self) -> Any:
        """A value as JSON has them."""
        plain = [None, True, False, 0, 1, -1, 3, 64, 1.5, 1e9, 2**53, "", [], {}, [1, 2], {"a": 1}]
        return self.token() if self.random.random() < 0.5 else self.random.choice(plain)

    def grown(self) -> bytes:
        """A spec of layers that were never seen together."""
        rank = self.random.randint(0, 4)
        shape = [self.random.choice([1, 2, 3, 4, 8, 16, 33]) for _ in range(rank)]
        spec: dict[str, Any] = {"input": shape, "layers": self.stack(2)}
        if self.random.random() < 0.4:
            spec["framework"] = "keras"
        if self.random.random() < 0.4:
            spec["vars"] = {self.random.choice("abcx"): self.value() for _ in range(3)}
        if self.random.random() < 0.4:
            spec["blocks"] = {"unit": {"params": {"a": self.value()}, "layers": self.stack(1)}}
        return json.dumps(spec, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def greedy(self) -> bytes:
        """A spec that asks for as much as it can, as it is or with changes."""
        case = self.random.choice(list(CASES.values()))
        data = case(self.random.randint(300, 3_000)).encode()
        other = Inputs(self.random.random().hex(), [data])
        ways = [lambda: data, other.scattered, other.lines, other.tokens]
        return self.random.choice(ways)()

    def stack(self, depth: int) -> list[Any]:
        """A list of layers."""
        return [self.layer(depth) for _ in range(self.random.randint(0, 6))]

    def layer(self, depth: int) -> Any:
        """A layer with some of its fields."""
        cls = self.random.choice(all_layers())
        layer: dict[str, Any] = {"type": self.random.choice([cls.type_name] * 12 + ["unit", "x"])}
        for name, info in fields_of(cls).items():
            if name in cls.lists:
                inner = self.stack(depth - 1) if depth else []
                layer[name] = [inner, []] if cls.lists[name] else inner
            elif info.required or self.random.random() < 0.3:
                layer[name] = self.argument(list(info.choices))
        for key in self.random.choices(_KEYS, k=self.random.randrange(2)):
            layer[key] = self.value()
        if self.random.random() < 0.05:
            layer["repeat"] = self.random.choice([0, -1, 2, 3, 1e9, 10**9, "index", "9**9"])
        if self.random.random() < 0.3:
            layer["name"] = self.random.choice("abcde")
        if self.random.random() < 0.2:
            layer["from"] = self.random.choices(["a", "b", "c", "prev", "input", "a.0"], k=2)
        return layer

    def argument(self, choices: list[str]) -> Any:
        """A value for a field, most often one that it takes."""
        if choices and self.random.random() < 0.5:
            return self.random.choice(choices)
        size = self.random.choice([0, 1, 1, 2, 2, 3, 4, 8, -1])
        return self.random.choice([size, size, size, [size] * 2, [size, 2, 1], True, self.value()])
