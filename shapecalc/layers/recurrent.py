"""Recurrent layers and their cells. Output 0 is the sequence, the states follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.base import (
    Call,
    Dim,
    Layer,
    Shape,
    Tensor,
    Weights,
    arg,
    distinct,
    format_shape,
    product,
)
from shapecalc.layers.cost import Kept, Wanted, added, times
from shapecalc.layers.reaches import Reaches, steps
from shapecalc.layers.sequences import (
    bounded,
    require_batch_first,
    require_floats,
    require_layers,
    require_probability,
    require_sequences,
    sequence_of,
    total,
)
from shapecalc.reach import PREFIX

FOREIGN = {"units": "hidden_size", "input_dim": "input_size", "use_bias": "bias"}


def check_states(call: Call, shapes: tuple[Shape, ...]) -> None:
    """Compare the states that a layer starts from with what they must be; SC104."""
    given = [tensor.shape for tensor in call.inputs[1:]]
    if given and len(given) != len(shapes):
        call.report(
            "SC104",
            f"it starts from {len(shapes)} states or from none, one is given",
            "from",
            "name both: from: [x, encoder.1, encoder.2]",
        )
    for have, want in zip(given, shapes, strict=False):
        if have is not None and (
            len(have) != len(want)
            or any(len(distinct(pair)) > 1 for pair in zip(have, want, strict=True))
        ):
            call.report(
                "SC104",
                f"a state is {format_shape(have)}, it must be {format_shape(want)}",
                "from",
            )
            return


class _Gated(Layer):
    """What layers and cells share: sizes, and gates between them."""

    input_size: int | None = arg("features of the input; inferred", default=None)
    hidden_size: int = arg("features of the state")
    bias: bool = arg("whether learned biases are added (two for each gate)", default=True)

    foreign = FOREIGN
    #: How many gates there are, the candidate included.
    gates: ClassVar[int] = 1
    #: How many states it carries on.
    states: ClassVar[int] = 1
    #: Element operations for each feature of the state and each step: the gates' functions, and
    #: what joins them.
    step_ops: ClassVar[int] = 1
    #: How many numbers are kept for each feature of the state and each step, beside the state.
    step_kept: ClassVar[int] = 0
    autocast = "lower"

    def features(self, call: Call) -> Dim:
        """Features of the input, declared or received."""
        shape = call.shape
        received = shape[-1] if shape else None
        return received if self.input_size is None else self.input_size

    def check_sizes(self, call: Call, received: Dim) -> None:
        """The sizes of the input and of the state."""
        require_floats(call, self)
        call.check_declared("input_size", self.input_size, received)
        call.require_least("hidden_size", self.hidden_size)


class _Recurrent(_Gated):
    """A layer that reads a sequence step by step."""

    num_layers: int = arg("how many layers are stacked", default=1)
    batch_first: bool = arg("true: shapes are written without the batch", default=True)
    dropout: float = arg("dropout between stacked layers", default=0.0)
    bidirectional: bool = arg("read it from both ends, and join the outputs", default=False)

    arity = (1, 2)

    @property
    def directions(self) -> int:
        """From how many ends it reads."""
        return 2 if self.bidirectional else 1

    @property
    def out(self) -> int:
        """Features of the output of one direction."""
        return self.hidden_size

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_sequences(call, self, 1)
        length, received = sequence_of(call.input)
        self.check_sizes(call, received)
        require_layers(call, "num_layers", self.num_layers)
        require_batch_first(call, self.batch_first)
        require_probability(call, "dropout", self.dropout)
        stacked = self.num_layers * self.directions
        shapes: tuple[Shape, ...] = ((stacked, self.out), (stacked, self.hidden_size))
        shapes = shapes[: self.states]
        check_states(call, shapes)
        shapes = ((length, self.out * self.directions), *shapes)
        return tuple(Tensor(shape, call.dtype, call.batched) for shape in shapes)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        if number:
            return ()
        return steps(call, number, None if self.bidirectional else PREFIX)

    def weights(self, call: Call) -> Weights:
        weights: Weights = {}
        features = self.features(call)
        for layer in range(bounded(self.num_layers)):
            for suffix in ("", "_reverse")[: self.directions]:
                named = self._direction(features).items()
                weights |= {f"{name}_l{layer}{suffix}": shape for name, shape in named}
            features = self.out * self.directions
        return weights

    def _direction(self, features: Dim) -> Weights:
        """The weights of one layer in one direction."""
        rows = self.gates * self.hidden_size
        weights: Weights = {"weight_ih": (rows, features), "weight_hh": (rows, self.out)}
        return weights | ({"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {})

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        matrices = [product(shape) for shape in self.weights(call).values() if len(shape) == 2]
        length, _ = sequence_of(call.input)
        return product((length, total(*matrices)))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        steps = times(bounded(self.num_layers) * self.directions, sequence_of(call.input)[0])
        return times(self.step_ops * self.hidden_size, steps)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """The input, and at each step and layer the gates and the states."""
        length, _ = sequence_of(call.input)
        layers = bounded(self.num_layers)
        step = self.step_kept * self.hidden_size
        between = times((layers - 1) * self.directions * self.out, length)
        numbers = added(times(layers * self.directions * step, length), between)
        masks = (Tensor((between,), "bool", call.batched),) if self.dropout and between else ()
        own = Tensor((numbers,), call.dtype, call.batched)
        return Kept(inputs=(0,), outputs=(0,), own=(own, *masks))


class Rnn(_Recurrent):
    """A recurrent layer: ``h = tanh(W x + U h + b)`` at each step."""

    nonlinearity: Literal["tanh", "relu"] = arg("the non-linearity", default="tanh")

    step_ops = 1
    foreign = {**FOREIGN, "activation": "nonlinearity"}
    aliases = ("simple_rnn",)
    reference = "torch.nn.RNN, keras.layers.SimpleRNN, ONNX RNN"
    equation = "params = H·(I + H + 2) a layer and direction"
    example = "{type: rnn, hidden_size: 20}", (7, 10)


class Lstm(_Recurrent):
    """Long short-term memory: outputs the sequence, the last hidden and the last cell state."""

    proj_size: int = arg("features that each step's output is projected to; 0: as it is", default=0)

    step_ops = 9  # four gates, two products and their sum, tanh, the product with it
    step_kept = 6  # the gates, the cell state and its tanh
    gates = 4
    states = 2
    arity = (1, 3)
    reference = "torch.nn.LSTM, keras.layers.LSTM, ONNX LSTM"
    equation = "params = 4·H·(I + H + 2) a layer and direction"
    example = "{type: lstm, hidden_size: 20}", (7, 10)

    @property
    def out(self) -> int:
        return self.proj_size if self.proj_size > 0 else self.hidden_size

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        outputs = super().infer(call)
        positive = call.require_least("proj_size", self.proj_size, 0) and self.hidden_size > 0
        if positive and self.proj_size >= self.hidden_size:
            call.report(
                "SC106",
                f"proj_size is {self.proj_size}, less than hidden_size ({self.hidden_size}) is "
                "needed",
                "proj_size",
            )
        return outputs

    def _direction(self, features: Dim) -> Weights:
        weights = super()._direction(features)
        if self.proj_size > 0:
            weights["weight_hr"] = (self.proj_size, self.hidden_size)
        return weights


class Gru(_Recurrent):
    """Gated recurrent units: outputs the sequence and the last hidden state."""

    step_ops = 8  # three gates, the reset, and the sum of two products
    step_kept = 6  # the gates, their product and what is added
    gates = 3
    reference = "torch.nn.GRU, keras.layers.GRU, ONNX GRU"
    equation = "params = 3·H·(I + H + 2) a layer and direction"
    example = "{type: gru, hidden_size: 20}", (7, 10)


class _Cell(_Gated):
    """One step of a recurrent layer, from a vector and the states before."""

    arity = (1, 2)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if shape is not None and len(shape) != 1:
            call.wrong_rank(self, 1)
        received = shape[0] if shape is not None and len(shape) == 1 else None
        self.check_sizes(call, received)
        shapes: tuple[Shape, ...] = ((self.hidden_size,),) * self.states
        check_states(call, shapes)
        return tuple(Tensor(shape, call.dtype, call.batched) for shape in shapes)

    def weights(self, call: Call) -> Weights:
        rows = self.gates * self.hidden_size
        weights: Weights = {
            "weight_ih": (rows, self.features(call)),
            "weight_hh": (rows, self.hidden_size),
        }
        return weights | ({"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {})

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return total(*(product(s) for s in self.weights(call).values() if len(s) == 2))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.step_ops * self.hidden_size

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        """The input, the states before, and the gates."""
        size = self.hidden_size
        # States that are not given are zeroes, made for the step.
        zeroes = 0 if call.inputs[1:] else self.states * size
        own = Tensor((self.step_kept * size + zeroes,), call.dtype, call.batched)
        outputs_too = (0,) if self.states == 1 and self.gates == 1 else ()
        return Kept(tuple(range(len(call.inputs))), outputs_too, (own,))


class RnnCell(_Cell):
    """One step of an RNN."""

    nonlinearity: Literal["tanh", "relu"] = arg("the non-linearity", default="tanh")

    foreign = {**FOREIGN, "activation": "nonlinearity"}
    reference = "torch.nn.RNNCell, keras.layers.SimpleRNNCell"
    equation = "params = H·(I + H + 2)"
    example = "{type: rnn_cell, hidden_size: 20}", (10,)


class LstmCell(_Cell):
    """One step of an LSTM: outputs the hidden and the cell state."""

    step_ops = 9
    step_kept = 5  # the gates and the tanh of the cell state
    gates = 4
    states = 2
    arity = (1, 3)
    reference = "torch.nn.LSTMCell, keras.layers.LSTMCell"
    equation = "params = 4·H·(I + H + 2)"
    example = "{type: lstm_cell, hidden_size: 20}", (10,)


class GruCell(_Cell):
    """One step of a GRU."""

    step_ops = 8
    step_kept = 6
    gates = 3
    reference = "torch.nn.GRUCell, keras.layers.GRUCell"
    equation = "params = 3·H·(I + H + 2)"
    example = "{type: gru_cell, hidden_size: 20}", (10,)
