"""gRPC inference messages to :class:`InferRequest` and back: as strict as the REST reader, with the same errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aiinfra.server import tensors
from aiinfra.server.catalogue import Served
from aiinfra.server.config import Limits
from aiinfra.server.datatypes import Datatype
from aiinfra.server.grpc_messages import message
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.requests import InferRequest, check_complete, check_output, check_ports, read_parameters

_Response = message("ModelInferResponse")
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def decode(given: Any, session: Model, limits: Limits) -> InferRequest:
    """Read one ``ModelInferRequest``.

    Raises:
        Refusal: anything that is not exactly what the protocol describes.
    """
    raw = given.raw_input_contents
    if raw and len(raw) != len(given.inputs):
        raise bad(f"raw_input_contents has {len(raw)} entries for {len(given.inputs)} inputs")
    feed: dict[str, np.ndarray] = {}
    for at, tensor in enumerate(given.inputs):
        name = tensor.name
        shape = list(tensor.shape)
        elements = tensors.count(shape, name, limits.elements)
        port = check_ports(session, name, shape, tensor.datatype, feed)
        _refuse_shared_memory(tensor.parameters, name)
        if raw:
            if tensor.HasField("contents"):
                raise bad(f"input {name!r} has both contents and raw_input_contents")
            feed[name] = tensors.from_bytes(raw[at], tuple(shape), elements, port.datatype, name)
        else:
            feed[name] = _contents(tensor.contents, tuple(shape), elements, port.datatype, name)
    check_complete(session, feed)
    request = InferRequest(feed, id=given.id, binary=True)
    if given.parameters:
        request.parameters, request.timeout = read_parameters(_plain(given.parameters))
    if given.outputs:
        request.outputs = _outputs(given.outputs, session, limits)
    return request


def _outputs(given: Any, session: Model, limits: Limits) -> list[str]:
    if len(given) > limits.outputs:
        raise Refusal(Kind.TOO_LARGE, f"more than {limits.outputs} outputs are asked for")
    names: list[str] = []
    for output in given:
        name = check_output(session, output.name, names)
        if "classification" in output.parameters:
            raise bad(f"output {name!r}: classification is not supported")
        _refuse_shared_memory(output.parameters, name)
        names.append(name)
    return names


def _contents(contents: Any, shape: tuple[int, ...], elements: int, datatype: Datatype, name: str) -> np.ndarray:
    field = _CONTENTS.get(datatype.name)
    if field is None:
        raise bad(f"input {name!r}: {datatype.name} travels in raw_input_contents only")
    filled = [descriptor.name for descriptor, _ in contents.ListFields()]
    if filled not in ([], [field]):
        raise bad(f"input {name!r}: {datatype.name} belongs in {field}, not {filled[0]}")
    values: Sequence[Any] = getattr(contents, field)
    if len(values) != elements:
        raise bad(f"input {name!r}: shape {list(shape)} asks for {elements} elements, {field} has {len(values)}")
    if not datatype.width:
        return _texts(values, name).reshape(shape)
    wide = np.array(values, dtype=np.int64 if field in ("int_contents", "uint_contents") else datatype.numpy)
    narrow = wide.astype(datatype.numpy)
    if not np.array_equal(wide, narrow, equal_nan=datatype.numpy.kind == "f"):
        raise bad(f"input {name!r}: a value is outside the range of {datatype.name}")
    return narrow.reshape(shape)


def _texts(values: Sequence[bytes], name: str) -> np.ndarray:
    result = np.empty(len(values), dtype=object)
    try:
        result[:] = [value.decode() for value in values]
    except UnicodeDecodeError:
        raise bad(f"input {name!r}: a BYTES element is not UTF-8 text") from None
    return result


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    plain = {}
    for key, value in parameters.items():
        kind = value.WhichOneof("parameter_choice")
        if kind is None:
            raise bad(f"parameter {key[:64]!r} has no value")
        plain[key] = getattr(value, kind)
    return plain


def _refuse_shared_memory(parameters: Mapping[str, Any], name: str) -> None:
    if any(key.startswith("shared_memory") for key in parameters):
        raise bad(f"{name!r}: shared memory is not supported; send the tensor in the message")


def encode(served: Served, request: InferRequest, values: Sequence[np.ndarray]) -> bytes:
    """The serialised ``ModelInferResponse``; tensors travel raw."""
    response = _Response(model_name=served.name, model_version=served.version, id=request.id)
    for key, value in request.parameters.items():
        fill_parameter(response.parameters[key], value)
    names = request.outputs if request.outputs is not None else served.session.output_names
    ports = served.session.by_output
    raw = []
    for name, value in zip(names, values, strict=True):
        datatype = ports[name].datatype
        response.outputs.add(name=name, datatype=datatype.name, shape=value.shape)
        raw.append(tensors.to_bytes(value, datatype))
    response.raw_output_contents.extend(raw)
    data: bytes = response.SerializeToString()
    return data


def fill_parameter(target: Any, value: Any) -> None:
    """Set an ``InferParameter`` to a plain value."""
    if type(value) is bool:
        target.bool_param = value
    elif type(value) is str:
        target.string_param = value
    elif type(value) is float:
        target.double_param = value
    elif value >= 2**63:
        target.uint64_param = value
    else:
        target.int64_param = value
