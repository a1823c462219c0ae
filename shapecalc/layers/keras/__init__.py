"""The layers of Keras, in PyTorch's vocabulary: channels last, Keras' arithmetic and weights."""
