"""Recurrent layers, as Keras has them: output 0 is the last step, or with ``return_sequences``
the sequence; with ``return_state`` the states follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, Weights, arg, product
from shapecalc.layers.cost import Kept, Wanted, times
from shapecalc.layers.keras.words import Activation
from shapecalc.layers.reaches import Reaches, steps
from shapecalc.layers.recurrent import check_states
from shapecalc.layers.sequences import require_floats, require_sequences, sequence_of
from shapecalc.reach import PREFIX

FOREIGN = {"units": "hidden_size", "input_dim": "input_size", "use_bias": "bias"}


class _KerasRecurrent(Layer):
    """A layer that reads a sequence step by step; further inputs are the states to start from."""

    input_size: int | None = arg("features of the input; inferred", default=None)
    hidden_size: int = arg("features of the state")
    bias: bool = arg("whether learned biases are added", default=True)
    activation: Activation | None = arg("the function applied to the state", default="tanh")
    dropout: float = arg("share of the input that is zeroed while training", default=0.0)
    recurrent_dropout: float = arg("share of the state that is zeroed", default=0.0)
    return_sequences: bool = arg("whether each step is yielded, not only the last", default=False)
    return_state: bool = arg("whether the last states are outputs too", default=False)
    go_backwards: bool = arg("read the sequence from its end", default=False)
    bidirectional: bool = arg(
        "wrap it in keras.layers.Bidirectional: read from both ends", default=False
    )
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = arg(
        "how the two directions are joined; null makes them two outputs", default="concat"
    )

    frameworks = ("keras",)
    foreign = FOREIGN
    #: How many gates there are, the candidate included.
    gates: ClassVar[int] = 1
    #: How many states it carries on.
    states: ClassVar[int] = 1
    #: Element operations, and numbers kept beside the states, for each feature and step.
    step_ops: ClassVar[int] = 1
    step_kept: ClassVar[int] = 1
    autocast = "lower"
    #: What Keras calls the layer when it is given no name.
    keras_name: ClassVar[str] = ""

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        require_sequences(call, self, 1)
        length, received = sequence_of(call.input)
        call.check_declared("input_size", self.input_size, received)
        call.require_least("hidden_size", self.hidden_size)
        self._check_directions(call)
        states: tuple[Shape, ...] = ((self.hidden_size,),) * (self.states * self._directions)
        check_states(call, states)
        steps: Shape = (length,) if self.return_sequences else ()
        outputs = [(*steps, size) for size in self._outputs()]
        shapes = (*outputs, *(states if self.return_state else ()))
        return tuple(Tensor(shape, "float32", call.batched) for shape in shapes)

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        if number or not self.return_sequences:
            return ()
        return steps(call, 0, None if self.bidirectional or self.go_backwards else PREFIX)

    def _check_directions(self, call: Call) -> None:
        if self.bidirectional and self.go_backwards:
            call.report(
                "SC106",
                "bidirectional and go_backwards: then both directions are the same",
                "go_backwards",
                "leave go_backwards out",
            )
        if self.merge_mode != "concat" and not self.bidirectional:
            call.report(
                "SC106",
                "merge_mode joins two directions, there is one",
                "merge_mode",
                "write bidirectional: true",
            )

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _outputs(self) -> tuple[int, ...]:
        """The features of each output that is no state."""
        if not self.bidirectional or self.merge_mode not in ("concat", None):
            return (self.hidden_size,)
        size = self.hidden_size
        return (2 * size,) if self.merge_mode == "concat" else (size, size)

    def weights(self, call: Call) -> Weights:
        cell = {f"{self.keras_name}_cell/{name}": s for name, s in self._cell(call).items()}
        if not self.bidirectional:
            return cell
        return {
            f"{direction}_{self.keras_name}/{name}": shape
            for direction in ("forward", "backward")
            for name, shape in cell.items()
        }

    def _cell(self, call: Call) -> Weights:
        """The weights of one direction."""
        columns = self.gates * self.hidden_size
        weights: Weights = {
            "kernel": (self._features(call), columns),
            "recurrent_kernel": (self.hidden_size, columns),
        }
        return weights | ({"bias": self._bias(columns)} if self.bias else {})

    def _bias(self, columns: int) -> Shape:
        return (columns,)

    def _features(self, call: Call) -> Dim:
        received = call.shape[-1] if call.shape else None
        return received if self.input_size is None else self.input_size

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        features = self._features(call)
        inner = None if features is None else features + self.hidden_size
        length = call.shape[0] if call.shape else None
        return product((length, inner, self.gates * self.hidden_size, self._directions))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        length = call.shape[0] if call.shape else None
        return times(self.step_ops * self.hidden_size * self._directions, length)

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        length = call.shape[0] if call.shape else None
        numbers = times(self.step_kept * self.hidden_size * self._directions, length)
        return Kept(inputs=(0,), own=(Tensor((numbers,), batched=call.batched),))


class KerasRnn(_KerasRecurrent):
    """A recurrent layer: ``h = activation(x W + h U + b)`` at each step."""

    keras_name = "simple_rnn"
    arity = (1, 3)
    aliases = ("simple_rnn",)
    reference = "keras.layers.SimpleRNN, torch.nn.RNN, ONNX RNN"
    equation = "params = H·(I + H + 1) a direction"
    example = "{type: rnn, hidden_size: 20}", (7, 10)


class KerasLstm(_KerasRecurrent):
    """Long short-term memory; its states are the hidden and the cell state."""

    recurrent_activation: Activation | None = arg("the function of the gates", default="sigmoid")

    step_ops = 9
    step_kept = 7  # the gates, both states and the tanh of one
    keras_name = "lstm"
    gates = 4
    states = 2
    arity = (1, 5)
    reference = "keras.layers.LSTM, torch.nn.LSTM, ONNX LSTM"
    equation = "params = 4·H·(I + H + 1) a direction"
    example = "{type: lstm, hidden_size: 20, bidirectional: true}", (7, 10)


class KerasGru(_KerasRecurrent):
    """Gated recurrent units."""

    recurrent_activation: Activation | None = arg("the function of the gates", default="sigmoid")
    reset_after: bool = arg(
        "whether the reset gate acts after the product, which then has a bias too", default=True
    )

    step_ops = 8
    step_kept = 7
    keras_name = "gru"
    gates = 3
    arity = (1, 3)
    reference = "keras.layers.GRU, torch.nn.GRU, ONNX GRU"
    equation = "params = 3·H·(I + H + 2) a direction, without reset_after 3·H·(I + H + 1)"
    example = "{type: gru, hidden_size: 20, return_sequences: true}", (7, 10)

    def _bias(self, columns: int) -> Shape:
        return (2, columns) if self.reset_after else (columns,)
