"""BM3-VL, our own model of the Qwen3-VL architecture: configuration, model, data, training, evaluation, weights."""
