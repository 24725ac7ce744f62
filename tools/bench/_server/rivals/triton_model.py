"""Triton's side of the benchmark: onnxruntime behind its python backend; a batch is one call of the model."""

from pathlib import Path

import numpy as np
import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, args: dict) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        file = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self.session = onnxruntime.InferenceSession(str(file), options)

    def execute(self, requests: list) -> list:
        rows = [backend.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        (y,) = self.session.run(None, {"x": np.concatenate(rows) if len(rows) > 1 else rows[0]})
        answers = []
        at = 0
        for row in rows:
            tensor = backend.Tensor("y", y[at : at + len(row)])
            answers.append(backend.InferenceResponse(output_tensors=[tensor]))
            at += len(row)
        return answers
