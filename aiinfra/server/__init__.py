"""The reference inference server. Imports no Pulumi; onnxruntime only when a model is loaded."""
