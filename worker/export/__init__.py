"""A checkpoint of a known family written as ONNX graphs for `worker.engines.onnx`: needs torch only to prove itself."""
