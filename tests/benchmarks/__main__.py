"""All benchmarks: ``python -m tests.benchmarks`` installs the peers into an environment of its own,
measures everything side by side, and writes the table into ``tests/benchmarks/README.md``.

``python -m tests.benchmarks start again`` measures these alone, and prints the rows.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import venv
from pathlib import Path

from tests.benchmarks.harness import ROOT, Row

ENVIRONMENT = ROOT / ".benchmarks"
PEERS = ["torch==2.13.0", "torchinfo", "onnx", "torchshapeflow", "yamllint"]
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


def prepare() -> Path:
    """The environment with the peers and this checkout; its Python."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PEERS], check=True)
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], help="all, if left out")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    python = prepare()
    parts = []
    for name in options.subjects or SUBJECTS:
        rows = importlib.import_module(f"tests.benchmarks.{name}").measure(python, options.rounds)
        parts.append(f"### {SUBJECTS[name]}\n\n{table(rows)}")
        print(parts[-1], flush=True)
    if not options.subjects:
        text = README.read_text(encoding="utf-8")
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        measured = "\n".join([machine(python), *parts])
        README.write_text(f"{text[:start]}\n{measured}\n{text[end:]}", encoding="utf-8")


if __name__ == "__main__":
    main()
