"""Layers run one after the other: repeats, containers, blocks and leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapecalc.graph import Group, Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Problem, Tensor, format_shape, plural
from shapecalc.limits import MAX_GROUPS, MAX_LAYERS, MAX_NESTED, MAX_RANK
from shapecalc.sizes import counted
from shapecalc.spec.expressions import RECEIVED, UNKNOWN, describe
from shapecalc.spec.model import Binding, BlockSpec, LayerSpec, Reference
from shapecalc.walk.expectations import Expectations
from shapecalc.walk.guess import Guess, certain
from shapecalc.walk.hints import before_flatten
from shapecalc.walk.reading import is_source, reads_input
from shapecalc.walk.recording import Effort, Watch, key_of
from shapecalc.walk.scope import Result, Scope, UnresolvedError, received_names
from shapecalc.walk.sharing import share_weights
from shapecalc.walk.state import State, TooLargeError, unknown_port
from shapecalc.walk.values import Values

#: How often it is looked into what is certain of layers that could not be built.
MAX_GUESSES = 1_000


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
        self.memo = state.memory.inferences(state.spec.rounding, state.channels_last)
        #: What is certain of layers that could not be built.
        self.guesses: dict[Any, Guess | None] = {}

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
        if self.steps > most:
            message, help = (
                f"the model has more than {most:,} layers once unrolled",
                "lower `repeat`",
            )
            if most < MAX_LAYERS:
                message += ", the most where sizes have names"
                help = "give numbers for its `dims`: --input 3x224x224"
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
            node = self.run_node(layer, value, trainable, f"{path}#{turn}", inputs)
            inputs = (Port(node, 0, node.outputs[0]),)
        self.step(layer)
        result = self.run_layer(layer, value, trainable, f"{path}#{turns - 1}", inputs)
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
            result = self.unknown(layer, layer.type, path, inputs or ())
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
                cls = self.ranked(layer, binding, path, inputs)
            value = self.values.build(layer, binding, cls, path, names) if cls else None
        for name in binding.references:
            written = layer.written[name]
            reference = Reference(layer.keys[written], layer.keys.value_extents[written])
            port = self.resolve(reference, layer, scope, f"{path}.{name}")
            inputs = (*inputs, port or unknown_port())
        if value is None and cls is not None:
            return self.partial(layer, binding, cls, path, inputs, names)
        if value is None:
            return self.unknown(layer, layer.type, path, inputs)
        return self.run_layer(layer, value, scope.trainable, path, inputs)

    def ranked(
        self, layer: LayerSpec, binding: Binding, path: str, inputs: tuple[Port, ...]
    ) -> type[Layer] | None:
        """The class of a type without its rank: by the rank of the input."""
        assert binding.variants is not None
        shape = inputs[0].tensor.shape if inputs else None
        if shape is None:
            return None
        rank = len(shape) - 1
        found = binding.variants.get(rank)
        if found is None and rank == 0:
            found = next(
                (c for c in binding.variants.values() if 1 in getattr(c, "ranks", ())), None
            )
        if found is None:
            ranks = ", ".join(str(rank + 1) for rank in sorted(binding.variants))
            message = f"there is none for {plural(len(shape), 'axis')}: {format_shape(shape)}"
            problem = Problem("SC103", message, None, f"it takes inputs of {ranks} axes")
            self.findings.report_layer(layer, layer.type, problem, path, inputs)
        return found

    def run_layer(
        self,
        layer: LayerSpec,
        value: Layer,
        trainable: bool,
        path: str,
        inputs: tuple[Port, ...],
    ) -> Result:
        """Apply a layer to its inputs, report what it found, add it to the graph."""
        node = self.run_node(layer, value, trainable, path, inputs)
        outputs = node.outputs
        ports = tuple([Port(node, i, tensor) for i, tensor in enumerate(outputs)])
        label = layer.label(value.type_name)
        if not value.multiple:
            return Result(ports, label)
        # Where not even the shape is known, the number of outputs is not known either.
        assert node.inference is not None
        countless = bool(node.inference.problems) or outputs[0].shape is None
        return Result(ports, label, multiple=True, unknown=countless)

    def run_node(
        self,
        layer: LayerSpec,
        value: Layer,
        trainable: bool,
        path: str,
        inputs: tuple[Port, ...],
    ) -> Node:
        """The same, of which only the node is wanted."""
        tensors = tuple([port.tensor for port in inputs])
        flipped = self.state.flipped
        trust = not flipped or layer.extent not in flipped
        key = (id(value), tensors, trust)
        inference = self.memo.get(key)
        if inference is None:
            call = Call(tensors, self.state.spec.rounding, self.state.channels_last, trust)
            inference = self.memo[key] = _bounded(Inference(value, call))
        if len(inference.outputs) > 1:
            self.state.spend(len(inference.outputs))
        if inference.call.filled_in and trust:
            self.state.fills.append(layer.extent)
        if inference.problems:
            self.problems(layer, value.type_name, vars(value), inference.problems, path, inputs)
        nodes = self.state.graph.nodes
        number = len(nodes)
        if self.unsure(inputs):
            self.state.uncertain.add(number)
        node = Node(
            number,
            path,
            value.type_name,
            layer,
            inputs,
            inference,
            inference.outputs,
            trainable,
        )
        node.within = self.findings.within
        nodes.append(node)
        return node

    def unsure(self, inputs: tuple[Port, ...]) -> bool:
        """Whether of what a layer reads not even the dtype is certain."""
        uncertain = self.state.uncertain
        for port in inputs:  # noqa: SIM110 - asked for every layer: a generator takes twice as long
            if port.node.number in uncertain:
                return True
        return False

    def problems(
        self,
        layer: LayerSpec,
        type_name: str,
        values: Mapping[str, Any],
        found: Iterable[Problem],
        path: str,
        inputs: tuple[Port, ...],
    ) -> None:
        """Report what a layer of these values found."""
        tensors = tuple(port.tensor for port in inputs)
        for problem in () if layer.broken else found:
            if self.unsure(inputs) and _depends_on_kind(problem, tensors):
                continue
            if problem.code == "SC101":
                self.state.disputes.append(layer.extent)
            elif problem.code == "SC106":
                blamed = values.get(problem.field or "")
                if self.findings.repeats(problem.code, layer, problem.field, blamed):
                    continue
            self.problem(layer, type_name, problem, path, inputs)

    def problem(
        self,
        layer: LayerSpec,
        type_name: str,
        problem: Problem,
        path: str,
        inputs: tuple[Port, ...],
    ) -> None:
        """Report one thing that a layer found, with what the layers before it tell."""
        if problem.code == "SC101" and inputs and inputs[0].node.type == "flatten":
            before = format_shape(inputs[0].node.inputs[0].tensor.shape)
            problem = problem._replace(message=f"{problem.message} ({before} flattened)")
        binding = layer.bindings.get(layer.type)
        if problem.code == "SC103" and inputs and binding and binding.layer:
            earlier = before_flatten(inputs[0], binding.layer.rank)
            ways = [way for way in (earlier, problem.help) if way]
            problem = problem._replace(help=", or ".join(ways) or None)
        container = binding.layer if binding and binding.lists else None
        shown = container.type_name if container else type_name
        self.findings.report_layer(layer, shown, problem, path, inputs)

    def partial(
        self,
        layer: LayerSpec,
        binding: Binding,
        cls: type[Layer],
        path: str,
        inputs: tuple[Port, ...],
        names: Mapping[str, Any],
    ) -> Result:
        """A layer of which some fields are not known: what they do not change is known."""
        self.findings.stop_if_enough()
        known, unknown = self.values.partial(binding, cls, names)
        tensors = tuple(port.tensor for port in inputs)
        key = (id(binding), cls, repr(known), tensors)
        if key not in self.guesses:
            found = None
            if len(self.guesses) < MAX_GUESSES and len(inputs) == 1 + len(binding.references):
                call = Call(tensors, self.state.spec.rounding, self.state.channels_last)
                found = certain(cls, known, unknown, call)
            self.guesses[key] = found
        guess = self.guesses[key]
        if guess is None:
            return self.unknown(layer, cls.type_name, path, inputs)
        self.problems(layer, cls.type_name, known, guess.problems, path, inputs)
        number = len(self.state.graph.nodes)
        node = Node(number, path, cls.type_name, layer, inputs, None, guess.outputs)
        self.add(node)
        if "dtype" in unknown or self.unsure(inputs):
            self.state.uncertain.add(number)
        ports = tuple(Port(node, i, tensor) for i, tensor in enumerate(guess.outputs))
        countless = cls.multiple and (not guess.counted or guess.outputs[0].shape is None)
        label = layer.label(cls.type_name)
        return Result(ports, label, multiple=cls.multiple, unknown=countless)

    def unknown(
        self, layer: LayerSpec, type_name: str, path: str, inputs: tuple[Port, ...]
    ) -> Result:
        """A layer that could not be built: a node whose output is not known."""
        binding = layer.bindings.get(layer.type)
        multiple = binding is not None and binding.layer is not None and binding.layer.multiple
        dtype = inputs[0].tensor.dtype if inputs else "float32"
        # What reads nothing, of all that may be meant, is a source, which has no batch.
        batched = any(port.tensor.batched for port in inputs)
        tensor = Tensor(None, dtype, batched)
        node = Node(len(self.state.graph.nodes), path, type_name, layer, inputs, None, (tensor,))
        self.add(node)
        self.state.uncertain.add(node.number)
        return Result((Port(node, 0, tensor),), layer.label(), multiple=multiple, unknown=True)

    def add(self, node: Node) -> None:
        """Put a node into the graph."""
        node.within = self.findings.within
        self.state.graph.nodes.append(node)

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
            return self.unknown(layer, binding.layer.type_name, path, tuple(yielded))
        if join is None:
            return Result((yielded[0] if yielded else port,), layer.label())
        if "shortcut" in binding.layer.lists and "shortcut" not in binding.lists:
            yielded.append(port)
        return self.run_layer(layer, join, scope.trainable, path, tuple(yielded) or (port,))

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
            return self.unknown(layer, layer.type, path, inputs or ())
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
            return self.unknown(layer, layer.type, path, (port,))
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


def _bounded(inference: Inference) -> Inference:
    """Leave out the shapes that have more axes than there may be."""
    for tensor in inference.outputs:
        if tensor.shape is not None and len(tensor.shape) > MAX_RANK:
            message = f"the output has {len(tensor.shape):,} axes, at most {MAX_RANK} may be"
            inference.problems.append(Problem("SC106", message, None, None))
            inference.outputs = tuple(t._replace(shape=None) for t in inference.outputs)
            break
    return inference


def _depends_on_kind(problem: Problem, tensors: tuple[Tensor, ...]) -> bool:
    """Whether a problem may be gone with another dtype of an input, or with a batch."""
    mixed = len({tensor.batched for tensor in tensors}) > 1
    return problem.code == "SC109" or (mixed and problem.code in ("SC103", "SC104", "SC106"))


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
