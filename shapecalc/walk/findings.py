"""What a walk finds: one finding a place, however often the place is used."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.diagnostics import Fix
from shapecalc.graph import Port
from shapecalc.layers.base import Problem, Shape, format_shape
from shapecalc.limits import MAX_FAULTS
from shapecalc.spec.edits import set_field
from shapecalc.spec.model import LayerSpec
from shapecalc.spec.source import Extent, Source

#: How far a chain of shapes is followed back.
MAX_CHAIN = 1_000
#: That many findings are many.
MANY = 50


@dataclass(slots=True)
class Finding:
    """Something wrong at a place of the spec, in one or more of its uses."""

    code: str
    message: str
    extent: Extent
    help: str | None = None
    path: str = ""
    layer: str | None = None
    sizes: tuple[str, ...] = ()
    uses: int = 1
    use: Extent | None = None
    related: tuple[tuple[str, Extent], ...] = ()
    #: The layer it is about.
    spec: LayerSpec | None = None
    #: The containers and uses of blocks around it that have an `ignore`, outermost first.
    within: tuple[LayerSpec, ...] = ()
    #: What would mend it, at all of its uses alike.
    fix: Fix | None = None
    #: The path of its last use.
    last_path: str = ""
    #: For an `expect` that does not hold, what it is about and the shape that it asserts.
    expected: tuple[Port, Shape] | None = None


class EnoughError(Exception):
    """More findings are not asked for than have been made."""


class Findings:
    """Collects findings; the same one at another use of the same lines is counted."""

    def __init__(self, source: Source, model: Extent) -> None:
        self.source = source
        #: Where the model stands.
        self.model = model
        #: By code, place, and what may silence it there: another use of a block may not.
        self.found: dict[tuple[str, Extent, tuple[int, ...]], Finding] = {}
        self.places: set[tuple[str, Extent]] = set()
        #: The containers and uses of blocks that are being run and have an `ignore`.
        self.within: tuple[LayerSpec, ...] = ()
        #: Where the blocks that are being run are used, outermost first.
        self.uses: list[Extent] = []
        #: How many of the layers that are being run may not be there at all.
        self.doubt = 0
        #: How often something was wrong, be it reported or asked whether that was done before.
        self.troubles = 0
        #: Whether the walk ends at the first finding.
        self.first_only = False
        #: (code, name, value) of values that were refused and are read under a name.
        self.blamed: set[tuple[str, str, str]] = set()

    def stop_if_enough(self) -> None:
        """End the walk where one finding is all that was asked for, and where there are very many.

        Raises :class:`EnoughError`.
        """
        if self.first_only and self.found:
            raise EnoughError
        if len(self.found) > MAX_FAULTS:
            message = f"more than {MAX_FAULTS:,} things are wrong: the rest is not computed"
            self.report("SC007", message, self.model, "mend these first")
            raise EnoughError

    def __len__(self) -> int:
        return len(self.found)

    def is_known(self, code: str, extent: Extent) -> bool:
        """Whether what is wrong again was reported at this place before."""
        self.troubles += 1
        return (code, extent) in self.places

    def report(
        self,
        code: str,
        message: str,
        extent: Extent,
        help: str | None = None,
        path: str = "",
        layer: str | None = None,
        inputs: tuple[Port, ...] = (),
        fix: Fix | None = None,
        spec: LayerSpec | None = None,
    ) -> Finding:
        """Note a finding; the same one at another use of the same lines is counted. ``spec`` is
        the layer that may silence it.
        """
        self.troubles += 1
        key = (code, extent, tuple(map(id, self.within)))
        known = self.found.get(key)
        if known is not None:
            known.uses += path != known.last_path
            known.last_path = path
            known.fix = known.fix if known.fix == fix else None
            return known
        use = self.uses[-1] if self.uses else None
        self.places.add((code, extent))
        found = self.found[key] = Finding(
            code,
            message,
            extent,
            help,
            path,
            layer,
            self._sizes_to(inputs[0]) if inputs and self._shows_sizes(code) else (),
            use=use,
            fix=fix,
            last_path=path,
            spec=spec,
            within=self.within,
        )
        return found

    def _shows_sizes(self, code: str) -> bool:
        """Whether a finding shows the sizes that led there; nobody reads those of the first one."""
        return code.startswith("SC1") and not self.first_only

    def _sizes_to(self, port: Port) -> tuple[str, ...]:
        """The chain that led there; among very many findings, nobody follows a long one."""
        return sizes_to(port, most=MAX_CHAIN if len(self.found) < MANY else MANY)

    def repeats(self, code: str, layer: LayerSpec, key: str | None, value: object) -> bool:
        """Whether the value of a field was refused before, under the name that it is read by.

        ``stride: step`` in three layers is one mistake: the value of ``step``.
        """
        self.troubles += 1
        written = layer.keys.get(layer.written.get(key or "", ""))
        if not isinstance(written, str) or not written.isidentifier():
            return False
        blame = (code, written, repr(value))
        known = blame in self.blamed and (code, layer.key_extent(key)) not in self.places
        self.blamed.add(blame)
        return known

    def report_layer(
        self,
        layer: LayerSpec,
        type_name: str,
        problem: Problem,
        path: str,
        inputs: tuple[Port, ...] = (),
    ) -> None:
        """Note what a layer found, at the field it blames.

        Nothing is said of the shapes of a layer that may not be there at all.
        """
        if self.doubt and problem.code.startswith("SC1"):
            return
        self.report(
            problem.code,
            f"{layer.label(type_name)}: {problem.message}",
            layer.key_extent(problem.field),
            problem.help,
            f"{path}.{problem.field}" if problem.field else path,
            layer.name,
            inputs,
            set_field(self.source, layer, *problem.fix) if problem.fix else None,
            layer,
        )


def sizes_to(port: Port, limit: int = 6, most: int = MAX_CHAIN) -> tuple[str, ...]:
    """The chain of shapes from the input of the model to here, the middle left out; of a chain that
    is very long only its end."""
    shapes = [port.tensor.shape]
    node = port.node
    for _ in range(most):
        if not node.inputs:
            break
        port = node.inputs[0]
        node = port.node
        if port.tensor.shape != shapes[-1]:
            shapes.append(port.tensor.shape)
    shapes.reverse()
    if node.inputs:
        return ("…", *map(format_shape, shapes[-2:]))
    if len(shapes) > limit:
        return (*map(format_shape, shapes[:3]), "…", *map(format_shape, shapes[-2:]))
    return tuple(map(format_shape, shapes))
