"""All benchmarks: ``python -m tests.benchmarks`` installs the peers into an environment of its own,
measures everything side by side, and writes the table into ``tests/benchmarks/README.md``.

``python -m tests.benchmarks large start.conv`` measures a part and a single figure, and prints the
rows; ``--list`` names them all.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from tests.benchmarks.harness import ROOT, Row

ENVIRONMENT = ROOT / ".benchmarks"
SUBJECTS = {
    "start": "Starting",
    "large": "Large specs",
    "again": "A search in one process",
    "variants": "Sweeps",
    "sizes": "Input sizes that fit",
    "folder": "A folder",
}
HEADER = ("", "shapecalc", "against", "ratio", "wanted", "met")
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"
README = Path(__file__).parent / "README.md"


def subject(name: str) -> ModuleType:
    """The module of a part: its ``PEERS``, its ``FIGURES`` by name, and ``measure``."""
    return importlib.import_module(f"tests.benchmarks.{name}")


def chosen(words: Sequence[str]) -> dict[str, list[str]]:
    """The figures that are asked for, part by part: ``large`` is all of that part's, ``start.conv``
    one. Raises ``ValueError`` for what there is not."""
    found: dict[str, list[str]] = {}
    for word in words or SUBJECTS:
        part, dot, name = word.partition(".")
        figures = list(subject(part).FIGURES) if part in SUBJECTS else []
        if not figures or (dot and name not in figures):
            raise ValueError(f"there is no {word}: --list names all that there is")
        found.setdefault(part, []).extend([name] if name else figures)
    return found


def prepare(peers: Iterable[str]) -> Path:
    """The environment with these peers and this checkout; its Python."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if wanted := sorted(set(peers)):
        subprocess.run([*pip, *wanted], check=True)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
    subprocess.run([*pip, str(ROOT)], check=True)
    return python


def table(rows: list[Row]) -> str:
    """Rows as a Markdown table."""
    lines = [HEADER, ("---", "---", "---", "--:", "--:", "---"), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def machine(python: Path) -> str:
    """What it was measured on."""
    listed = subprocess.run(
        [str(python), "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    wanted = {"typer", "rich", "pydantic", "PyYAML", "torch", "torchinfo", "onnx",
              "torchshapeflow", "yamllint"}  # fmt: skip
    versions = dict(line.split("==") for line in listed.stdout.splitlines() if "==" in line)
    names = ", ".join(f"{name} {versions[name]}" for name in sorted(wanted & versions.keys()))
    return (
        f"{_processor()}, {platform.system()}, "
        f"Python {platform.python_version()}; {names}.\n"
    )  # fmt: skip


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores of {models[0] if models else platform.machine()}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", help="a part, or one of its figures; default: all")
    parser.add_argument("--list", action="store_true", help="name all figures, and stop")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    try:
        wanted = chosen(options.figures)
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(f"{part}.{name}" for part, names in wanted.items() for name in names))
        return
    python = prepare(peer for part in wanted for peer in subject(part).PEERS)
    parts = []
    for part, names in wanted.items():
        rows = subject(part).measure(python, options.rounds, names)
        parts.append(f"### {SUBJECTS[part]}\n\n{table(rows)}")
        print(parts[-1], flush=True)
    if not options.figures:
        text = README.read_text(encoding="utf-8")
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        found = "\n".join([machine(python), *parts])
        README.write_text(f"{text[:start]}\n{found}\n{text[end:]}", encoding="utf-8")


if __name__ == "__main__":
    main()
