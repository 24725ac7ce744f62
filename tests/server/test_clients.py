"""The clients that people have, unchanged: tritonclient over HTTP and gRPC, blocking and asyncio."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.server.conftest import Running, affine, configuration, identity, running

pytest.importorskip("tritonclient", reason="installed by `make setup`")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("models")
    affine(root / "m/1/model.onnx")
    identity(root / "text/1/model.onnx", TensorProto.STRING)
    grants = [{"identity": "local", "verbs": ["infer", "read", "manage"]}]
    with running(configuration(root, grpc={"address": "127.0.0.1:0"}, allow=grants)) as one:
        yield one


def tensors(module: Any, array: np.ndarray, datatype: str, **how: Any) -> tuple[list[Any], list[Any]]:
    given = module.InferInput("x", list(array.shape), datatype)
    given.set_data_from_numpy(array, **how)
    return [given], [module.InferRequestedOutput("y", **how)]


def everything(client: Any, module: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("m")
    assert client.is_model_ready("m", "1")
    assert not client.is_model_ready("absent")
    client.get_server_metadata()
    client.get_model_metadata("m")
    client.get_inference_statistics("m")
    client.get_model_repository_index()
    client.unload_model("text")
    assert not client.is_model_ready("text")
    client.load_model("text")
    inputs, outputs = tensors(module, X, "FP32")
    result = client.infer("m", inputs, model_version="1", outputs=outputs, request_id="7", timeout=2_000_000)
    assert (result.as_numpy("y") == X * 2).all()
    words = np.array([["a", "é", "", "b:c"]], dtype=object)
    inputs, outputs = tensors(module, words, "BYTES")
    assert [value.decode() for value in client.infer("text", inputs).as_numpy("y")[0]] == words[0].tolist()
    bad = module.InferInput("z", [2, 4], "FP32")
    bad.set_data_from_numpy(X)
    with pytest.raises(Exception, match="no input 'z'"):
        client.infer("m", [bad])


def test_tritonclient_http(server: Running) -> None:
    import tritonclient.http as module

    client = module.InferenceServerClient(server.server.addresses["http"])
    try:
        everything(client, module)
        inputs, outputs = tensors(module, X, "FP32", binary_data=False)
        assert (client.infer("m", inputs, outputs=outputs).as_numpy("y") == X * 2).all()
        large = np.random.default_rng(0).random((500, 4), np.float32)
        for algorithm in ("gzip", "deflate"):
            inputs, outputs = tensors(module, large, "FP32")
            result = client.infer(
                "m",
                inputs,
                outputs=outputs,
                request_compression_algorithm=algorithm,
                response_compression_algorithm=algorithm,
            )
            assert (result.as_numpy("y") == large * 2).all()
        pending = [client.async_infer("m", tensors(module, X, "FP32")[0]) for _ in range(5)]
        assert all((one.get_result().as_numpy("y") == X * 2).all() for one in pending)
    finally:
        client.close()


def test_tritonclient_grpc(server: Running) -> None:
    import tritonclient.grpc as module

    client = module.InferenceServerClient(server.server.addresses["grpc"])
    try:
        everything(client, module)
    finally:
        client.close()


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_tritonclient_aio(server: Running, transport: str) -> None:
    import tritonclient.grpc.aio
    import tritonclient.http.aio

    module: Any = tritonclient.http.aio if transport == "http" else tritonclient.grpc.aio

    async def check() -> None:
        client = module.InferenceServerClient(server.server.addresses[transport])
        try:
            assert await client.is_server_ready()
            inputs, outputs = tensors(module, X, "FP32")
            answers = await asyncio.gather(*(client.infer("m", inputs, outputs=outputs) for _ in range(8)))
            assert all((answer.as_numpy("y") == X * 2).all() for answer in answers)
        finally:
            await client.close()

    asyncio.run(check())


def test_the_message_table_is_the_clients_table() -> None:
    from tritonclient.grpc import service_pb2

    from aiinfra.server.grpc_messages import file_descriptor

    theirs = {m.name: m for m in service_pb2.DESCRIPTOR.message_types_by_name.values()}

    def compare(ours: Any, other: Any) -> None:
        fields = {field.name: field for field in other.fields}
        for field in ours.field:
            if (ours.name, field.name) == ("ModelMetadataResponse", "properties"):
                continue  # KServe's and the standard's; Triton's copy lacks it
            twin = fields[field.name]
            assert (field.number, field.type) == (twin.number, twin.type), (ours.name, field.name)
            assert (field.label == 3) == twin.is_repeated
        nested = {message.name: message for message in other.nested_types}
        for inner in ours.nested_type:
            compare(inner, nested[inner.name]) if inner.name != "PropertiesEntry" else None

    for message in file_descriptor().message_type:
        compare(message, theirs[message.name])
    assert Path(service_pb2.__file__).exists()
