"""``shapecalc sweep``: one spec at every combination of values of its ``vars``."""

from contextlib import nullcontext
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from shapecalc.cli import _check_options, _progress, _terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from shapecalc.checker import Settings
    from shapecalc.variants import Variant

PANEL = "Reasoning"
ORDER = 330
#: Fewer combinations are done before other processes would have started.
WORTH_PROCESSES = 300

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A spec.", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUES",
        help="The values of one of the `vars`: width=16,32,64 or depth=1..8 (1..64..8 in steps of "
        "8); repeatable: every combination is checked.",
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only what this holds for, over the figures (params, trainable_params, macs, memory, "
        "layers, errors, ok) and the `vars`: 'ok and params < 5M'.",
    ),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="FIGURE", help="By a figure, the least first; -macs: the most."),
]
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="Only the first N of them.")
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Only this model of the file.")
]
Format = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="table, csv or jsonl (a row a variant)."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the rows to a file.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with FILE, where an earlier run stopped.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it exists.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=1,
        help="How many processes to use; default: one a core where it is worth it.",
    ),
]


def command(
    spec: Spec,
    set_: Set,
    input_: _check_options.Input = None,
    where: Where = None,
    sort: Sort = None,
    top: Top = None,
    model: Model = None,
    output_format: Format = "table",
    output: Output = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    jobs: Jobs = None,
) -> int:
    """A spec at every combination of values of its `vars`.

    Exit code 1 where no combination without errors is left.

    \b
      shapecalc sweep model.yaml --set width=16,32,64 --set depth=1..8
      shapecalc sweep model.yaml --set width=8..512..8 --where "ok and params < 5M" --sort -macs
      shapecalc sweep model.yaml --set width=1..9999 --format csv -o widths.csv --resume
    """
    from shapecalc.checker import UnreadableError
    from shapecalc.cli import _sweep_options, _sweep_output
    from shapecalc.config import ConfigError
    from shapecalc.variants import SweepError, count, sweep

    if output_format not in _sweep_output.FORMATS:
        _wrong(f"{output_format!r} is none of {', '.join(_sweep_output.FORMATS)}.", "--format")
    variables = _sweep_options.variables(set_)
    matches = _sweep_options.condition(where, variables)
    ordered = _sweep_options.order(sort, variables)
    gathers = output_format == "table" or bool(sort or top)
    start = _start(output, variables, output_format, resume, overwrite, gathers)
    tally = _Tally(model, count(variables) - start)
    try:
        settings = _settings(spec, input_)
        with _executor(count(variables) - start, jobs) as executor:
            found = sweep(spec, variables, settings=settings, executor=executor, start=start)
            kept = tally.matching(tally.counted(found), matches)
            rows = iter(ordered(list(kept))[:top]) if gathers else kept
            _sweep_output.write(rows, list(variables), output_format, output, append=resume)
    except SweepError as error:
        _wrong(f"{error}; {error.help}.", "--set")
    except (UnreadableError, ConfigError, OSError) as error:
        _terminal.print_error(str(error))
        return 2
    if model is not None and not tally.seen:
        _wrong(f"{spec} has no model {model!r}.", "--model")
    _terminal.print_note(tally.summary(where))
    return 0 if tally.good or start else 1


def _wrong(message: str, option: str) -> NoReturn:
    raise typer.BadParameter(message, param_hint=f"'{option}'")


def _start(
    output: Path | None,
    variables: "Mapping[str, Sequence[Any]]",
    output_format: str,
    resume: bool,
    overwrite: bool,
    gathers: bool,
) -> int:
    """The first combination to check; a file that is gone on with is cut to whole rows."""
    from shapecalc.cli._sweep_output import resume as resumed

    if not resume:
        if output and output.is_file() and not overwrite:
            _wrong(
                f"{output} exists: --resume goes on with it, --overwrite replaces it.", "--output"
            )
        return 0
    if output is None or output_format == "table" or gathers:
        _wrong("It needs -o FILE with --format csv or jsonl, and no --sort or --top.", "--resume")
    start, length = resumed(output, variables, output_format)
    if output.exists():
        with output.open("r+b") as file:
            file.truncate(length)
    return start


def _settings(spec: str, inputs: list[str] | None) -> "Settings":
    """The settings of the configuration, with the inputs of the command line."""
    from shapecalc.checker import Settings
    from shapecalc.run import Setup, plan

    shapes = _check_options.input_shapes(inputs)
    jobs = plan([spec], Setup(command_line=Settings(inputs=shapes)))
    # A folder has none or many; it is refused when it is read.
    return jobs[0].settings if jobs else Settings(inputs=shapes)


def _executor(combinations: int, jobs: int | None) -> "AbstractContextManager[Executor | None]":
    """A pool of processes where there is enough to do for it."""
    import signal

    from shapecalc.run import cores

    jobs = jobs or (cores() if combinations >= WORTH_PROCESSES else 1)
    if jobs == 1:
        return nullcontext()
    from concurrent.futures import ProcessPoolExecutor

    # It is us whom Ctrl-C ends, and we end the processes.
    return ProcessPoolExecutor(
        jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


class _Tally:
    """Counts what comes, and what of it is right."""

    def __init__(self, model: str | None, combinations: int) -> None:
        self.model = model
        self.combinations = combinations
        self.seen = self.valid = self.kept = self.good = 0

    def counted(self, found: "Iterable[Variant]") -> "Iterator[Variant]":
        """The variants of the model that was asked for; how far it is, on a terminal."""
        groups = groupby(found, key=attrgetter("number"))
        for _, variants in _progress.shown(groups, self.combinations):
            for variant in variants:
                if self.model in (None, variant.model):
                    self.seen += 1
                    self.valid += variant.ok
                    yield variant

    def matching(
        self, found: "Iterable[Variant]", matches: "Callable[[Variant], bool]"
    ) -> "Iterator[Variant]":
        """Those that a condition holds for."""
        for variant in found:
            if matches(variant):
                self.kept += 1
                self.good += variant.ok
                yield variant

    def summary(self, where: str | None) -> str:
        """What came of it, in one line."""
        text = (
            f"{self.seen:,} variant{'' if self.seen == 1 else 's'}: {self.valid:,} without errors"
        )
        return f"{text}, {self.kept:,} where {where}" if where else text
