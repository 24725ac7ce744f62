"""The protocol's gRPC messages, built at import from the table below; no generated code.

Field names, numbers and types are those of ``inference.GRPCInferenceService`` (Open Inference Protocol v2 and the
extensions for statistics and the model repository), so the wire format is the same. The descriptors live in a pool of
their own: a client library in the same process may bring its own copy of the same names.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"

_SCALARS = {
    "double": 1,
    "float": 2,
    "int64": 3,
    "uint64": 4,
    "int32": 5,
    "bool": 8,
    "string": 9,
    "bytes": 12,
    "uint32": 13,
}
_MESSAGE_TYPE = 11
_OPTIONAL, _REPEATED = 1, 3

_PARAMETERS = "map<InferParameter> parameters"
_TABLE: dict[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "1 bool live",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "1 bool ready",
    "ModelReadyRequest": "1 string name; 2 string version",
    "ModelReadyResponse": "1 bool ready",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "1 string name; 2 string version; 3 repeated string extensions",
    "ModelMetadataRequest": "1 string name; 2 string version",
    "ModelMetadataResponse.TensorMetadata": "1 string name; 2 string datatype; 3 repeated int64 shape",
    "ModelMetadataResponse": "1 string name; 2 repeated string versions; 3 string platform;"
    "4 repeated ModelMetadataResponse.TensorMetadata inputs; 5 repeated ModelMetadataResponse.TensorMetadata outputs;"
    "6 map<string> properties",
    "InferParameter": "1 oneof bool bool_param; 2 oneof int64 int64_param; 3 oneof string string_param;"
    "4 oneof double double_param; 5 oneof uint64 uint64_param",
    "InferTensorContents": "1 repeated bool bool_contents; 2 repeated int32 int_contents;"
    "3 repeated int64 int64_contents;"
    "4 repeated uint32 uint_contents; 5 repeated uint64 uint64_contents; 6 repeated float fp32_contents;"
    "7 repeated double fp64_contents; 8 repeated bytes bytes_contents",
    "ModelInferRequest.InferInputTensor": "1 string name; 2 string datatype; 3 repeated int64 shape;"
    f"4 {_PARAMETERS}; 5 InferTensorContents contents",
    "ModelInferRequest.InferRequestedOutputTensor": f"1 string name; 2 {_PARAMETERS}",
    "ModelInferRequest": f"1 string model_name; 2 string model_version; 3 string id; 4 {_PARAMETERS};"
    "5 repeated ModelInferRequest.InferInputTensor inputs;"
    "6 repeated ModelInferRequest.InferRequestedOutputTensor outputs; 7 repeated bytes raw_input_contents",
    "ModelInferResponse.InferOutputTensor": "1 string name; 2 string datatype; 3 repeated int64 shape;"
    f"4 {_PARAMETERS}; 5 InferTensorContents contents",
    "ModelInferResponse": f"1 string model_name; 2 string model_version; 3 string id; 4 {_PARAMETERS};"
    "5 repeated ModelInferResponse.InferOutputTensor outputs; 6 repeated bytes raw_output_contents",
    "ModelStatisticsRequest": "1 string name; 2 string version",
    "StatisticDuration": "1 uint64 count; 2 uint64 ns",
    "InferStatistics": "1 StatisticDuration success; 2 StatisticDuration fail; 3 StatisticDuration queue;"
    "4 StatisticDuration compute_input; 5 StatisticDuration compute_infer; 6 StatisticDuration compute_output;"
    "7 StatisticDuration cache_hit; 8 StatisticDuration cache_miss",
    "InferBatchStatistics": "1 uint64 batch_size; 2 StatisticDuration compute_input; 3 StatisticDuration compute_infer;"
    "4 StatisticDuration compute_output",
    "ModelStatistics": "1 string name; 2 string version; 3 uint64 last_inference; 4 uint64 inference_count;"
    "5 uint64 execution_count; 6 InferStatistics inference_stats; 7 repeated InferBatchStatistics batch_stats",
    "ModelStatisticsResponse": "1 repeated ModelStatistics model_stats",
    "ModelRepositoryParameter": "1 oneof bool bool_param; 2 oneof int64 int64_param; 3 oneof string string_param;"
    "4 oneof bytes bytes_param",
    "RepositoryIndexRequest": "1 string repository_name; 2 bool ready",
    "RepositoryIndexResponse.ModelIndex": "1 string name; 2 string version; 3 string state; 4 string reason",
    "RepositoryIndexResponse": "1 repeated RepositoryIndexResponse.ModelIndex models",
    "RepositoryModelLoadRequest": "1 string repository_name; 2 string model_name;"
    "3 map<ModelRepositoryParameter> parameters",
    "RepositoryModelLoadResponse": "",
    "RepositoryModelUnloadRequest": "1 string repository_name; 2 string model_name;"
    "3 map<ModelRepositoryParameter> parameters",
    "RepositoryModelUnloadResponse": "",
}
"""Message -> ``number [repeated|oneof] type name``; ``map<T>`` is a map from text to T; a dot nests."""

METHODS = (
    "ServerLive",
    "ServerReady",
    "ModelReady",
    "ServerMetadata",
    "ModelMetadata",
    "ModelInfer",
    "ModelStatistics",
    "RepositoryIndex",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
)
"""Methods; each takes ``<Method>Request`` and gives ``<Method>Response``."""


def _entry_name(field: str) -> str:
    return "".join(part.capitalize() for part in field.split("_")) + "Entry"


def _type(field: Any, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _MESSAGE_TYPE
        field.type_name = f".{PACKAGE}.{kind}"


def _add_field(message: Any, path: str, text: str) -> None:
    number, *words = text.split()
    name = words[-1]
    field = message.field.add(name=name, number=int(number), label=_OPTIONAL)
    kind = words[-2]
    if words[0] == "repeated":
        field.label = _REPEATED
    if words[0] == "oneof":
        if not message.oneof_decl:
            message.oneof_decl.add(name="parameter_choice")
        field.oneof_index = 0
    if kind.startswith("map<"):
        entry = message.nested_type.add(name=_entry_name(name))
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, label=_OPTIONAL, type=_SCALARS["string"])
        _type(entry.field.add(name="value", number=2, label=_OPTIONAL), kind[4:-1])
        field.label = _REPEATED
        kind = f"{path}.{_entry_name(name)}"
    _type(field, kind)


def file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    """The table as a file of messages, and the service."""
    file = descriptor_pb2.FileDescriptorProto(name="aiinfra_inference.proto", package=PACKAGE, syntax="proto3")
    made: dict[str, Any] = {}
    for path in sorted(_TABLE, key=lambda path: path.count(".")):
        outer, _, name = path.rpartition(".")
        made[path] = (made[outer].nested_type if outer else file.message_type).add(name=name)
        for text in filter(None, (part.strip() for part in _TABLE[path].split(";"))):
            _add_field(made[path], path, text)
    service = file.service.add(name="GRPCInferenceService")
    for method in METHODS:
        service.method.add(
            name=method, input_type=f".{PACKAGE}.{method}Request", output_type=f".{PACKAGE}.{method}Response"
        )
    return file


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(file_descriptor())


def message(name: str) -> Any:
    """The class of a message, by its name in the table."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
