"""Whether a container or a block reads its input at all: one that begins with a source, and goes on
from there, does not, and then it does not matter what stands before it."""

from __future__ import annotations

from collections.abc import Iterable

from shapecalc.limits import MAX_NESTED
from shapecalc.spec.model import Binding, BlockSpec, LayerSpec


def reads_input(layer: LayerSpec, depth: int = 0) -> bool:
    """Whether a layer reads what it is given; so does every one that is not known better."""
    binding = layer.bindings.get(layer.type)
    if binding is None or layer.by_parameter or depth > MAX_NESTED:
        return True
    if binding.block is not None:
        return _block_reads(binding.block, depth)
    if binding.layer is None or not binding.layer.container:
        return not is_source(layer)
    if binding.reads is None:
        binding.reads = not binding.lists or any(
            _list_reads(layers, depth + 1) for layers in _lists_of(binding, binding.layer.lists)
        )
    return binding.reads


def _block_reads(block: BlockSpec, depth: int) -> bool:
    """Whether a block reads its input: found out once, since blocks use blocks many times."""
    if block.reads is None:
        block.reads = True  # as long as it is being looked at: one that uses itself
        block.reads = _list_reads(block.layers, depth + 1)
    return block.reads


def is_source(layer: LayerSpec) -> bool:
    """Whether a layer takes no input at all."""
    binding = layer.bindings.get(layer.type)
    return bool(binding and binding.layer and binding.layer.arity[1] == 0)


def _lists_of(binding: Binding, fields: Iterable[str]) -> Iterable[list[LayerSpec]]:
    """The lists of a container; one that is left out is empty."""
    yield from binding.lists.values()
    for name in fields:
        if not any(where.startswith(name) for where in binding.lists):
            yield []


def _list_reads(layers: list[LayerSpec], depth: int) -> bool:
    """Whether a list reads or yields its input."""
    replaced = False
    for layer in layers:
        names = [reference.name.split(".")[0] for reference in layer.sources or ()]
        by_default = layer.sources is None and reads_input(layer, depth)
        if "input" in names or (not replaced and (by_default or "prev" in names)):
            return True
        # What may not run, or reads nothing, leaves the input for the next.
        always = layer.when is None and layer.repeat is None
        replaced = replaced or (always and not is_source(layer))
    return not replaced
