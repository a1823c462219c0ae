"""What a model costs: operations, memory at inference and in training, and bounds of its time."""
