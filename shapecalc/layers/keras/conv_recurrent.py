"""Recurrent layers that convolve, as Keras has them: an LSTM whose state is a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from shapecalc.layers.base import (
    AXES,
    Call,
    Dim,
    Layer,
    PerAxis,
    Shape,
    Tensor,
    Weights,
    arg,
    outputs_of,
    product,
)
from shapecalc.layers.conv import FOREIGN
from shapecalc.layers.cost import Kept, Wanted, times
from shapecalc.layers.keras.windows import EQUATION, PADDING, positive, slide
from shapecalc.layers.keras.words import Activation
from shapecalc.layers.recurrent import check_states
from shapecalc.layers.sequences import require_floats, total

GATES = 4


class _ConvLstm(Layer):
    """Long short-term memory in which each product with a matrix is a convolution.

    Output 0 is the last map, or with ``return_sequences`` all of them; with ``return_state`` the
    hidden and the cell state follow.
    """

    in_channels: int | None = arg("channels of the input; inferred", default=None)
    out_channels: int = arg("channels of the state")
    kernel_size: PerAxis = arg("size of the window, on the input and on the state")
    stride: PerAxis = arg("step of the window on the input", default=1)
    padding: Literal["valid", "same"] = arg(PADDING, default="valid")
    dilation: PerAxis = arg("distance between the cells of the input a window reads", default=1)
    bias: bool = arg("whether a learned bias is added", default=True)
    activation: Activation | None = arg("the function applied to the state", default="tanh")
    recurrent_activation: Activation | None = arg("the function of the gates", default="sigmoid")
    dropout: float = arg("share of the input that is zeroed while training", default=0.0)
    recurrent_dropout: float = arg("share of the state that is zeroed", default=0.0)
    return_sequences: bool = arg("whether each step is yielded, not only the last", default=False)
    return_state: bool = arg("whether the last states are outputs too", default=False)
    go_backwards: bool = arg("read the sequence from its end", default=False)

    autocast = "lower"
    frameworks = ("keras",)
    foreign = FOREIGN
    arity = (1, 3)
    leading = 1
    equation = EQUATION
    #: The ranks (without the batch) that it takes.
    ranks: ClassVar[tuple[int, ...]] = ()

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        rank = self.rank or 1
        if call.shape is not None and len(call.shape) != rank + 2:
            call.wrong_rank(self, rank + 2, ("time", *AXES[rank], "channels"))
        step = self._step(call)
        step.check_declared("in_channels", self.in_channels, step.channels())
        step.require_least("out_channels", self.out_channels)
        state = (*self._sizes(step), self.out_channels)
        call.problems += step.problems
        check_states(call, (state, state))
        steps = (self._length(call),) if self.return_sequences else ()
        shapes = ((*steps, *state), *((state, state) if self.return_state else ()))
        return tuple(Tensor(shape, "float32", call.batched) for shape in shapes)

    def _step(self, call: Call) -> Call:
        """What one step receives."""
        shape = call.shape
        fits = shape is not None and len(shape) == (self.rank or 1) + 2
        tensor = Tensor(shape[1:] if shape is not None and fits else None)
        return Call((tensor,), call.rounding, True, call.trust_declared)

    def _length(self, call: Call) -> Dim:
        return call.shape[0] if call.shape else None

    def _sizes(self, step: Call) -> Shape:
        """The spatial sizes of the state."""
        fields = {"kernel_size": self.kernel_size, "stride": self.stride}
        found = positive(step, self, **fields, dilation=self.dilation)
        if found is None:
            return (None,) * (self.rank or 1)
        if max(found[1]) > 1 and max(found[2]) > 1:
            step.report(
                "SC106",
                f"Keras has no {self.type_name} with both a stride and a dilation above 1",
                "dilation",
                "use a stride of 1, or a dilation of 1",
            )
        return outputs_of(slide(self, step, found, self.padding))

    def weights(self, call: Call) -> Weights:
        step = self._step(call)
        channels = step.channels() if self.in_channels is None else self.in_channels
        rank = self.rank or 1
        kernel = Call(call.inputs).per_axis("kernel_size", self.kernel_size, rank) or (1,) * rank
        columns = GATES * self.out_channels
        weights: Weights = {
            "conv_lstm_cell/kernel": (*kernel, channels, columns),
            "conv_lstm_cell/recurrent_kernel": (*kernel, self.out_channels, columns),
        }
        return weights | ({"conv_lstm_cell/bias": (columns,)} if self.bias else {})

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        kernels = [product(s) for n, s in self.weights(call).items() if n.endswith("kernel")]
        return product((self._length(call), *self._sizes(self._step(call)), total(*kernels)))

    def element_ops(self, call: Call, outputs: Sequence[Tensor]) -> Dim:
        # As in an LSTM: four gates, two products and their sum, tanh, the product with it.
        return times(9, self._states_in_all(call))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        # The gates, both states and the tanh of one.
        own = Tensor((times(7, self._states_in_all(call)),), batched=call.batched)
        return Kept(inputs=(0,), own=(own,))

    def _states_in_all(self, call: Call) -> Dim:
        """The numbers of the states of all steps."""
        sizes = self._sizes(self._step(call))
        return product((self._length(call), self.out_channels, *sizes))


class ConvLstm1d(_ConvLstm, rank=1):
    """A convolutional LSTM over a sequence of sequences."""

    ranks = (3,)
    reference = "keras.layers.ConvLSTM1D"
    example = "{type: conv_lstm1d, out_channels: 8, kernel_size: 3}", (10, 32, 4)


class ConvLstm2d(_ConvLstm, rank=2):
    """A convolutional LSTM over a sequence of images."""

    ranks = (4,)
    reference = "keras.layers.ConvLSTM2D"
    example = (
        "{type: conv_lstm2d, out_channels: 64, kernel_size: 5, padding: same, "
        "return_sequences: true}",
        (10, 64, 64, 1),
    )


class ConvLstm3d(_ConvLstm, rank=3):
    """A convolutional LSTM over a sequence of volumes."""

    ranks = (5,)
    reference = "keras.layers.ConvLSTM3D"
    example = "{type: conv_lstm3d, out_channels: 4, kernel_size: 3}", (5, 8, 8, 8, 1)
