"""JSON as every format writes it: nothing but ASCII, and nothing that a CI system obeys."""

from __future__ import annotations

import json
from typing import Any


def dumps(value: Any, indent: int | None = None) -> str:
    """The value as JSON.

    ``##[error]`` anywhere in its output is a command to a CI system; JSON has another way to write
    the same string.
    """
    return json.dumps(value, ensure_ascii=True, indent=indent).replace("##", "#\\u0023")
