"""Running the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from shapecalc.cli import main


class Outcome(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("conv", "64", "-k4")``, or the same as one string: ``run("conv 64 -k4")``."""
    for name in ("NO_COLOR", "SHAPECALC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*args: str) -> Outcome:
        words = args[0].split() if len(args) == 1 else list(args)
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert isinstance(stop.value.code, int)
        return Outcome(stop.value.code, *capsys.readouterr())

    return invoke
