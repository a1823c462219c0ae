"""Dense maps on the last axis."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.layers.base import Call, Dim, Layer, Shape, Tensor, Weights, arg, product
from shapecalc.layers.cost import Kept, Wanted
from shapecalc.layers.merge import describe_inputs
from shapecalc.layers.parametrization import _Parametrized
from shapecalc.layers.reaches import Reaches, along_axis
from shapecalc.layers.sequences import require_floats
from shapecalc.layers.strides import Strides


class _Dense(Layer):
    """What PyTorch's and Keras' dense layers share."""

    in_features: int | None = arg("size of the input's last axis; inferred", default=None)
    out_features: int = arg("size of the output's last axis")
    bias: bool = arg("whether a learned bias is added", default=True)

    autocast = "lower"
    equation = "params = in_features·out_features + out_features"
    foreign = {"units": "out_features", "use_bias": "bias"}

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_float(self)
        call.require_least("out_features", self.out_features)
        if call.shape == ():
            call.wrong_rank(self, 1)
        call.check_declared("in_features", self.in_features, self._received(call))
        if not call.shape:
            return call.tensor(None)
        return call.tensor((*call.shape[:-1], self.out_features))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.shape or ()), -1, None)

    @staticmethod
    def _received(call: Call) -> Dim:
        return call.shape[-1] if call.shape else None

    def features(self, call: Call) -> Dim:
        """The size of the last axis, declared or received."""
        return self._received(call) if self.in_features is None else self.in_features

    def weights(self, call: Call) -> Weights:
        weights: Weights = {"weight": (self.out_features, self.features(call))}
        if self.bias:
            weights["bias"] = (self.out_features,)
        return weights

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        shape = outputs[0].shape
        return None if shape is None else product((*shape, self.features(call)))

    def kept(self, call: Call, outputs: Sequence[Tensor], wanted: Wanted) -> Kept:
        return Kept(inputs=(0,)) if wanted.weights else Kept()


class Linear(_Parametrized, _Dense):
    """A dense layer on the last axis: ``y = x Wᵀ + b``."""

    aliases = ("dense", "fully_connected", "lazy_linear")
    reference = "torch.nn.Linear, keras.layers.Dense, ONNX Gemm"
    example = "{type: linear, out_features: 10}", (256,)


class Bilinear(Layer):
    """``y = xᵀ A z + b`` on the last axes of two inputs."""

    in1_features: int | None = arg("size of the first input's last axis; inferred", default=None)
    in2_features: int | None = arg("size of the second input's last axis; inferred", default=None)
    out_features: int = arg("size of the output's last axis")
    bias: bool = arg("whether a learned bias is added", default=True)

    keeps = "inputs"
    autocast = "lower"
    arity = (2, 2)
    foreign = {"units": "out_features", "use_bias": "bias"}
    reference = "torch.nn.Bilinear"
    equation = "params = in1_features·in2_features·out_features + out_features"
    example = "{type: bilinear, out_features: 10, from: [input, prev]}", (32,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        require_floats(call, self)
        call.require_least("out_features", self.out_features)
        for position, field in enumerate(("in1_features", "in2_features")):
            received = self._received(call, position)
            call.check_declared(field, getattr(self, field), received)
        leading = self._leading(call)
        return call.tensor(None if leading is None else (*leading, self.out_features))

    def reaches(self, call: Call, outputs: Sequence[Tensor], number: int) -> Reaches:
        return along_axis(len(call.inputs[number].shape or ()), -1, None)

    @staticmethod
    def _received(call: Call, position: int) -> Dim:
        shape = call.inputs[position].shape
        return shape[-1] if shape else None

    def _leading(self, call: Call) -> Shape | None:
        """The axes before the last one, which both inputs have in common."""
        first, second = (tensor.shape for tensor in call.inputs)
        if () in (first, second):
            call.wrong_rank(self, 1)
            return None
        if first is None or second is None:
            known = first or second
            return None if known is None else known[:-1]
        pairs = list(zip(first[:-1], second[:-1], strict=False))
        if len(first) != len(second) or any(None not in p and p[0] != p[1] for p in pairs):
            call.report(
                "SC104",
                f"shapes {describe_inputs(call)} differ before their last axis",
                "from",
            )
            return None
        return tuple(two if one is None else one for one, two in pairs)

    def _features(self, call: Call) -> tuple[Dim, Dim]:
        """The sizes of both last axes, declared or received."""
        first, second = self.in1_features, self.in2_features
        return (
            self._received(call, 0) if first is None else first,
            self._received(call, 1) if second is None else second,
        )

    def weights(self, call: Call) -> Weights:
        weights: Weights = {"weight": (self.out_features, *self._features(call))}
        return weights | ({"bias": (self.out_features,)} if self.bias else {})

    def macs(self, call: Call, outputs: Sequence[Tensor]) -> int | None:
        shape = outputs[0].shape
        return None if shape is None else product((*shape, *self._features(call)))


class Identity(Layer):
    """Hands its input on."""

    pointwise = True

    reference = "torch.nn.Identity, keras.layers.Identity, ONNX Identity"
    frameworks = ("pytorch", "keras")
    example = "identity", (64, 8, 8)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        return call.same()

    def shared(
        self, call: Call, outputs: Sequence[Tensor], strides: Strides, training: bool
    ) -> tuple[Strides | None, ...]:
        return (strides,)
