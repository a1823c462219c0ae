"""The configuration of a repository: ``shapecalc.toml``, or ``[tool.shapecalc]`` in the nearest
``pyproject.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapecalc.selection import Selection, UnknownCodeError, read_codes, read_severities

FILES = ("shapecalc.toml", "pyproject.toml")


class ConfigError(Exception):
    """A configuration that cannot be used."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says; patterns are relative to its folder."""

    path: Path | None = None
    selection: Selection = field(default_factory=Selection)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    budget: Mapping[str, str | int | float] = field(default_factory=dict)
    #: Pattern -> sets of input shapes that the files must hold for beside their own.
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    strict: bool = False

    def selection_for(self, file: Path) -> Selection:
        """The selection for one file: with the ignores of the patterns that match it."""
        ignored = [
            code
            for pattern, codes in self.per_file_ignores.items()
            if self._matches(file, pattern)
            for code in codes
        ]
        return self.selection.refined(Selection(ignore=tuple(ignored)))

    def inputs_for(self, file: Path) -> tuple[str, ...]:
        """The further input shapes for one file."""
        found = (
            shapes for pattern, shapes in self.inputs.items() if self._matches(file, pattern)
        )
        return tuple(shape for shapes in found for shape in shapes)

    def excludes(self, file: Path) -> bool:
        """Whether a file found in a folder is left out."""
        return any(self._matches(file, pattern) for pattern in self.exclude)

    def _matches(self, file: Path, pattern: str) -> bool:
        """Whether a pattern matches the file or a folder it is in."""
        root = self.path.parent if self.path else Path.cwd()
        try:
            relative = file.resolve().relative_to(root)
        except ValueError:
            return False
        parts = relative.parts
        pattern = pattern.rstrip("/")
        candidates = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        if "/" not in pattern:
            candidates += parts
        return any(fnmatchcase(candidate, pattern) for candidate in candidates)


def find_config(start: Path) -> Config:
    """The configuration that applies to a file or folder: the nearest one above it.

    Raises :class:`ConfigError`.
    """
    folder = start.resolve()
    return _find(folder if folder.is_dir() else folder.parent)


@lru_cache(maxsize=1024)
def _find(folder: Path) -> Config:
    for place in (folder, *folder.parents):
        for name in FILES:
            path = place / name
            if path.is_file():
                table = _table(path)
                if table is not None:
                    return read_config(path, table)
    return Config()


def load_config(path: Path) -> Config:
    """A configuration file by its path. Raises :class:`ConfigError`."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    return read_config(path.resolve(), _table(path) or {})


def _table(path: Path) -> dict[str, Any] | None:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if path.name == "pyproject.toml":
        table = data.get("tool", {}).get("shapecalc")
        return table if isinstance(table, dict) else None
    return data


def read_config(path: Path, table: Mapping[str, Any]) -> Config:
    """A configuration from its table. Raises :class:`ConfigError` for what it does not know."""
    from shapecalc.spec import schema

    faults = schema.check_keys(schema.ConfigKeys, table, "the configuration")
    if faults:
        help = f" ({faults[0].help})" if faults[0].help else ""
        raise ConfigError(f"{path}: {faults[0].message}{help}")
    try:
        return Config(
            path,
            Selection(
                read_codes(table.get("select", ())),
                read_codes(table.get("extend-select", ())),
                read_codes(table.get("ignore", ())),
                read_severities(table.get("severity", {})),
            ),
            {
                pattern: read_codes(codes)
                for pattern, codes in table.get("per-file-ignores", {}).items()
            },
            tuple(table.get("exclude", ())),
            table.get("budget", {}),
            {pattern: tuple(shapes) for pattern, shapes in table.get("inputs", {}).items()},
            table.get("strict", False),
        )
    except UnknownCodeError as error:
        raise ConfigError(f"{path}: {error} ({error.help})") from None
