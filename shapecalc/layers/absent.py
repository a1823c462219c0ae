"""What the frameworks have and a spec does not: why, and what to write instead.

By the frameworks' own class names. A test compares this with PyTorch, so that every class of
``torch.nn`` is either a layer type or stands here.
"""

from __future__ import annotations

from functools import cache

from shapecalc.layers.base import Framework

LOSS = "a loss compares the output with a target, which a spec does not have: leave it out"
BASE = "it is a base class without a shape of its own"
HOLDER = "it only holds layers or tensors: write the layers in a list, or in a `sequential`"
WRITE_LAYERS = "it runs code, which a spec is not: write the layers that it stands for"
AUGMENTS = "it changes values while training and no shape: leave it out, or write `identity`"
TEXT = "it turns text or identifiers into numbers: give the input `dtype: int64` after it"
LOOKS_UP = "it numbers values and changes no shape: give the input `dtype: int64` after it"
AUDIO = "it prepares the data: give the shape that it yields as the input"

#: Class name -> the reason and the way out.
PYTORCH: dict[str, str] = {
    **dict.fromkeys(
        (
            "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss",
            "GaussianNLLLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss",
            "LinearCrossEntropyLoss", "LinearCrossEntropyOptions", "MSELoss", "MarginRankingLoss",
            "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss",
            "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss",
            "TripletMarginWithDistanceLoss",
        ),
        LOSS,
    ),
    "AdaptiveLogSoftmaxWithLoss": f"{LOSS}; its parts are `linear` layers",
    **dict.fromkeys(("Module", "RNNBase", "RNNCellBase", "Container"), BASE),
    **dict.fromkeys(("ModuleDict", "ModuleList"), HOLDER),
    **dict.fromkeys(
        ("ParameterDict", "ParameterList", "UninitializedBuffer", "UninitializedParameter"),
        "it holds tensors: write a `parameter` for each",
    ),
    "DataParallel": "it runs the same layers on several devices: write the layers alone",
}  # fmt: skip

KERAS: dict[str, str] = {
    "Bidirectional": "write bidirectional: true in the `lstm`, `gru` or `rnn` itself",
    "TimeDistributed": (
        "dense layers, embeddings, norms and activations act on each step as they are; for "
        "convolutions and pools write the kind of one more axis with a kernel_size of 1 there: "
        "{type: conv3d, kernel_size: [1, 3, 3], …}"
    ),
    "SpectralNormalization": "write the layer alone: it adds no trained weight",
    "StackedRNNCells": "write the layers in a row, all but the last with return_sequences: true",
    "ReversibleEmbedding": "write an `embedding`, and a `linear` with share for the way back",
    "InputLayer": "write the shape under the key `input` (or `inputs`) of the model",
    "Pipeline": "write its layers in a `sequential`",
    **dict.fromkeys(("Layer", "Wrapper", "InputSpec"), BASE),
    **dict.fromkeys(
        ("Lambda", "FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), WRITE_LAYERS
    ),
    **dict.fromkeys(("StringLookup", "TextVectorization"), TEXT),
    **dict.fromkeys(("Discretization", "HashedCrossing", "Hashing", "IntegerLookup"), LOOKS_UP),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), AUDIO),
    **dict.fromkeys(
        (
            "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix",
            "Equalization", "MaxNumBoundingBoxes", "MixUp", "RandAugment",
            "RandomColorDegeneration", "RandomColorJitter", "RandomElasticTransform",
            "RandomErasing", "RandomGaussianBlur",
            "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
            "RandomPosterization", "RandomSaturation", "RandomSharpness", "RandomShear",
            "Solarization",
        ),
        AUGMENTS,
    ),
}  # fmt: skip


#: Operations that are called otherwise here, in every framework.
WORDS: dict[str, str] = {
    "repeat": (
        "`tile` lays copies one after another (PyTorch's repeat), `repeat_interleave` repeats each "
        "cell (Keras' repeat)"
    ),
    "slicing": "x[:, 2:5] is {type: slice, dim: 1, start: 2, end: 5}, x[:, 2] is a `select`",
    "getitem": "x[:, 2:5] is {type: slice, dim: 1, start: 2, end: 5}, x[:, 2] is a `select`",
    "loss": LOSS,
}


@cache
def _by_word(framework: Framework) -> dict[str, str]:
    owner, classes = ("Keras'", KERAS) if framework == "keras" else ("PyTorch's", PYTORCH)
    found = {name.lower(): f"{owner} {name}: {reason}" for name, reason in classes.items()}
    return WORDS | found


def absent(framework: Framework, word: str) -> str | None:
    """Why there is no layer type for a word of the framework, with a way out; ``None`` for a word
    that is not known to mean one of its classes."""
    return _by_word(framework).get(word.replace("_", "").lower())
