"""One run: from paths to files with their settings, and from those to reports, in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from shapecalc import checker
from shapecalc.checker import Settings, UnreadableError
from shapecalc.config import Config, Configs, absolute, load_config
from shapecalc.diagnostics import describe_bug
from shapecalc.report import FileReport, ModelReport
from shapecalc.spec.names import did_you_mean
from shapecalc.spec.source import Source, decode, parse

STDIN = "-"

#: So many bytes of specs are worth a process of their own.
SHARE = 100_000

#: What is done with a file: checked; fixed; checked, and what would be fixed is shown.
Action = Literal["check", "fix", "diff"]


class Job(NamedTuple):
    """One file to check."""

    path: str
    settings: Settings
    #: The folder that was named where it is not the file: what is no spec there is skipped.
    folder: str | None = None
    #: Whether its report shows layers, rather than only what was found.
    layers: bool = True


@dataclass(slots=True)
class Outcome:
    """What came of one job: a report, or an error; neither for what is no spec."""

    job: Job
    report: FileReport | None = None
    error: str | None = None
    #: How many findings were (or could be) fixed, and the change as a unified diff.
    fixed: int = 0
    diff: str = ""

    @property
    def fails(self) -> bool:
        """Whether an error was found; with ``strict`` a warning too."""
        if self.report is None:
            return False
        failing = ("error", "warning") if self.job.settings.strict else ("error",)
        return any(found.severity in failing for found in self.report.diagnostics)


@dataclass(frozen=True, slots=True)
class Setup:
    """Where settings come from: the command line, and which configuration."""

    command_line: Settings = field(default_factory=Settings)
    #: A configuration for all files, rather than the nearest of each.
    config: Path | None = None
    #: No configuration at all.
    isolated: bool = False
    #: Excluded files are left out even where they are named.
    force_exclude: bool = False
    #: Whether reports show layers, rather than only what was found.
    layers: bool = True


def plan(paths: Iterable[str], setup: Setup | None = None) -> list[Job]:
    """The files that paths mean, each once, with its settings. Raises ``ConfigError``."""
    setup = setup or Setup()
    configs = Configs()
    one = Config() if setup.isolated else load_config(setup.config) if setup.config else None
    jobs: dict[Path | None, Job] = {}
    for path in paths:
        if path == STDIN:
            here = Path("<stdin>")
            settings = _settings(setup, here, one or configs.find(here))
            jobs.setdefault(None, Job(path, settings, layers=setup.layers))
            continue
        is_folder = Path(path).is_dir()
        named = None if setup.force_exclude else Path(path)
        for file in checker.find_specs(Path(path)) if is_folder else [Path(path)]:
            config = one or configs.find(file)
            if config.excludes(file, named):
                continue
            folder = path if is_folder else None
            job = Job(str(file), _settings(setup, file, config), folder, setup.layers)
            known = jobs.setdefault(absolute(file), job)
            if known.folder is not None and not is_folder:
                jobs[absolute(file)] = job
    return list(jobs.values())


def _settings(setup: Setup, file: Path, config: Config) -> Settings:
    """The settings for one file: those of the command line, over its configuration."""
    return replace(
        setup.command_line,
        selection=config.selection_for(file),
        limits=config.limits,
        further_inputs=config.inputs_for(file),
        strict=setup.command_line.strict or config.strict,
    )


def run(
    jobs: Sequence[Job], action: Action = "check", processes: int | None = None
) -> Iterator[Outcome]:
    """Do all jobs, in order.

    On so many ``processes``; by default on all cores, but where there is little to do in this one.
    """
    if STDIN in [job.path for job in jobs]:
        processes = 1
    if (processes or _worth(jobs)) > 1 and len(jobs) > 1:
        from shapecalc import parallel

        return parallel.run(jobs, action, processes or _worth(jobs))
    return (do(job, action) for job in jobs)


def _worth(jobs: Sequence[Job]) -> int:
    """How many processes the work is worth, up to the number of cores."""
    size = 0
    for job in jobs:
        with suppress(OSError):
            size += os.stat(job.path).st_size
    return min(cores(), 1 + size // SHARE)


def cores() -> int:
    """How many processors there are for this process."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def do(job: Job, action: Action = "check") -> Outcome:
    """Do one job. Whatever happens to it is its outcome, and leaves the others alone."""
    try:
        return _do(job, action)
    except UnreadableError as error:
        return Outcome(job, error=str(error))
    except MemoryError:
        return Outcome(job, error=f"{job.path}: there is not enough memory to check it")
    except Exception as error:  # it must not hide what the others are
        if os.environ.get("SHAPECALC_DEBUG"):
            raise
        return Outcome(job, error=f"{job.path}: {describe_bug(error)}")


def _do(job: Job, action: Action) -> Outcome:
    source = _read(job.path)
    documents, problems = parse(source)
    if job.folder is not None and not checker.is_spec(source, documents, problems):
        return Outcome(job)
    if action == "check":
        report = checker.check_documents(source, documents, problems, job.settings)
        return Outcome(job, report if job.layers else report.without_layers())
    return _fix(job, source, action)


def _read(path: str) -> Source:
    if path != STDIN:
        return checker.read_source(path)
    try:
        return Source("<stdin>", decode(sys.stdin.buffer.read()))
    except UnicodeError:
        raise UnreadableError("<stdin>: the text is not UTF-8") from None


def _fix(job: Job, source: Source, action: Action) -> Outcome:
    from shapecalc import fix

    fixed = fix.fix_source(source, job.settings)
    outcome = Outcome(job, fixed.report, fixed=len(fixed.fixes))
    if fixed.source.text != source.text:
        outcome.diff = fix.diff(source, fixed.source)
        if action == "fix":
            fix.write(Path(job.path), source, fixed.source)
    return outcome


def unused_override(models: list[ModelReport], settings: Settings) -> tuple[str, str] | None:
    """The option and a message for an override of the command line that nothing takes."""
    specs = [model.spec for model in models]
    variables = {name for spec in specs for name in (*spec.vars, *spec.dims)}
    for name in settings.set:
        if name not in variables:
            return "--set", f"No spec has a var {name!r}.{_nearest(name, variables)}"
    for name in {name for spec in specs for name in spec.dims} & settings.set.keys():
        size = settings.set[name]
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            return "--set", f"{name} is one of `dims`: a whole number above 0, not {size!r}."
    free = [spec for spec in specs if any(given.model is None for given in spec.inputs)]
    names = {spec.name for spec in free} | {given.name for spec in free for given in spec.inputs}
    for name in settings.inputs:
        if not name and (len(free) > 1 or any(not spec.single_input for spec in free)):
            choices = ", ".join(sorted(names - {"input"}))
            return "--input", f"Several inputs: say which, NAME=SHAPE with one of {choices}."
        if name and name not in names:
            return "--input", f"No input or model is called {name!r}.{_nearest(name, names)}"
    return None


def _nearest(name: str, known: set[str]) -> str:
    near = did_you_mean(name, known)
    return f" Did you mean {near!r}?" if near else ""
