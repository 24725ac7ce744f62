"""What an ONNX file says of itself: inputs, outputs, digest, operators, work. Needs ``onnx`` alone, no runtime."""
