"""The catalogue: a family a file, a layer type one class.

Dropping a module with :class:`~shapecalc.layers.base.Layer` subclasses into this package (or into
``layers/keras``) is all it takes to add layer types.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from shapecalc.layers.base import Framework, Layer

_RANKED = re.compile(r"(.+)([123])d")


class Catalogue:
    """The layer types of one framework, by the names that people write."""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework
        #: Type name -> class, in the order of the families.
        self.types: dict[str, type[Layer]] = {}
        self._written: dict[str, type[Layer]] = {}
        self._names: tuple[str, ...] | None = None
        #: A name without its rank -> the class for each rank.
        self.ranked: dict[str, dict[int, type[Layer]]] = {}
        for layer in all_layers():
            if framework in layer.frameworks:
                self._add(layer)

    def _add(self, layer: type[Layer]) -> None:
        self.types[layer.type_name] = layer
        for name in (layer.type_name, *layer.aliases):
            self._written[_squeeze(name)] = layer
            match = _RANKED.fullmatch(name)
            if match:
                variants = self.ranked.setdefault(_squeeze(match[1]), {})
                variants[int(match[2]) + layer.leading] = layer

    def find(self, name: str) -> type[Layer] | None:
        """The class that a type name means: ``conv2d``, ``Conv2d``, ``dense``."""
        return self.types.get(name) or self._written.get(_squeeze(name))

    def find_ranks(self, name: str) -> dict[int, type[Layer]] | None:
        """For a name without its rank (``conv``), the class for each number of spatial axes."""
        return self.ranked.get(_squeeze(name))

    def names(self) -> tuple[str, ...]:
        """All names, for the nearest one to a typo."""
        if self._names is None:
            ranked = {match[1] for name in self.types if (match := _RANKED.fullmatch(name))}
            self._names = (*self.types, *sorted(ranked))
        return self._names


def _squeeze(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def catalogue(framework: Framework = "pytorch") -> Catalogue:
    """The layer types of a framework."""
    return Catalogue(framework)


@cache
def all_layers() -> tuple[type[Layer], ...]:
    """Every layer type, family by family."""
    for module in _family_modules():
        import_module(module)
    return tuple(cls for cls in _subclasses(Layer) if not cls.abstract())


def _family_modules() -> Iterator[str]:
    for package in (__name__, f"{__name__}.keras"):
        paths = import_module(package).__path__
        for module in sorted(pkgutil.iter_modules(paths), key=lambda module: module.name):
            yield f"{package}.{module.name}"


def _subclasses(cls: type[Layer]) -> Iterator[type[Layer]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
