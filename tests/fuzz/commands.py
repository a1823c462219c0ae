"""All commands on inputs that are nearly specs, with a configuration, a baseline and options that
are nearly right. One input is a command line and the files it is about, as JSON."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from unittest.mock import patch

import shapecalc
from shapecalc import render, rules
from shapecalc.baseline import baseline_of
from shapecalc.checker import UnreadableError, check_source, read_source
from shapecalc.cli import main
from shapecalc.cli._app import command_names
from shapecalc.costs.setting import DTYPES, OPTIMIZERS
from shapecalc.render._columns import COLUMNS
from shapecalc.spec.keys import BUDGET, CONFIG
from shapecalc.spec.source import Source, parse
from tests.documents import README, blocks
from tests.fuzz.inputs import EXPRESSIONS, NUMBERS, Inputs
from tests.fuzz.trial import MOST_FOR_SIZES
from tests.render.hostile import NAMES, WILD, is_tame, quoted

SPEC, OTHER, BASELINE = "spec.yaml", "other.yaml", "baseline.json"
CONFIGS = ("shapecalc.toml", "pyproject.toml")
#: Those that ask again and again what becomes of a graph.
REASONING = ("sizes", "solve", "mirror", "sweep")

_SHAPES = ["3x64x64", "1", "3x0", "x", "3×8×8", "a=3x8x8", "input=7", "9" * 20, "-1", "64x64x", ""]
_AMOUNTS = ["5M", "1.2G", "200MiB", "0", "60%", "1e99", "-1", "5 m", "1_0", "٣", "M", "1e400", ""]
_RANGES = [
    "1,2",
    "1..3",
    "1..9..4",
    "3..1",
    "1..99999999",
    "[1,2],[3]",
    "a,b",
    "true",
    "-2..2",
    ",",
]
_CONDITIONS = ["ok", "params < 5M", "1", "x", "errors == 0 and macs > 1", "memory < 1GiB", "not ok"]
_WORDS = ["json", "markdown", "text", "csv", "jsonl", "table", "0", "1", "3", "64", "64x64", "1e9"]
_UNSAID = re.compile(rf"[\ud800-\udfff\n]|^::|{WILD.pattern}", re.MULTILINE)


class Commands:
    """Draws one command line with its files after the other."""

    def __init__(self, seed: int | str) -> None:
        self.random = Random(seed)
        self.inputs = Inputs(f"{seed} inputs")
        self.text = ""
        self.drawers: dict[str, Callable[[], list[str]]] = {
            "check": self.check, "diff": self.diff, "sizes": self.sizes, "solve": self.solve,
            "mirror": self.mirror, "sweep": self.sweep, "plot": self.plot,
        }  # fmt: skip

    def draw(self) -> bytes:
        """The next one, as :func:`attempt` takes it."""
        files = {SPEC: self.spec(), OTHER: self.spec()}
        if self.chance(0.3):
            files[OTHER] = files[SPEC][: self.random.randrange(len(files[SPEC]) + 1)]
        self.text = files[SPEC].decode("utf-8", "replace")
        command = self.random.choice([*self.drawers, "check", "check", "anything"])
        if command == "anything":
            words = [self.value() for _ in range(self.random.randrange(4))]
            arguments = [self.random.choice(command_names()), *words]
        else:
            arguments = [command, *self.drawers[command]()]
        if self.chance(0.15):
            files[self.random.choice(CONFIGS)] = self.configuration()
        if "--baseline" in arguments:
            files[BASELINE] = self.baseline()
        # What the user says is repeated to the user; what the files say must be made safe.
        arguments = [_UNSAID.sub("", word) for word in arguments]
        texts = {name: data.decode("latin-1") for name, data in files.items()}
        return json.dumps({"arguments": arguments, "files": texts}).encode()

    def spec(self) -> bytes:
        """A spec: one that is nearly right, or right ones with hostile names."""
        if self.chance(0.85):
            return self.inputs.draw()
        return "---\n".join(self.hostile() for _ in range(self.random.randint(1, 2))).encode()

    def hostile(self) -> str:
        name, layer, value = (quoted(self.random.choice(NAMES)) for _ in range(3))
        return (
            f"name: {name}\ninput: [3, 16, 16]\nvars: {{{value}: 4}}\nlayers:\n"
            f"  - {{type: conv2d, name: {layer}, out_channels: 4, kernel_size: 3, stride: 2}}\n"
            f"  - {{type: max_pool2d, name: {value}, kernel_size: 2}}\n"
            f"outputs: [{layer}, {value}]\n"
        )

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def some(self, options: dict[str, Callable[[], str] | None], most: int = 3) -> list[str]:
        """Some of the options, each with a value where it takes one."""
        found = []
        for name in self.random.sample(
            list(options), self.random.randint(0, min(most, len(options)))
        ):
            value = options[name]
            found += [name] if value is None else [f"{name}={value()}"]
        return found

    def one_of(self, *words: str) -> Callable[[], str]:
        """Rather one of these, else anything."""
        return lambda: self.random.choice(words) if self.chance(0.93) else self.value()

    def value(self) -> str:
        """Anything that a command line may hold."""
        known = [_SHAPES, _AMOUNTS, _RANGES, _CONDITIONS, _WORDS, NUMBERS, EXPRESSIONS, NAMES]
        return self.random.choice(self.random.choice(known)) if self.chance(0.7) else self.name()

    def name(self) -> str:
        """A word of the spec, a path in it, or a hostile name."""
        words = re.findall(r"[\w.]+", self.text)
        if words and self.chance(0.6):
            return str(self.random.choice(words))
        path = f"layers[{self.random.randrange(9)}]"
        return self.random.choice([path, path, *NAMES])

    def assignment(self) -> str:
        return f"{self.name()}={self.value()}"

    def code(self) -> str:
        return self.random.choice([*rules.modules(), "SC", "SC3", "ALL", "SC2,SC3", self.value()])

    def check(self) -> list[str]:
        amount = self.one_of(*_AMOUNTS)
        column = self.one_of(*(column.name for column in COLUMNS), "+macs,params", "all")
        number = self.one_of("0", "1", "2", "100")
        limits = {f"--max-{figure.replace('_', '-')}": amount for figure in BUDGET.keys}
        options: dict[str, Callable[[], str] | None] = {
            "--format": self.one_of(*render.formats()), "--set": self.assignment,
            "--input": self.one_of(*_SHAPES), "--select": self.code, "--ignore": self.code,
            "--extend-select": self.code, "--severity": lambda: f"{self.code()}=error",
            "--columns": column, "--sort": column, "--top": number, "--depth": number,
            "--unfold": None, "--weights": None, "--notes": None, "--quiet": None,
            "--summary-only": None, "--statistics": None, "--strict": None, "--exit-zero": None,
            "--fix": None, "--diff": None, "--write-baseline": lambda: "written.json",
            "--batch": number, "--optimizer": self.one_of(*OPTIMIZERS),
            "--dtype": self.one_of(*DTYPES), "--autocast": None, "--memory": amount,
            "--device": self.one_of("a100", "h100"), "--isolated": None, "--force-exclude": None,
            **limits,
        }  # fmt: skip
        known = ["--baseline", BASELINE] if self.chance(0.15) else []
        paths = self.random.choice([[SPEC], [SPEC], [SPEC, OTHER], ["."]])
        return [*paths, *self.some(options), *known]

    def diff(self) -> list[str]:
        grows = self.one_of("params+5%", "macs+1M", "layers+0", "params+1e9%", "depth+1", "macs+%")
        formats = self.one_of("table", "markdown", "json")
        return [
            SPEC,
            OTHER,
            *self.some({"--format": formats, "--fail-if": grows, "--unfold": None}),
        ]

    def sizes(self) -> list[str]:
        near = self.one_of("1", "8", "500", "10000001")
        listed = self.one_of("1..9", "60..70", "9..1", "1..99999", "1..", "²..³")
        return [
            SPEC,
            *self.some({"--near": near, "--list": listed, "--format": self.one_of("json")}),
        ]

    def solve(self) -> list[str]:
        sizes = self.one_of("1", "4", "8x8", "16", "0", "3x5x7")
        layer = [f"--layer={self.name()}", f"--output={sizes()}"]
        return [SPEC, *layer, *self.some({"--format": self.one_of("json"), "--most": sizes})]

    def mirror(self) -> list[str]:
        unpool = self.one_of("upsample", "conv_transpose")
        return [SPEC, *self.some({"--model": self.name, "--to": self.name, "--unpool": unpool})]

    def sweep(self) -> list[str]:
        ranges = self.one_of(*_RANGES)
        options: dict[str, Callable[[], str] | None] = {
            "--where": self.one_of(*_CONDITIONS), "--sort": self.one_of("params", "-macs", "ok"),
            "--top": self.one_of("1", "0"), "--model": self.name, "--input": self.one_of(*_SHAPES),
            "--format": self.one_of("table", "csv", "jsonl"),
        }  # fmt: skip
        return [SPEC, f"--set={self.name()}={ranges()}", *self.some(options), "--jobs=1"]

    def plot(self) -> list[str]:
        options: dict[str, Callable[[], str] | None] = {
            "--model": self.name, "--depth": self.one_of("1", "2"), "--unfold": None,
            "--set": self.assignment, "--input": self.one_of(*_SHAPES),
        }  # fmt: skip
        return [SPEC, *self.some(options)]

    def configuration(self) -> bytes:
        """A configuration: the README's with changes, or keys with values of any kind."""
        if self.chance(0.5):
            sources = [block.text.encode() for block in blocks(README, "toml")]
            inputs = Inputs(self.random.random().hex(), sources)
            return self.random.choice([inputs.scattered, inputs.lines, inputs.tokens])()
        lines = ["[tool.shapecalc]"] if self.chance(0.3) else []
        lines += [f"{key} = {self.toml(2)}" for key in self.random.sample(list(CONFIG.keys), 3)]
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    def toml(self, depth: int) -> str:
        """A value as TOML writes it."""
        if depth and self.chance(0.5):
            values = [self.toml(depth - 1) for _ in range(self.random.randrange(3))]
            if self.chance(0.5):
                return f"[{', '.join(values)}]"
            return "{" + ", ".join(f"{json.dumps(self.key())} = {one}" for one in values) + "}"
        plain = ["true", "1", "-1", "1e999", "nan", "1979-05-27", "07:32:00", "0x10", '""']
        text = self.random.choice([self.code(), self.value(), "**/*.yaml", "specs/", "[", "*?*?*"])
        return self.random.choice([*plain, *[json.dumps(text)] * 9])

    def key(self) -> str:
        return self.random.choice([*BUDGET.keys, "SC201", "*.yaml", SPEC, self.value()])

    def baseline(self) -> bytes:
        """The baseline of the spec, with changes."""
        report = check_source(Source(SPEC, self.text))
        text, _ = baseline_of([report], Path(BASELINE))
        inputs = Inputs(self.random.random().hex(), [text.encode("utf-8", "replace")])
        ways: list[Callable[[], bytes]] = [
            inputs.scattered,
            inputs.tokens,
            inputs.structure,
            lambda: text.encode("utf-8", "replace"),
        ]
        return self.random.choice(ways)()


def attempt(data: bytes, folder: Path) -> int:
    """Run a command over its files, and hold what it says to the promises. Returns its code."""
    case = json.loads(data)
    arguments: list[str] = case["arguments"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in case["files"].items():
        (folder / name).write_bytes(text.encode("latin-1"))
    if arguments[0] in REASONING and _is_large(folder / SPEC):
        return 0
    if arguments[0] == "schema":
        check_mapping(folder / SPEC)
    out, err = io.StringIO(), io.StringIO()
    in_ci = patch.dict(os.environ, {"CI": "true"})
    with in_ci, chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as stop:
            code = stop.code
    said, output = err.getvalue(), out.getvalue()
    assert "this is a bug" not in said + output, said
    assert code in (0, 1, 2), code
    assert is_tame(said), said
    # A report in GitHub's format has commands of its own, a patch tabs and carriage returns.
    shown = re.sub("^::|\r$", "", output, flags=re.MULTILINE)
    assert is_tame(shown.replace("\t", " ") if "--diff" in arguments else shown), output
    if arguments[0] != "check" and "--format=json" in arguments and output and code < 2:
        json.loads(output)
    return int(code)


def _is_large(file: Path) -> bool:
    """Whether a spec has more layers than are reasoned about here."""
    try:
        report = check_source(read_source(file))
    except UnreadableError:
        return False
    return any(len(model.graph.nodes) > MOST_FOR_SIZES for model in report.models)


def check_mapping(file: Path) -> None:
    """The Python API says of plain values what is said of them as a file."""
    try:
        documents, _ = parse(read_source(file))
    except UnreadableError:
        return
    for document in documents:
        if isinstance(document.value, dict):
            plain = json.loads(json.dumps(document.value))
            assert shapecalc.check(plain).to_dict()
