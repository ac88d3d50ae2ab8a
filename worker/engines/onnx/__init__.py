"""The ONNX engine: an exported checkpoint on an ordinary CPU, by ONNX Runtime and numpy; no torch."""
