"""Coverage-guided fuzzing with atheris (libFuzzer), which wants an environment of its own:

``pip install atheris . pytest`` there, then
``python -m tests.fuzz.guided FOLDER -max_total_time=600``. The folder keeps the inputs that reach
new code; it starts with the real specs. All options are libFuzzer's.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

#: What is watched: the package, and the loader below it.
WATCHED = ["shapecalc", "yaml"]


def main(arguments: list[str]) -> None:
    """Fuzz, with libFuzzer's arguments; the first is the folder of inputs."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=WATCHED):
        import shapecalc
        from tests.fuzz import inputs, trial

        for module in walk_packages(shapecalc.__path__, "shapecalc."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    corpus = Path(next(word for word in arguments if not word.startswith("-")))
    corpus.mkdir(parents=True, exist_ok=True)
    for data in inputs.seeds():
        (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        """What libFuzzer found interesting, changed in its way or in ours."""
        if seed % 3 == 0:
            return bytes(atheris.Mutate(data, most))
        drawing = inputs.Inputs(seed, [data] if data else None)
        return drawing.draw()[:most]

    def once(data: bytes) -> None:
        trial.attempt(data, folder)

    with trial.small_limits():
        atheris.Setup([sys.argv[0], *arguments], once, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
