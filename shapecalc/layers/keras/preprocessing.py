"""What Keras puts before a network: other sizes and values, and augmentation, which changes values
while training and, but for a crop, no shape."""

from __future__ import annotations

from typing import Literal

from shapecalc.layers.axes import resolve_axes
from shapecalc.layers.base import Call, Layer, PerAxis, Shape, Tensor, Weights, arg
from shapecalc.layers.keras.normalization import FOREIGN

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
FillMode = Literal["constant", "nearest", "wrap", "reflect"]
#: A share, or the least and the largest.
Factor = float | tuple[float, ...]


class _Preprocessing(Layer):
    """What is done to single images."""

    element_cost = 1  # nothing is kept: it stands before all that is learned
    frameworks = ("keras",)
    #: It is no layer over axes 1 to 3: there is no variant for sequences or volumes.
    ranks = (3,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        shape = call.shape
        if shape is not None and len(shape) != 3:
            call.wrong_rank(self, 3)
            return call.tensor((None, None, None))
        return call.tensor(self.size(call, shape or (None, None, None)))

    def size(self, call: Call, shape: Shape) -> Shape:
        """The shape of the output."""
        return shape


class _Sized(_Preprocessing):
    """What yields images of a given size."""

    height: int = arg("height of the output")
    width: int = arg("width of the output")

    equation = "out = (height, width)"

    def size(self, call: Call, shape: Shape) -> Shape:
        for field in ("height", "width"):
            value: int = getattr(self, field)
            if value < 1:
                call.report("SC102", f"the {field} would be {value}", field)
        return (self.height, self.width, shape[-1])


class Resizing(_Sized):
    """Resizes an image."""

    interpolation: Interpolation = arg("how values are interpolated", default="bilinear")
    crop_to_aspect_ratio: bool = arg("crop rather than distort", default=False)
    pad_to_aspect_ratio: bool = arg("pad rather than distort", default=False)
    antialias: bool = arg("whether a smaller image is smoothed first", default=False)

    foreign = {"mode": "interpolation"}
    reference = "keras.layers.Resizing, torch.nn.functional.interpolate"
    example = "{type: resizing, height: 224, width: 224}", (480, 640, 3)

    def size(self, call: Call, shape: Shape) -> Shape:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            message = "it can either crop or pad to keep the proportions, not both"
            call.report("SC106", message, "pad_to_aspect_ratio", "leave one of them out")
        return super().size(call, shape)


class RandomCrop(_Sized):
    """Cuts a random part out of an image while training, the middle otherwise."""

    reference = "keras.layers.RandomCrop"
    example = "{type: random_crop, height: 224, width: 224}", (256, 256, 3)


class RandomFlip(_Preprocessing):
    """Mirrors images at random while training."""

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = arg(
        "which way", default="horizontal_and_vertical"
    )

    reference = "keras.layers.RandomFlip"
    example = "{type: random_flip, mode: horizontal}", (224, 224, 3)


class RandomRotation(_Preprocessing):
    """Turns images at random while training."""

    factor: Factor = arg("by how much at most: 0.5 is half a turn")
    fill_mode: FillMode = arg("what is put into the corners", default="reflect")

    reference = "keras.layers.RandomRotation"
    example = "{type: random_rotation, factor: 0.1}", (224, 224, 3)


class RandomZoom(_Preprocessing):
    """Zooms images at random while training."""

    height_factor: Factor = arg("by how much at most; below 0 in, above 0 out")
    width_factor: Factor | None = arg("the same for the width; by default alike", default=None)
    fill_mode: FillMode = arg("what is put around", default="reflect")

    reference = "keras.layers.RandomZoom"
    example = "{type: random_zoom, height_factor: 0.2}", (224, 224, 3)


class RandomTranslation(_Preprocessing):
    """Shifts images at random while training."""

    height_factor: Factor = arg("by how much of the height at most")
    width_factor: Factor = arg("by how much of the width at most")
    fill_mode: FillMode = arg("what is put at the edges", default="reflect")

    reference = "keras.layers.RandomTranslation"
    example = "{type: random_translation, height_factor: 0.1, width_factor: 0.1}", (224, 224, 3)


class RandomContrast(_Preprocessing):
    """Changes the contrast of images at random while training."""

    factor: Factor = arg("by how much at most")

    reference = "keras.layers.RandomContrast"
    example = "{type: random_contrast, factor: 0.2}", (224, 224, 3)


class RandomBrightness(_Preprocessing):
    """Changes the brightness of images at random while training."""

    factor: Factor = arg("by how much at most, from -1 to 1")

    reference = "keras.layers.RandomBrightness"
    example = "{type: random_brightness, factor: 0.2}", (224, 224, 3)


class _AnyShape(Layer):
    """What changes values of an input of any shape."""

    element_cost = 1
    frameworks = ("keras",)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        return call.same()


class Rescaling(_AnyShape):
    """``x·scale + offset``: pixels from 0 to 255 become numbers from 0 to 1."""

    scale: float = arg("the factor: 1 / 255")
    offset: float = arg("what is added", default=0.0)

    reference = "keras.layers.Rescaling"
    example = "{type: rescaling, scale: 1 / 255}", (224, 224, 3)
    example_dtype = "uint8"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        return call.tensor(call.shape, "float32")


class Masking(_AnyShape):
    """Marks the steps of a sequence that are to be skipped."""

    mask_value: float = arg("a step of nothing but this is skipped", default=0.0)

    keeps = "input"
    reference = "keras.layers.Masking"
    example = "masking", (50, 64)


class ActivityRegularization(_AnyShape):
    """Adds the size of its input to the loss."""

    l1: float = arg("weight of the absolute values", default=0.0)
    l2: float = arg("weight of the squares", default=0.0)

    reference = "keras.layers.ActivityRegularization"
    example = "{type: activity_regularization, l2: 0.01}", (64,)


class Normalization(_AnyShape):
    """Takes the mean off and divides by the deviation, both learned from the data before training
    (``adapt``), or given."""

    dim: PerAxis | None = arg(
        "the axes that have a mean each: 1 is the first after the batch, -1 the last; null: one "
        "for all",
        default=-1,
    )
    mean: float | tuple[float, ...] | None = arg("the mean, if it is not learned", default=None)
    variance: float | tuple[float, ...] | None = arg("the variance, likewise", default=None)
    invert: bool = arg("undo it instead", default=False)

    element_cost = 2  # the mean, the deviation
    foreign = FOREIGN
    reference = "keras.layers.Normalization"
    equation = "params = 2·Π(sizes of the axes) + 1, all frozen; none where they are given"
    example = "normalization", (13,)

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        if self.dim is not None:
            resolve_axes(call, "dim", self.dim, empty=True)
        if (self.mean is None) != (self.variance is None):
            missing = "mean" if self.mean is None else "variance"
            call.report("SC106", f"mean and variance go together, {missing} is missing", missing)
        return call.tensor(call.shape, "float32")

    def weights(self, call: Call) -> Weights:
        if self.mean is not None:
            return {}
        dims = () if self.dim is None else self.dim
        axes = resolve_axes(Call(call.inputs), "dim", dims, empty=True)
        if axes is None or call.shape is None:
            return {}
        sizes = tuple(call.shape[axis] for axis in sorted(axes))
        return {"mean": sizes, "variance": sizes, "count": ()}

    def frozen_weights(self) -> frozenset[str]:
        return frozenset({"mean", "variance", "count"})


class CategoryEncoding(Layer):
    """Turns indices into vectors of as many numbers as there are categories."""

    num_tokens: int = arg("how many categories there are")
    output_mode: Literal["multi_hot", "one_hot", "count"] = arg(
        "one vector for all indices of the last axis, one for each, or how often each occurs",
        default="multi_hot",
    )

    frameworks = ("keras",)
    reference = "keras.layers.CategoryEncoding, torch.nn.functional.one_hot"
    equation = "the last axis becomes num_tokens; one_hot: an axis of num_tokens more"
    example = "{type: category_encoding, num_tokens: 10}", (4,)
    example_dtype = "int64"

    def infer(self, call: Call) -> tuple[Tensor, ...]:
        call.require_least("num_tokens", self.num_tokens)
        shape = call.shape
        if shape is not None and len(shape) != 1:
            # Keras 3.15 promises one shape here and yields another.
            call.wrong_rank(self, 1, ("indices",))
        if shape is None or len(shape) != 1:
            return call.tensor(None, "float32")
        adds = self.output_mode == "one_hot" and shape != (1,)
        return call.tensor((*(shape if adds else ()), self.num_tokens), "float32")
