"""KServe's side of the benchmark: its Python SDK over onnxruntime, one thread. Arguments: HTTP, gRPC, models."""

import sys

import kserve
import onnxruntime
from kserve import InferInput, InferOutput, InferRequest, InferResponse


class OnnxModel(kserve.Model):
    def __init__(self, name: str, file: str) -> None:
        super().__init__(name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(file, options)
        self.ready = True

    async def get_input_types(self) -> list[dict]:
        port = self.session.get_inputs()[0]
        return [{"name": "x", "datatype": "FP32", "shape": [-1, *port.shape[1:]]}]

    async def predict(self, payload: InferRequest, _headers: dict | None = None, **_: object) -> InferResponse:
        given: InferInput = payload.inputs[0]
        (y,) = self.session.run(None, {"x": given.as_numpy()})
        output = InferOutput("y", list(y.shape), "FP32")
        output.set_data_from_numpy(y, binary_data=payload.request_outputs is not None)
        return InferResponse(payload.id or "", self.name, [output])


if __name__ == "__main__":
    http, grpc, *models = sys.argv[1:]
    served = [OnnxModel(*model.split("=", 1)) for model in models]
    kserve.ModelServer(http_port=int(http), grpc_port=int(grpc), workers=1, access_log_format=None).start(served)
