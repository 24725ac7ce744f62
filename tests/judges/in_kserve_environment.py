"""KServe's own clients against the server at the given addresses; prints what they understood, as JSON.

python in_kserve_environment.py http://HOST:PORT HOST:PORT
"""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferOutput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

X = np.arange(8, dtype=np.float32).reshape(2, 4)
WORDS = np.array([["a", "é", "", "b:c"]], dtype=object)


def question(model: str, array: np.ndarray, datatype: str, *, binary: bool) -> InferRequest:
    given = InferInput("x", list(array.shape), datatype)
    given.set_data_from_numpy(array, binary_data=binary)
    wanted = RequestedOutput("y", parameters={"binary_data": True}) if binary else RequestedOutput("y")
    return InferRequest(model, [given], request_id="7", request_outputs=[wanted])


def understood(answer: Any) -> dict[str, Any]:
    output: InferOutput = answer.outputs[0]
    values = output.as_numpy().ravel().tolist()
    plain = [value.decode() if isinstance(value, bytes) else value for value in values]
    return {"model": answer.model_name, "id": answer.id, "shape": list(output.shape), "data": plain}


async def rest(url: str) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    try:
        found: dict[str, Any] = {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "m ready": await client.is_model_ready(url, "m"),
        }
        for name, asked in (
            ("json", question("m", X, "FP32", binary=False)),
            ("binary", question("m", X, "FP32", binary=True)),
            ("words", question("text", WORDS, "BYTES", binary=False)),
            ("binary words", question("text", WORDS, "BYTES", binary=True)),
        ):
            found[name] = understood(await client.infer(url, asked, model_name=asked.model_name))
        return found
    finally:
        await client.close()


async def grpc(address: str) -> dict[str, Any]:
    client = InferenceGRPCClient(address, retries=0)
    try:
        found: dict[str, Any] = {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "m ready": await client.is_model_ready("m"),
        }
        for name, asked in (
            ("typed", question("m", X, "FP32", binary=False)),
            ("raw", question("m", X, "FP32", binary=True)),
            ("words", question("text", WORDS, "BYTES", binary=True)),
        ):
            found[name] = understood(await client.infer(asked))
        return found
    finally:
        await client.close()


async def main() -> None:
    print(json.dumps({"rest": await rest(sys.argv[1]), "grpc": await grpc(sys.argv[2])}))


asyncio.run(main())
