"""Devices and their peak rates, from the list that is shipped or from a file of the user's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_name("devices.toml")


class DeviceError(ValueError):
    """A device that there is not, or that cannot be read."""


@dataclass(frozen=True, slots=True)
class Device:
    """The peak rates of a device."""

    name: str
    #: Bytes it has, and bytes it moves in a second.
    memory: int
    bandwidth: float
    #: Multiply-accumulates in a second, by dtype.
    macs: Mapping[str, float]


def find_device(word: str) -> Device:
    """A device by its name; ``FILE.toml`` or ``FILE.toml:NAME`` for one of the user's own.

    Raises :class:`DeviceError`.
    """
    path, _, name = word.rpartition(":") if ".toml:" in word else (word, "", "")
    if path.endswith(".toml"):
        devices = _read(Path(path))
        name = name or (next(iter(devices)) if len(devices) == 1 else "")
    else:
        devices, name = _read(SHIPPED), word.lower()
    if name not in devices:
        raise DeviceError(f"there is no device {name or word!r}, only {', '.join(devices)}")
    return _device(name, devices[name])


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DeviceError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise DeviceError(f"{path}: {error}") from None


def _device(name: str, table: Any) -> Device:
    macs = table.get("macs") if isinstance(table, dict) else None
    rates = [*macs.values()] if isinstance(macs, dict) else []
    numbers = [table.get("memory"), table.get("bandwidth"), *rates] if rates else []
    if not numbers or not all(type(one) in (int, float) and one > 0 for one in numbers):
        raise DeviceError(
            f"device {name!r} needs memory (bytes), bandwidth (bytes a second) and macs "
            "(a table of multiply-accumulates a second by dtype), all above 0"
        )
    title = str(table.get("name", name))
    return Device(title, int(table["memory"]), float(table["bandwidth"]), dict(macs or {}))
