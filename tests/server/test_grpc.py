"""gRPC: the same answers and refusals as REST, and the wire format of the public protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from aiinfra.server.grpc_messages import METHODS, SERVICE, file_descriptor, message
from tests.server.conftest import Running, affine, configuration, identity, running
from tests.server.test_rest import KINDS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("models")
    affine(root / "m/1/model.onnx")
    for datatype in KINDS:
        identity(root / f"{datatype.lower()}/1/model.onnx", KINDS[datatype][0])
    limits = {"elements": 1000, "body": "1 MiB"}
    grants = [{"identity": "local", "models": ["*"], "verbs": ["infer", "read", "manage"]}]
    config = configuration(root, grpc={"address": "127.0.0.1:0"}, limits=limits, allow=grants)
    with running(config) as one:
        yield one


def call(server: Running, method: str, request: Any = None, timeout: float = 10) -> Any:
    with grpc.insecure_channel(server.server.addresses["grpc"]) as channel:
        invoke = channel.unary_unary(f"/{SERVICE}/{method}")
        raw = request if isinstance(request, bytes) else request.SerializeToString() if request is not None else b""
        return message(f"{method}Response").FromString(invoke(raw, timeout=timeout))


def refusal(server: Running, method: str, request: Any, timeout: float = 10) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(server, method, request, timeout)
    return caught.value.code().name, caught.value.details()


def infer(raw: bytes | None, datatype: str = "FP32", model: str = "m", **more: Any) -> Any:
    tensor = {"name": "x", "datatype": datatype, "shape": [1, 4], **more.pop("tensor", {})}
    contents = {} if raw is None else {"raw_input_contents": [raw]}
    return message("ModelInferRequest")(model_name=model, inputs=[tensor], **contents, **more)


def test_a_prediction(server: Running) -> None:
    request = infer(np.float32([1, 2, 3, 4]).tobytes(), id="a", parameters={"tag": {"string_param": "t"}})
    answer = call(server, "ModelInfer", request)
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "1", "a")
    assert answer.parameters["tag"].string_param == "t"
    assert list(answer.outputs[0].shape) == [1, 4]
    assert np.frombuffer(answer.raw_output_contents[0], np.float32).tolist() == [2, 4, 6, 8]


@pytest.mark.parametrize("datatype", KINDS)
def test_every_datatype_comes_back_to_the_last_bit(server: Running, datatype: str) -> None:
    _, data, raw = KINDS[datatype]
    if raw is None:
        raw = np.array(data, {"FP32": "<f4", "FP64": "<f8"}.get(datatype) or datatype.lower()).tobytes()
    answer = call(server, "ModelInfer", infer(raw, datatype, datatype.lower()))
    assert answer.raw_output_contents[0] == raw
    if data is None:
        return
    field = {
        "BOOL": "bool",
        "BYTES": "bytes",
        "FP32": "fp32",
        "FP64": "fp64",
        "INT64": "int64",
        "UINT64": "uint64",
    }.get(datatype, "uint" if datatype.startswith("U") else "int")
    values = [text.encode() for text in data] if datatype == "BYTES" else data
    typed = infer(None, datatype, datatype.lower(), tensor={"contents": {f"{field}_contents": values}})
    assert call(server, "ModelInfer", typed).raw_output_contents[0] == raw


FOUR = np.zeros(4, np.float32).tobytes()
BAD: dict[str, tuple[Any, str, str]] = {
    "not a message": (b"\xff\xff", "INVALID_ARGUMENT", "not of this method's type"),
    "absent model": (infer(FOUR, model="absent"), "NOT_FOUND", "is not loaded"),
    "absent version": (infer(FOUR, model_version="9"), "NOT_FOUND", "version '9' is not loaded"),
    "short": (infer(FOUR[1:]), "INVALID_ARGUMENT", "are 16 bytes"),
    "datatype": (infer(FOUR, "INT32"), "INVALID_ARGUMENT", "datatype is FP32"),
    "negative": (infer(FOUR, tensor={"shape": [-1, -4]}), "INVALID_ARGUMENT", "whole number"),
    "huge": (infer(FOUR, tensor={"shape": [2**62, 4]}), "INVALID_ARGUMENT", "elements"),
    "no tensor": (infer(None), "INVALID_ARGUMENT", "asks for 4 elements"),
    "wrong field": (
        infer(None, tensor={"contents": {"int_contents": [1] * 4}}),
        "INVALID_ARGUMENT",
        "belongs in fp32_contents",
    ),
    "both": (infer(FOUR, tensor={"contents": {"fp32_contents": [1] * 4}}), "INVALID_ARGUMENT", "has both"),
    "300 in INT8": (
        infer(None, "INT8", "int8", tensor={"contents": {"int_contents": [300, 0, 0, 0]}}),
        "INVALID_ARGUMENT",
        "outside the range",
    ),
    "FP16 in contents": (
        infer(None, "FP16", "fp16", tensor={"contents": {"fp32_contents": [1] * 4}}),
        "INVALID_ARGUMENT",
        "raw_input_contents only",
    ),
    "outputs": (infer(FOUR, outputs=[{"name": "y"}] * 65), "INVALID_ARGUMENT", "more than 64"),
    "output": (infer(FOUR, outputs=[{"name": "q"}]), "INVALID_ARGUMENT", "no output 'q'"),
    "raw without inputs": (
        message("ModelInferRequest")(model_name="m", raw_input_contents=[FOUR]),
        "INVALID_ARGUMENT",
        "for 0 inputs",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_gets_a_client_error_that_says_why(server: Running, case: str) -> None:
    request, code, words = BAD[case]
    got, details = refusal(server, "ModelInfer", request)
    assert (got, words in details) == (code, True), details


def test_a_message_past_the_limit_is_refused(server: Running) -> None:
    assert refusal(server, "ModelInfer", b"\0" * ((1 << 20) + 1))[0] == "RESOURCE_EXHAUSTED"


def test_metadata_statistics_index_and_health(server: Running) -> None:
    assert call(server, "ServerLive").live
    assert call(server, "ServerReady").ready
    assert call(server, "ModelReady", message("ModelReadyRequest")(name="m")).ready
    assert not call(server, "ModelReady", message("ModelReadyRequest")(name="absent")).ready
    assert list(call(server, "ServerMetadata").extensions) == server.request("GET", "/v2")[2]["extensions"]
    metadata = call(server, "ModelMetadata", message("ModelMetadataRequest")(name="m"))
    assert metadata.properties["digest"] == server.request("GET", "/v2/models/m")[2]["properties"]["digest"]
    assert [(port.name, port.datatype, list(port.shape)) for port in metadata.inputs] == [("x", "FP32", [-1, 4])]
    call(server, "ModelInfer", infer(FOUR))
    statistics = call(server, "ModelStatistics", message("ModelStatisticsRequest")(name="m"))
    assert statistics.model_stats[0].inference_stats.success.count >= 1
    index = call(server, "RepositoryIndex")
    assert {entry.name: entry.state for entry in index.models}["m"] == "READY"


def test_models_are_loaded_and_unloaded(server: Running) -> None:
    name = {"model_name": "int16"}
    call(server, "RepositoryModelUnload", message("RepositoryModelUnloadRequest")(**name))
    assert not call(server, "ModelReady", message("ModelReadyRequest")(name="int16")).ready
    call(server, "RepositoryModelLoad", message("RepositoryModelLoadRequest")(**name))
    assert call(server, "ModelReady", message("ModelReadyRequest")(name="int16")).ready


def test_the_descriptors_describe_the_service() -> None:
    file = file_descriptor()
    assert (file.package, file.service[0].name) == ("inference", "GRPCInferenceService")
    assert [method.name for method in file.service[0].method] == list(METHODS)


def test_grpc_alone_can_be_served(tmp_path: Path) -> None:
    affine(tmp_path / "m/1/model.onnx")
    with running(configuration(tmp_path, http=None, grpc={"address": "127.0.0.1:0"})) as one:
        assert call(one, "ModelInfer", infer(FOUR)).model_name == "m"
