"""The configuration of a repository: ``shapecalc.toml``, or ``[tool.shapecalc]`` in the nearest
``pyproject.toml``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from shapecalc.budget import AmountError, Limit, parse_amount
from shapecalc.selection import Selection, UnknownCodeError, read_codes, read_severities

FILES = ("shapecalc.toml", "pyproject.toml")
#: A pyproject.toml without this word need not be parsed, nor the parser loaded.
_OURS = b"shapecalc"
#: How many parts a key may have: a.b.c has three.
MAX_PARTS = 1_000

#: Input shapes by the name of an input or a model; ``""``: the only one.
InputSet = Mapping[str, tuple[int, ...]]


class ConfigError(Exception):
    """A configuration that cannot be used."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says; patterns are relative to its folder."""

    path: Path | None = None
    selection: Selection = field(default_factory=Selection)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    #: Pattern -> sets of input shapes that the files must hold for beside their own.
    inputs: Mapping[str, tuple[InputSet, ...]] = field(default_factory=dict)
    strict: bool = False

    def selection_for(self, file: Path) -> Selection:
        """The selection for one file: without what the patterns that match it ignore."""
        ignored = _flat(self._matching(file, self.per_file_ignores))
        return replace(self.selection, never=ignored) if ignored else self.selection

    def inputs_for(self, file: Path) -> tuple[InputSet, ...]:
        """The further input shapes for one file."""
        return _flat(self._matching(file, self.inputs))

    def excludes(self, file: Path, named: Path | None = None) -> bool:
        """Whether a file is left out. What was ``named``, the file or a folder that it is in, is
        wanted: patterns decide only about what lies below."""
        return any(self._matches(file, pattern, named) for pattern in self.exclude)

    def _matching(self, file: Path, patterns: Mapping[str, Any]) -> list[Any]:
        return [value for pattern, value in patterns.items() if self._matches(file, pattern)]

    def _matches(self, file: Path, pattern: str, above: Path | None = None) -> bool:
        """Whether a pattern matches the file or a folder it is in (and that is not ``above``).

        A pattern without a slash means a name anywhere; ``*`` goes across slashes.
        """
        root = self.path.parent if self.path else Path.cwd()
        try:
            parts = absolute(file).relative_to(root).parts
        except ValueError:
            return False
        known = absolute(above).parts[len(root.parts) :] if above else ()
        pattern = pattern.removeprefix("./").rstrip("/")
        candidates = ["/".join(parts[: end + 1]) for end in range(len(known), len(parts))]
        if "/" not in pattern:
            candidates += parts[len(known) :]
        patterns = (pattern, pattern.removeprefix("**/"), pattern.replace("/**/", "/"))
        return any(fnmatchcase(one, glob) for one in candidates for glob in patterns)


def _flat(values: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(one for value in values for one in value)


def absolute(path: Path) -> Path:
    """A path from the root, without following links: what lies in a folder belongs to it."""
    return Path(os.path.abspath(path))


class Configs:
    """Finds the configuration of each file of one run, reading every file at most once."""

    def __init__(self) -> None:
        self._known: dict[Path, Config] = {}

    def find(self, file: Path) -> Config:
        """The configuration that applies to a file or folder: the nearest one above it.

        Raises :class:`ConfigError`.
        """
        place = absolute(file)
        return self._of_folder(place if place.is_dir() else place.parent)

    def _of_folder(self, folder: Path) -> Config:
        if folder not in self._known:
            found = _config_in(folder)
            if found is None:
                is_root = folder.parent == folder
                found = Config() if is_root else self._of_folder(folder.parent)
            self._known[folder] = found
        return self._known[folder]


def _config_in(folder: Path) -> Config | None:
    for name in FILES:
        path = folder / name
        table = _table(path) if path.is_file() else None
        if table is not None:
            return read_config(path, table)
    return None


def load_config(path: Path) -> Config:
    """A configuration file by its path. Raises :class:`ConfigError`."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    return read_config(absolute(path), _table(path) or {})


def _table(path: Path) -> dict[str, Any] | None:
    """What a file says to us; ``None`` for a ``pyproject.toml`` that says nothing."""
    is_project = path.name == "pyproject.toml"
    try:
        data = path.read_bytes()
        if is_project and _OURS not in data:
            return None
        import tomllib

        text = data.decode("utf-8-sig")
        # What a key of very many parts takes grows with their square.
        if any(line.partition("=")[0].count(".") > MAX_PARTS for line in text.splitlines()):
            raise ConfigError(f"{path}: a key has more than {MAX_PARTS:,} parts")
        content: Any = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {str(error) or type(error).__name__}") from None
    if not is_project:
        return dict(content)
    tool = content.get("tool")
    table = tool.get("shapecalc") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.shapecalc must be a table")
    return table


def read_config(path: Path, table: Mapping[str, Any]) -> Config:
    """A configuration from its table. Raises :class:`ConfigError` for what it does not know."""
    from shapecalc.spec.keys import BUDGET, CONFIG, check_keys

    faults = check_keys(CONFIG, table, "the configuration")
    if not faults:
        faults = check_keys(BUDGET, table.get("budget", {}), "`budget`")
    if faults:
        said = "; ".join(_with_help(fault.message, fault.help) for fault in faults)
        raise ConfigError(f"{path}: {said}")
    try:
        return Config(
            path=path,
            selection=Selection(
                read_codes(table["select"]) if "select" in table else None,
                read_codes(table.get("extend-select", ())),
                read_codes(table.get("ignore", ())),
                read_severities(table.get("severity", {})),
            ),
            per_file_ignores={
                pattern: read_codes(codes)
                for pattern, codes in table.get("per-file-ignores", {}).items()
            },
            exclude=tuple(table.get("exclude", ())),
            limits=read_limits(table.get("budget", {}), path.name),
            inputs={
                pattern: tuple(parse_inputs(text) for text in texts)
                for pattern, texts in table.get("inputs", {}).items()
            },
            strict=table.get("strict", False),
        )
    except (UnknownCodeError, AmountError) as error:
        raise ConfigError(f"{path}: {_with_help(str(error), error.help)}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _with_help(message: str, help: str | None) -> str:
    return f"{message} ({help})" if help else message


def read_limits(values: Mapping[str, Any], origin: str) -> dict[str, Limit]:
    """Upper limits by figure. Raises :class:`AmountError`."""
    return {
        figure: Limit(parse_amount(figure, value), str(value), None, origin)
        for figure, value in values.items()
    }


def parse_inputs(text: str) -> dict[str, tuple[int, ...]]:
    """``3x64x64`` or ``image=3x64x64, text=77`` as shapes by name. Raises ``ValueError``."""
    found = {}
    for part in text.split(","):
        name, _, shape = part.rpartition("=")
        sizes = shape.strip().lower().replace("×", "x").split("x")
        if not all(
            size.isascii() and size.isdigit() and len(size) < 17 and 0 < int(size) < 2**53
            for size in sizes
        ):
            wrong = shape.strip()[:40]
            raise ValueError(f"{wrong!r} is not a shape without the batch, like 3x224x224")
        found[name.strip()] = tuple(int(size) for size in sizes)
    return found
