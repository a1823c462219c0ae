"""From YAML values to :class:`ModelSpec`: every key is read once, and what is wrong is noted.

What depends on shapes or on the parameters of a block (values, references, types given by a
parameter) is left to the walk; all the rest is found here, in blocks that nothing uses as well.
"""

from __future__ import annotations

from typing import Any

from shapecalc.layers import Catalogue, catalogue
from shapecalc.layers.base import DTYPES
from shapecalc.limits import MAX_DIMS, MAX_MODELS, MAX_RANK, MAX_SHARED
from shapecalc.spec.expressions import describe
from shapecalc.spec.keys import BLOCK, BUDGET, INPUT, LAYER, LINT, MODEL, SHARED, Keys
from shapecalc.spec.known import Known
from shapecalc.spec.model import Assertion, BlockSpec, InputSpec, ModelSpec, Reference
from shapecalc.spec.names import begin_file, did_you_mean
from shapecalc.spec.problems import Problem
from shapecalc.spec.reader import Checked, Reader
from shapecalc.spec.source import Document, Extent, Mapping, Sequence, Source
from shapecalc.spec.stack import StackBuilder
from shapecalc.spec.values import UNKNOWN_VALUE, Template


def build_models(
    source: Source, documents: list[Document], known: Known | None = None
) -> tuple[list[ModelSpec], list[Problem]]:
    """The models of a file, and what is wrong outside of any of them.

    ``known`` is what was read before; what is new is added to it.
    """
    begin_file()
    known = Known() if known is None else known
    documents = [document for document in documents if document.value is not None]
    models: list[ModelSpec] = []
    problems: list[Problem] = []
    shared: Mapping | None = None
    for position, document in enumerate(documents):
        value = document.value
        message = _too_many(len(models), len(problems), shared)
        if message is not None:
            problems.append(Problem("SC007", message, document.extent, "split it"))
            break
        if not isinstance(value, Mapping):
            message = f"a model is a mapping with `layers`, this is {describe(value)}"
            problems.append(Problem("SC002", message, document.extent))
        elif position == 0 and len(documents) > 1 and _is_shared(value):
            shared = Reader(source, problems).check_keys(
                SHARED, value, "a document with what all models share", ""
            )
        else:
            models.append(_ModelBuilder(source, value, shared, len(models), known).build())
    if not models and not problems:
        problems.append(Problem("SC002", "the file holds no model", (0, 0), "write `layers: […]`"))
    seen: dict[str, ModelSpec] = {}
    for model in models:
        first = seen.setdefault(model.name, model)
        if first is not model:
            model.problems.append(_duplicate_model(model, first))
    _report_shared_once(models)
    return models, problems


def _too_many(models: int, problems: int, shared: Mapping | None) -> str | None:
    """Why one more model may not be read."""
    if models + problems >= MAX_MODELS:
        return f"the file has more than {MAX_MODELS:,} documents"
    size = shared.extent[1] - shared.extent[0] if shared else 0
    if models * size > MAX_SHARED:
        return f"what all models share is read for each of them: over {MAX_SHARED:,} characters"
    return None


def _report_shared_once(models: list[ModelSpec]) -> None:
    """Leave what is wrong with the document that all models share to the first of them."""
    for model in models[1:]:
        if model.shared is not None:
            start, end = model.shared
            outside = [p for p in model.problems if not start <= p.extent[0] < end]
            model.problems[:] = outside


def _is_shared(value: Mapping) -> bool:
    """Whether a document holds nothing but values and blocks, perhaps misspelt."""
    shared = SHARED.keys
    return all((did_you_mean(key, MODEL.keys) in shared) for key in value)


def _duplicate_model(model: ModelSpec, first: ModelSpec) -> Problem:
    extents = [
        spec.keys.entry_extent("name") if "name" in spec.keys else spec.extent[:1] * 2
        for spec in (model, first)
    ]
    return Problem(
        "SC005",
        f"two models are called {model.name!r}",
        extents[0],
        help="give each model of a file its own name",
        path="name",
        related=(("the first one", extents[1]),),
    )


class _ModelBuilder(Reader):
    """Builds one model; ``problems`` collects what is wrong with it."""

    def __init__(
        self,
        source: Source,
        keys: Mapping,
        shared: Mapping | None,
        position: int,
        known: Known,
    ) -> None:
        self.keys: Mapping = keys
        self.known = known
        #: The keys as they are written, those that cannot be used included.
        self.written = frozenset(keys)
        self.shared = shared
        default = source.file.rsplit("/", 1)[-1].rsplit(".", 1)[0] or "model"
        self.model = ModelSpec(
            source=source,
            keys=keys,
            extent=keys.extent,
            name=default if position == 0 else f"{default}-{position + 1}",
            shared=shared.extent if shared is not None else None,
        )
        super().__init__(source, self.model.problems)
        self.catalogue: Catalogue = catalogue()

    def build(self) -> ModelSpec:
        model = self.model
        dims = self.keys.get("dims")
        self.keys = keys = good = self.check_keys(MODEL, self.keys, "a model", "")
        model.keys = keys
        self.stray = good.stray
        for key in ("name", "description"):
            if key in good and keys[key] is not None:
                setattr(model, key, self.text(keys, key))
        if "framework" in good:
            model.framework = keys["framework"]
            self.catalogue = catalogue(model.framework)
        self.stacks = model.stacks = StackBuilder(self.source, model, self.catalogue, self.known)
        if "rounding" in good:
            model.rounding = keys["rounding"]
        self._inputs(good)
        self._dims(good, dims)
        self._names_and_blocks(good)
        if "layers" in good:
            model.layers = self.stacks.layers(keys["layers"], "layers")
        self._outputs(good)
        self._control("lint", LINT)
        self._control("budget", BUDGET)
        return model

    def _control(self, key: str, keys: Keys) -> None:
        """``lint`` or ``budget``: what of it can be used."""
        value = self.keys.get(key)
        if isinstance(value, Mapping):
            good = self.check_keys(keys, value, f"`{key}`", f"{key}.")
            setattr(self.model, key, good)
        elif value is not None:
            message = f"`{key}` must be a mapping, not {describe(value)}"
            self.report("SC002", message, self.keys.entry_extent(key), None, key)

    # --- inputs, names, outputs -----------------------------------------------------------------

    def _inputs(self, good: Checked) -> None:
        keys, model = self.keys, self.model
        if "input" in good and "inputs" in good:
            message = "a model has either `input` or `inputs`"
            self.report("SC002", message, keys.entry_extent("inputs"), path="inputs")
        if "input" in good:
            found = self._input("input", keys["input"], keys.entry_extent("input"), "input")
            model.inputs = [found]
        elif "inputs" in good and keys["inputs"]:
            model.single_input = False
            values: Mapping = keys["inputs"]
            model.inputs = [
                self._input(name, value, values.entry_extent(name), f"inputs.{name}")
                for name, value in values.items()
            ]
            self.check_names(values, "inputs")
        elif not self._says_input() and "layers" in keys:
            start = keys.key_extents["layers"][0]
            help = "write its shape without the batch: input: [3, 224, 224]"
            self.report("SC002", "a model needs `input` or `inputs`", (start, start + 6), help)
        if not model.inputs:
            model.inputs = [InputSpec("input", keys.extent)]

    def _says_input(self) -> bool:
        """Whether there is an input, or a key that may be meant for it."""
        return self.stray or "input" in self.written or "inputs" in self.written

    def _input(self, name: str, value: Any, extent: Extent, path: str) -> InputSpec:
        spec = InputSpec(name, extent)
        if isinstance(value, str):
            spec.model = value
        elif isinstance(value, Sequence):
            spec.shape = self._sizes(value, path)
        elif isinstance(value, Mapping):
            good = self.check_keys(INPUT, value, "an input", f"{path}.")
            if "shape" in good:
                spec.shape = self._sizes(good["shape"], f"{path}.shape")
            if "dtype" in good:
                if good["dtype"] in DTYPES:
                    spec.dtype = good["dtype"]
                else:
                    self.unknown_word(good["dtype"], DTYPES, "dtype", good, "dtype", path)
        else:
            self.report(
                "SC002",
                f"`{path}` must be a shape, or the name of an earlier model, not {describe(value)}",
                extent,
                "write the shape without the batch: [3, 224, 224]",
                path,
            )
        return spec

    def _sizes(self, value: Sequence, path: str) -> tuple[Template, ...] | None:
        if len(value) > MAX_RANK:
            message = f"a shape has at most {MAX_RANK} axes, this one has {len(value):,}"
            self.report("SC002", message, value.extent, path=path)
            return None
        sizes = self.sizes(value, path, f"`{path}`: ", "an integer or an expression")
        return tuple(size or UNKNOWN_VALUE for size in sizes)

    def _dims(self, good: Checked, written: Any) -> None:
        if "dims" not in good:
            # That it is no list is said once, and not at each use of its names again.
            if isinstance(written, str | Mapping):
                given = [written] if isinstance(written, str) else [*written]
                self.model.dims = tuple(given[:MAX_DIMS])
            return
        names: Sequence = self.keys["dims"]
        if len(names) > MAX_DIMS:
            message = f"at most {MAX_DIMS} sizes may have names, these are {len(names):,}"
            self.report("SC002", message, self.keys.entry_extent("dims"), path="dims")
            self.model.dims = tuple(names)
            return
        values = self.keys.get("vars")
        for position, name in enumerate(names):
            extent, path = names.item_extents[position], f"dims[{position}]"
            self.check_name(name, extent, path)
            if name in names[:position]:
                self.report("SC005", f"the name {name!r} is given twice", extent, path=path)
            elif isinstance(values, Mapping) and name in values:
                message = f"{name!r} is a value of `vars` as well"
                self.report("SC005", message, extent, "choose another name", path)
        self.model.dims = tuple(dict.fromkeys(names))

    def _names_and_blocks(self, good: Checked) -> None:
        for keys, prefix in ((self.shared, "shared "), (self.keys, "")):
            if keys is None:
                continue
            if isinstance(keys.get("vars"), Mapping) and (prefix or "vars" in good):
                self.model.vars |= self.vars(keys["vars"], "vars")
                for name in keys["vars"]:
                    self.model.var_extents[name] = keys["vars"].entry_extent(name)
            if isinstance(keys.get("blocks"), Mapping) and (prefix or "blocks" in good):
                self._blocks(keys["blocks"])

    def _blocks(self, values: Mapping) -> None:
        for name in values:
            extent = values.key_extents[name]
            if self.catalogue.find(name) or self.catalogue.find_ranks(name):
                message = f"a block may not be named like the layer type {name!r}"
                self.report("SC002", message, extent, "choose another name", f"blocks.{name}")
            self.model.blocks[name] = BlockSpec(name, extent, {}, {}, [])
        for name, value in values.items():
            self._block(self.model.blocks[name], value, values.entry_extent(name))

    def _block(self, block: BlockSpec, value: Any, extent: Extent) -> None:
        path = f"blocks.{block.name}"
        if not isinstance(value, Mapping):
            message = f"a block is a mapping with `layers`, this is {describe(value)}"
            self.report("SC002", message, extent, path=path)
            block.broken = True
            return
        block.keys = value = good = self.check_keys(BLOCK, value, "a block", f"{path}.")
        if "params" in good:
            block.params = self._params(value["params"], path)
        if "vars" in good:
            block.vars = self.vars(value["vars"], f"{path}.vars")
        block.broken = "layers" not in good
        if "layers" in good:
            block.layers = self.stacks.layers(value["layers"], f"{path}.layers", block)
        if "outputs" in good:
            names: Sequence = value["outputs"]
            block.outputs = tuple(
                Reference(name, names.item_extents[i]) for i, name in enumerate(names)
            )

    def _params(self, values: Mapping, path: str) -> dict[str, Template | None]:
        path = f"{path}.params"
        self.check_names(values, path)
        params: dict[str, Template | None] = {}
        for name, value in values.items():
            extent = values.entry_extent(name)
            if name in LAYER.keys:
                message = f"a parameter may not be named like the key `{name}` of any layer"
                self.report("SC002", message, extent, "choose another name", f"{path}.{name}")
                continue
            params[name] = (
                None
                if value is None
                else self.template(value, extent, f"{path}.{name}", words=True) or UNKNOWN_VALUE
            )
        return params

    def _outputs(self, good: Checked) -> None:
        model, keys = self.model, self.keys
        if "outputs" in good:
            value = keys["outputs"]
            if isinstance(value, Mapping):
                model.outputs = {
                    name: Reference(target, value.value_extents[name])
                    for name, target in value.items()
                }
            elif isinstance(value, Sequence):
                model.outputs = {
                    name: Reference(name, value.item_extents[i]) for i, name in enumerate(value)
                }
        if "expect" in good and keys["expect"] is not None:
            model.expect = self._model_expect(keys["expect"], keys.entry_extent("expect"))

    def _model_expect(self, value: Any, extent: Extent) -> dict[str, Assertion]:
        if isinstance(value, Mapping):
            found = {
                name: self.assertion(shape, value.entry_extent(name), f"expect.{name}")
                for name, shape in value.items()
            }
            return {name: shape for name, shape in found.items() if shape}
        assertion = self.assertion(value, extent, "expect")
        return {"": assertion} if assertion else {}
