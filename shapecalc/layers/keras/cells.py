"""Recurrent cells, as Keras has them: one step, from a vector and the states before it.

The outputs are the output of the step (its new hidden state) and then all new states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, Weights, arg, product
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.keras.words import Activation
from shapecalc.layers.recurrent import FOREIGN, check_states
from shapecalc.layers.sequences import require_floats, total


class _KerasCell(Layer):
    """What the cells share."""

    input_size: int | None = arg("features of the input; inferred", default=None)
    hidden_size: int = arg("features of the state")
    bias: bool = arg("whether learned biases are added", default=True)
    activation: Activation | None = arg("the function applied to the state", default="tanh")
    dropout: float = arg("share of the input that is zeroed while training", default=0.0)
    recurrent_dropout: float = arg("share of the state that is zeroed", default=0.0)

    frameworks = ("keras",)
    foreign = FOREIGN
    arity = (2, 2)
    #: How many gates there are, the candidate included.
    gates: ClassVar[int] = 1
    #: How many states it carries on.
    states: ClassVar[int] = 1
    #: Element operations, and numbers kept beside the inputs, for each feature.
    step_ops: ClassVar[int] = 1
    step_kept: ClassVar[int] = 1
    autocast = "lower"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        shape = call.shape
        if shape is not None and len(shape) != 1:
            call.wrong_rank(self, 1)
        received = shape[0] if shape is not None and len(shape) == 1 else None
        call.check_declared("input_size", self.input_size, received)
        call.require_least("hidden_size", self.hidden_size)
        state: Shape = (self.hidden_size,)
        check_states(call, (state,) * self.states)
        return (Tensor(state, "float32", call.batched),) * (1 + self.states)

    def weights(self, call: Call) -> Weights:
        columns = self.gates * self.hidden_size
        weights: Weights = {
            "kernel": (self._features(call), columns),
            "recurrent_kernel": (self.hidden_size, columns),
        }
        return weights | ({"bias": self._bias(columns)} if self.bias else {})

    def _features(self, call: Call) -> Dim:
        received = call.shape[-1] if call.shape else None
        return received if self.input_size is None else self.input_size

    def _bias(self, columns: int) -> Shape:
        return (columns,)

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        return total(*(product(s) for n, s in self.weights(call).items() if n != "bias"))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        return self.step_ops * self.hidden_size

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        own = Tensor((self.step_kept * self.hidden_size,), batched=call.batched)
        return Kept(inputs=tuple(range(len(call.inputs))), own=(own,))


class KerasRnnCell(_KerasCell):
    """One step of a recurrent layer: ``from: [x, state]``."""

    aliases = ("simple_rnn_cell",)
    reference = "keras.layers.SimpleRNNCell, torch.nn.RNNCell"
    equation = "params = H·(I + H + 1)"
    example = "{type: rnn_cell, hidden_size: 10, from: [input, input]}", (10,)


class KerasLstmCell(_KerasCell):
    """One step of an LSTM: ``from: [x, hidden, cell]``."""

    recurrent_activation: Activation | None = arg("the function of the gates", default="sigmoid")

    step_ops = 9
    step_kept = 5  # the gates and the tanh of the cell state
    gates = 4
    states = 2
    arity = (3, 3)
    reference = "keras.layers.LSTMCell, torch.nn.LSTMCell"
    equation = "params = 4·H·(I + H + 1)"
    example = "{type: lstm_cell, hidden_size: 10, from: [input, input, input]}", (10,)


class KerasGruCell(_KerasCell):
    """One step of a GRU: ``from: [x, state]``."""

    recurrent_activation: Activation | None = arg("the function of the gates", default="sigmoid")
    reset_after: bool = arg(
        "whether the reset gate acts after the product, which then has a bias too", default=True
    )

    step_ops = 8
    step_kept = 6  # the gates, their product and what is added
    gates = 3
    reference = "keras.layers.GRUCell, torch.nn.GRUCell"
    equation = "params = 3·H·(I + H + 2), without reset_after 3·H·(I + H + 1)"
    example = "{type: gru_cell, hidden_size: 10, from: [input, input]}", (10,)

    def _bias(self, columns: int) -> Shape:
        return (2, columns) if self.reset_after else (columns,)
