"""Layers run one after the other: repeats, containers, blocks and leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.graph import Group, Port
from shapecalc.layers.base import Problem, plural
from shapecalc.limits import MAX_GROUPS, MAX_LAYERS, MAX_NESTED
from shapecalc.sizes import counted
from shapecalc.spec.expressions import RECEIVED, UNKNOWN, describe
from shapecalc.spec.model import Binding, BlockSpec, LayerSpec, Reference
from shapecalc.walk.expectations import Expectations
from shapecalc.walk.leaves import Leaves
from shapecalc.walk.reading import is_source, reads_input
from shapecalc.walk.recording import Effort, Watch, key_of
from shapecalc.walk.scope import Result, Scope, UnresolvedError, received_names
from shapecalc.walk.sharing import share_weights
from shapecalc.walk.state import State, TooLargeError, unknown_port
from shapecalc.walk.values import Values


class Runner:
    """Runs the layers of one walk, and draws the graph as it goes."""

    def __init__(self, state: State, values: Values, expectations: Expectations) -> None:
        self.state = state
        self.findings = state.findings
        self.values = values
        self.expectations = expectations
        self.steps = 0
        #: How many blocks and containers are being run, and the most since somebody looked.
        self.depth = self.deepest = 0
        self.active: list[BlockSpec] = []
        self.leaves = Leaves(state, values)

    def stack(self, layers: list[LayerSpec], scope: Scope, path: str) -> Result | None:
        """Run a list of layers; what it yields is its last layer, or its input."""
        for position, layer in enumerate(layers):
            where = f"{path}[{position}]"
            if layer.simple and scope.prev is not None and layer.sources is None:
                binding = layer.bindings[layer.type]
                assert binding is not None
                assert binding.layer is not None
                if binding.layer.arity == (1, 1) and not scope.prev.multiple:
                    self.step(layer)
                    result = self.leaf(
                        layer, binding, scope, where, (scope.prev.ports[0],), scope.names
                    )
                    result.span = (len(self.state.graph.nodes) - 1, len(self.state.graph.nodes))
                    self.enter(layer, scope, result, binding)
                    continue
            self.layer(layer, scope, where)
        return scope.prev

    def step(self, layer: LayerSpec) -> None:
        """Count a turn; SC007 past the limit."""
        self.findings.stop_if_enough()
        self.steps += 1
        most = self.state.overrides.most_layers
        if self.steps > (most or MAX_LAYERS):
            message, help = f"the model has more than {MAX_LAYERS:,} layers", "lower `repeat`"
            if most:
                message = f"the model has sizes with names and more than {most:,} layers"
                help = "give numbers for its `dims`: --input 3x224x224"
            message += " once unrolled"
            self.findings.report("SC007", message, layer.key_extent("repeat"), help)
            raise TooLargeError

    def open(self, layer: LayerSpec, path: str) -> Group:
        """Begin a turn of a block or container; SC007 past the limits."""
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        groups = self.state.graph.groups
        message = None
        if self.depth > MAX_NESTED:
            message = f"blocks and containers are more than {MAX_NESTED} deep once unrolled"
        elif len(groups) >= MAX_GROUPS:
            message = f"the model has more than {MAX_GROUPS:,} blocks and containers once unrolled"
        if message is not None:
            self.findings.report("SC007", message, layer.type_extent, "write the layers out")
            raise TooLargeError
        group = Group(path, layer.type, layer, len(self.state.graph.nodes))
        groups.append(group)
        return group

    def enter(
        self, layer: LayerSpec, scope: Scope, result: Result, binding: Binding | None
    ) -> None:
        """Make a layer's result known to those after it."""
        if layer.misnamed:
            scope.orphans.append(result)
            if layer.name in scope.results:
                scope.results[layer.name] = scope.results[layer.name].agreeing(result)
        elif layer.name is not None:
            scope.results[layer.name] = result
        source = binding is not None and binding.layer is not None and (binding.layer.arity[1] == 0)
        if not source:
            scope.prev = result

    def skip(self, layer: LayerSpec, scope: Scope) -> None:
        """Remember why a name is not in scope: the ``when`` (or ``repeat``) as it is written."""
        if layer.name is not None:
            key = "when" if layer.when is not None else "repeat"
            written = self.state.spec.source.raw(layer.keys.value_extents[layer.written[key]])
            scope.skipped[layer.name] = f"{key}: {written}"

    def layer(self, layer: LayerSpec, scope: Scope, path: str) -> None:
        """Run one entry of a list: all turns of its ``repeat``."""
        fixed = _is_fixed(layer, scope)
        runs = self.values.holds(layer, scope.names, path) if fixed else True
        if runs is False:
            # What it would have read may be left out by the same condition.
            self.skip(layer, scope)
            return
        given = inputs = self.sources(layer, scope, path)
        turns = self.turns(layer, scope, path, inputs)
        result, binding = self.unrolled(layer, scope, path, inputs, turns, runs)
        if result is None:
            self.skip(layer, scope)
            return
        if turns is None:
            self.state.doubted = True
            result = result.doubtful(given[0].tensor if given else None)
        result = self.expectations.expect(layer, result, scope, path, turns or 1, layer.broken)
        self.enter(layer, scope, result, binding)

    def unrolled(
        self,
        layer: LayerSpec,
        scope: Scope,
        path: str,
        inputs: tuple[Port, ...] | None,
        turns: int | None,
        runs: bool | None,
    ) -> tuple[Result | None, Binding | None]:
        """The last of so many turns. ``runs``: whether its ``when`` holds, where that is fixed."""
        binding = _unchanging(layer)
        if turns and binding is not None and inputs is not None and len(inputs) == 1:
            return self.alike(layer, binding, scope, path, inputs, turns), binding
        fixed, outer = _is_fixed(layer, scope), scope.names
        result, binding = None, None
        for turn in range(1 if turns is None else turns):
            self.step(layer)
            where = path
            if layer.repeat is not None:
                where = f"{path}#{turn}"
                scope.names = {**outer, "index": turn}
            names = self.values.names(scope, inputs, is_source(layer))
            if layer.when is not None and not fixed:
                runs = self.values.holds(layer, names, where)
            if runs is False:
                continue
            self.findings.doubt += runs is None
            self.state.doubted |= runs is None
            binding = self.values.binding(layer, names, where)
            result = self.turn(layer, binding, scope, where, inputs, names)
            self.findings.doubt -= runs is None
            if runs is None:
                result = result.doubtful(scope.prev.tensor if scope.prev else None)
            inputs = result.ports[:1] if not result.multiple else inputs
        scope.names = outer
        return result, binding

    def alike(
        self,
        layer: LayerSpec,
        binding: Binding,
        scope: Scope,
        path: str,
        inputs: tuple[Port, ...],
        turns: int,
    ) -> Result:
        """The last of many turns that differ in nothing but what they read."""
        assert binding.constant is not None
        value, trainable = binding.constant, scope.trainable
        for turn in range(turns - 1):
            self.step(layer)
            node = self.leaves.run_node(layer, value, trainable, f"{path}#{turn}", inputs)
            inputs = (Port(node, 0, node.outputs[0]),)
        self.step(layer)
        result = self.leaves.run_layer(layer, value, trainable, f"{path}#{turns - 1}", inputs)
        ran = len(self.state.graph.nodes)
        result.span = (ran - 1, ran)
        return result

    def turns(
        self, layer: LayerSpec, scope: Scope, path: str, inputs: tuple[Port, ...] | None
    ) -> int | None:
        """How often a layer runs; ``None`` where that is not known."""
        if layer.repeat is None:
            return 1
        names = self.values.names(scope, inputs, is_source(layer))
        value = self.values.value(layer.repeat, names, layer, "repeat", path)
        if value is UNKNOWN:
            return None
        extent = layer.key_extent("repeat")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            message = f"{layer.label()}: repeat must be a whole number, not {describe(value)}"
            self.values.refused(layer, layer.repeat, "repeat", value, message, None, path)
            return None
        if value > MAX_LAYERS:
            message = f"repeat is {value:,}: at most {MAX_LAYERS:,} layers are allowed"
            self.findings.report("SC007", message, extent, None, f"{path}.repeat", layer.name)
            raise TooLargeError
        return counted(value)

    def sources(self, layer: LayerSpec, scope: Scope, path: str) -> tuple[Port, ...] | None:
        """What a layer reads; ``None`` where a reference is wrong."""
        if layer.sources is None:
            if scope.prev is not None and not scope.prev.multiple:
                return scope.prev.ports[:1]
            if scope.prev is None:
                if not self.may_be_source(layer):
                    reference = Reference("prev", layer.type_extent)
                    self.resolve(reference, layer, scope, f"{path}.from")
                return None
            port = self.resolve(Reference("prev", layer.type_extent), layer, scope, path)
            return None if port is None else (port,)
        self.state.spend(len(layer.sources))
        ports = [
            self.resolve(reference, layer, scope, f"{path}.from") for reference in layer.sources
        ]
        found = tuple(port for port in ports if port is not None)
        return found if len(found) == len(ports) and found else None

    @staticmethod
    def may_be_source(layer: LayerSpec) -> bool:
        """Whether a layer reads no input, or is of a type that nobody knows."""
        return not reads_input(layer) or (layer.broken and layer.type not in layer.bindings)

    def resolve(
        self, reference: Reference, layer: LayerSpec, scope: Scope, path: str
    ) -> Port | None:
        """The output that a name means; SC006 where there is none."""
        if reference.name == "prev" and self.may_be_source(layer):
            result = scope.prev
            return None if result is None or result.multiple else result.ports[0]
        try:
            return scope.find(reference.name).single(reference.name)
        except UnresolvedError as error:
            said, help = self.state.unresolved(error, reference)
            message = f"{layer.label()}: {said}"
            self.findings.report("SC006", message, reference.extent, help, path, layer.name)
            return error.likely()

    def turn(
        self,
        layer: LayerSpec,
        binding: Binding | None,
        scope: Scope,
        path: str,
        inputs: tuple[Port, ...] | None,
        names: Mapping[str, Any],
    ) -> Result:
        """Run a layer once."""
        trainable = scope.trainable
        if layer.trainable is not None:
            value = self.values.value(layer.trainable, names, layer, "trainable", path)
            if value is not UNKNOWN and not isinstance(value, bool):
                label = layer.label(layer.type)
                message = f"{label}: trainable must be true or false, not {describe(value)}"
                self.values.refused(layer, layer.trainable, "trainable", value, message, None, path)
            trainable = trainable and value is not False
        first = len(self.state.graph.nodes)
        if (
            binding is not None
            and inputs is not None
            and not self.fits(layer, binding, path, inputs)
        ):
            inputs = None
        inner = scope if trainable == scope.trainable else _with_trainable(scope, trainable)
        if binding is None:
            result = self.leaves.unknown(layer, layer.type, path, inputs or ())
        elif binding.block is not None or (binding.layer and binding.layer.container):
            group = self.open(layer, path)
            around = self.findings.within
            if layer.ignore:
                self.findings.within = (*around, layer)
            if binding.block is not None:
                result = self.block(layer, binding, binding.block, path, inputs, names, trainable)
            else:
                result = self.container(layer, binding, inner, path, inputs, names)
            self.findings.within = around
            self.depth -= 1
            group.last, group.output = len(self.state.graph.nodes), result.tensor
        else:
            least, most = binding.layer.arity if binding.layer else (1, 1)
            ports = () if most == 0 else inputs or (unknown_port(),) * max(least, 1)
            result = self.leaf(layer, binding, inner, path, ports, names)
        if layer.share is not None:
            self.share(layer, layer.share, scope, path, first)
        result.span = (first, len(self.state.graph.nodes))
        return result

    def share(
        self, layer: LayerSpec, reference: Reference, scope: Scope, path: str, first: int
    ) -> None:
        """Let the layers from node ``first`` on use the weights of an earlier layer."""
        graph, extent = self.state.graph, reference.extent
        try:
            owner = scope.find(reference.name)
        except UnresolvedError as error:
            said, help = self.state.unresolved(error, reference)
            message = f"{layer.label()}: share: {said}"
            self.findings.report("SC006", message, extent, help, f"{path}.share")
            if error.meant is None:
                return
            owner = error.meant
        span = (first, len(graph.nodes))
        problem = share_weights(graph, span, owner.span, reference.name)
        if problem and not layer.broken:
            self.findings.report_layer(layer, layer.type, problem, path)

    def fits(self, layer: LayerSpec, binding: Binding, path: str, inputs: tuple[Port, ...]) -> bool:
        """Whether the number of inputs is one that the layer takes."""
        least, most = (1, 1) if binding.layer is None else binding.layer.arity
        if most == 0 and layer.sources is None:
            return True
        joins = most is None and layer.sources is None
        if joins:
            # A merge that does not say what it joins would hand its input on without a word.
            least = 2
        if least <= len(inputs) and (most is None or len(inputs) <= most):
            return True
        if layer.broken:
            return False
        if len(inputs) < least:
            more = "" if least == most else " or more"
            message = f"{plural(least, 'input')}{more} are needed, it has {len(inputs)}"
            help = f"name them: from: [{', '.join('abcdefgh'[:least])}]"
            problem = Problem("SC002", message, "from", help)
        elif most == 0:
            problem = Problem("SC002", "it reads nothing", "from", "leave `from` out")
        else:
            message = f"it takes {plural(most or 0, 'input')}, {len(inputs)} are given"
            problem = Problem(
                "SC104", message, "from", "join them first: {type: concat, from: […]}"
            )
        self.findings.report_layer(layer, layer.type, problem, path)
        return False

    def leaf(
        self,
        layer: LayerSpec,
        binding: Binding,
        scope: Scope,
        path: str,
        inputs: tuple[Port, ...],
        names: Mapping[str, Any],
    ) -> Result:
        """Run a layer that is no container."""
        cls = binding.layer
        assert cls is not None
        value = binding.constant
        if value is None or binding.variants is not None:
            if binding.variants is not None:
                cls = self.leaves.ranked(layer, binding, path, inputs)
            value = self.values.build(layer, binding, cls, path, names) if cls else None
        for name in binding.references:
            written = layer.written[name]
            reference = Reference(layer.keys[written], layer.keys.value_extents[written])
            port = self.resolve(reference, layer, scope, f"{path}.{name}")
            inputs = (*inputs, port or unknown_port())
        if value is None and cls is not None:
            return self.leaves.partial(layer, binding, cls, path, inputs, names)
        if value is None:
            return self.leaves.unknown(layer, layer.type, path, inputs)
        return self.leaves.run_layer(layer, value, scope.trainable, path, inputs)

    def container(
        self,
        layer: LayerSpec,
        binding: Binding,
        scope: Scope,
        path: str,
        inputs: tuple[Port, ...] | None,
        names: Mapping[str, Any],
    ) -> Result:
        """Run the lists of a container on its input, and join them."""
        assert binding.layer is not None
        port = inputs[0] if inputs else unknown_port()
        given = Result((port,), "`input`")
        extents = {name: layer.key_extent("vars") for name in binding.vars}
        inner = self.values.values(binding.vars, names, extents, f"{path}.vars")
        self.state.spend(len(scope.names) // 16)
        kept = {name: inner[name] for name in (*scope.names, *binding.vars)}
        value = binding.constant or self.values.build(layer, binding, binding.layer, path, names)
        join = value.joined_by() if value is not None else None
        yielded: list[Port] = []
        for where, layers in binding.lists.items():
            body = Scope(dict(kept), given, scope, scope.trainable)
            result = self.stack(layers, body, f"{path}.{where}") or given
            yielded.append(self.single(result, layers, path))
        if binding.broken or value is None:
            return self.leaves.unknown(layer, binding.layer.type_name, path, tuple(yielded))
        if join is None:
            return Result((yielded[0] if yielded else port,), layer.label())
        if "shortcut" in binding.layer.lists and "shortcut" not in binding.lists:
            yielded.append(port)
        return self.leaves.run_layer(layer, join, scope.trainable, path, tuple(yielded) or (port,))

    def single(self, result: Result, layers: list[LayerSpec], path: str) -> Port:
        """The one output that a list of layers yields."""
        try:
            return result.single()
        except UnresolvedError as error:
            last = layers[-1]
            message = f"the list ends in {error}"
            self.findings.report("SC006", message, last.type_extent, error.help, path, last.name)
            return unknown_port()

    def block(
        self,
        layer: LayerSpec,
        binding: Binding,
        block: BlockSpec,
        path: str,
        inputs: tuple[Port, ...] | None,
        names: Mapping[str, Any],
        trainable: bool,
    ) -> Result:
        """Run a block's body with its own names."""
        if block in self.active:
            message = f"block `{block.name}` uses itself"
            self.findings.report(
                "SC002", message, layer.type_extent, None, f"{path}.type", layer.name
            )
            return self.leaves.unknown(layer, layer.type, path, inputs or ())
        port = inputs[0] if inputs else unknown_port()
        self.state.spend(len(self.state.vars) // 16 + len(block.params))
        params: dict[str, Any] = dict(self.state.vars)
        for name, default in block.params.items():
            template = binding.templates.get(name)
            if template is not None:
                params[name] = self.values.argument(template, names, layer, name, path)
            elif default is not None:
                extents = {name: block.keys["params"].entry_extent(name)}
                params |= self.values.values({name: default}, params, extents, path)
        received = received_names(port.tensor, self.state.channels_last)
        extents = {name: block.keys["vars"].entry_extent(name) for name in block.vars}
        self.findings.uses.append(layer.type_extent)
        computed = self.values.values(block.vars, {**params, **received}, extents, f"{path}.vars")
        scope = Scope(
            {name: computed[name] for name in (*params, *block.vars)},
            Result((port,), "`input`"),
            None,
            trainable,
        )
        result = self.recorded(block, scope, path, port)
        self.findings.uses.pop()
        if block.broken:
            return self.leaves.unknown(layer, layer.type, path, (port,))
        result.label = layer.label()
        return result

    def recorded(self, block: BlockSpec, scope: Scope, path: str, port: Port) -> Result:
        """Run a block's layers, or draw what they drew before."""
        key = None if block.broken else key_of(self.state, block, scope, port)
        if key is None:
            return self.body(block, scope, path)
        recordings = self.state.memory.recordings
        known = recordings.of(block)
        recording, spent = known.get(key), self.effort()
        if recording is not None and recording.effort.fits(spent):
            self.findings.stop_if_enough()
            self.steps += recording.effort.steps
            self.state.work += recording.effort.work
            return recording.draw(self.state, path, port)
        deepest, self.deepest = self.deepest, self.depth
        watch = Watch(self.state, port, path, spent)
        result = self.body(block, scope, path)
        if key not in known:
            known[key] = None
            recordings.size += 1
        elif recording is None:
            found = watch.recording(result, self.effort(), self.deepest - self.depth)
            known[key] = found
            recordings.size += 0 if found is None else len(found.nodes)
        self.deepest = max(deepest, self.deepest)
        return result

    def effort(self) -> Effort:
        """What has been done so far."""
        return Effort(self.steps, self.state.work, len(self.state.graph.groups), self.depth)

    def body(self, block: BlockSpec, scope: Scope, path: str) -> Result:
        """Run a block's layers, and look up what it exports."""
        self.active.append(block)
        result = self.stack(block.layers, scope, f"{path}.layers")
        assert result is not None
        exports = {}
        for reference in block.outputs:
            try:
                exports[reference.name] = scope.find(reference.name)
            except UnresolvedError as error:
                said, help = self.state.unresolved(error, reference)
                message = f"block `{block.name}`: output {said}"
                self.findings.report("SC006", message, reference.extent, help, path)
                exports[reference.name] = error.meant or Result((unknown_port(),), message)
        self.active.pop()
        return Result(
            result.ports,
            block.name,
            exports,
            multiple=result.multiple,
            unknown=result.unknown and result.multiple,
        )


def _unchanging(layer: LayerSpec) -> Binding | None:
    """The fields of a layer with a ``repeat`` in whose turns there is nothing to compute."""
    binding = layer.bindings.get(layer.type)
    if layer.repeat is None or layer.by_parameter or binding is None or binding.constant is None:
        return None
    if layer.when is not None or layer.trainable is not None or layer.share is not None:
        return None
    plain = not (binding.references or binding.variants or binding.constant.multiple)
    single = not binding.constant.container and binding.constant.arity == (1, 1)
    return binding if plain and single else None


def _is_fixed(layer: LayerSpec, scope: Scope) -> bool:
    """Whether its ``when`` can be computed before it is known what the layer reads.

    A name that is nobody's may be a typo of one that says what the layer reads.
    """
    when = layer.when
    if when is None or layer.repeat is not None:
        return False
    return when.names.isdisjoint(RECEIVED) and when.names <= scope.names.keys()


def _with_trainable(scope: Scope, trainable: bool) -> Scope:
    inner = Scope(scope.names, scope.input, scope.parent, trainable)
    inner.results, inner.skipped, inner.prev = scope.results, scope.skipped, scope.prev
    return inner
