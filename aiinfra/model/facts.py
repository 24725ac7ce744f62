"""Model facts: what an ONNX file says of itself, kept beside it as plain data, so that nothing later needs the file.

``MODEL.facts.json`` is written by ``aiinfra model inspect --write`` and checked again wherever the model is present.
The same file gives the same bytes on every machine.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

from onnx import ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto, defs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.model.dtypes import OF_ONNX, onnx_name, stored_bytes
from aiinfra.model.external import DIGEST, ExternalFile, external_files
from aiinfra.model.onnx_file import CONTROL_FLOW, all_nodes, read_onnx, tensors
from aiinfra.model.operators import domain_of, kind_of
from aiinfra.model.shapes import declared_inputs
from aiinfra.model.work import Work, measure
from aiinfra.spec.model import DType

SCHEMA: Final = "aiinfra.model-facts/1"

KNOWN_DOMAINS: Final = frozenset({"", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that every onnxruntime build brings. Others need code that is not in the model."""

_LARGEST_FACTS: Final = 64 * 2**20


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


class TensorFacts(_Data):
    """One input or output."""

    name: str = Field(min_length=1)
    """The name requests use."""
    dtype: DType | None
    """Datatype in the Open Inference Protocol; None where the protocol has none for it."""
    shape: tuple[int, ...] | None
    """Dimensions, -1 for those a request decides; None where the file does not even tell how many there are."""
    onnx_type: str
    """ONNX's own name: ``tensor(float)``, ``seq(map(int64,tensor(float)))``."""


class ModelFacts(_Data):
    """Everything known of one ONNX file without running it."""

    schema_: Literal["aiinfra.model-facts/1"] = Field(default=SCHEMA, alias="schema")
    file: str
    """The model file's name, without its folder."""
    digest: str = Field(pattern=DIGEST)
    """``sha256:`` and 64 hex digits, of the model file alone."""
    size: int = Field(ge=0)
    """Bytes of the model file alone."""
    external: tuple[ExternalFile, ...] = ()
    """Files that hold weights beside the model, sorted by path."""
    ir_version: int
    producer: str
    """The program that wrote the file, as the file says; empty where it does not."""
    opsets: dict[str, int]
    """Operator set version by domain; ``ai.onnx`` is the default domain."""
    inputs: tuple[TensorFacts, ...]
    """What a request must give, in the file's order."""
    outputs: tuple[TensorFacts, ...]
    """What an answer holds, in the file's order."""
    operators: dict[str, int]
    """Operator type (domain in front unless default) -> how many there are, nested graphs and functions included."""
    parameters: int
    """Numbers stored in the model: initializers, tensor constants, and the coefficients of ai.onnx.ml operators."""
    parameter_bytes: int | None
    """Bytes of those; None where some are strings."""
    unknown_domains: tuple[str, ...]
    """Operator domains that a stock onnxruntime does not have."""
    unknown_operators: tuple[str, ...]
    """Operators of ONNX's own domains that the declared operator set does not define."""
    control_flow: tuple[str, ...]
    """Which of If, Loop, Scan and SequenceMap the model uses: its running time depends on the data."""
    work: Work
    """Operations, traffic and memory of one run."""

    @property
    def total_size(self) -> int:
        """Bytes of the model file and its external data."""
        return self.size + sum(item.size for item in self.external)

    def to_json(self) -> str:
        """The text of ``MODEL.facts.json``: the same facts always give the same bytes."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Read :meth:`to_json`'s text; ``name`` is for messages.

        Raises:
            BadInput: ``facts-invalid``.
        """
        try:
            return cls.model_validate(json.loads(text))
        except (ValueError, RecursionError) as error:
            reason = _first(error) if isinstance(error, ValidationError) else str(error) or "nested too deeply"
            raise BadInput(
                "facts-invalid", f"{name}: {reason}", "write it again: aiinfra model inspect MODEL --write"
            ) from None

    def findings(self) -> tuple[Finding, ...]:
        """What stands in the way of serving this model, or should be known before."""
        found: list[Finding] = []
        for side, values in (("inputs", self.inputs), ("outputs", self.outputs)):
            found.extend(_unservable(side, value) for value in values if value.dtype is None)
        for domain in self.unknown_domains:
            message = (
                f"operators of domain {domain!r} need code that onnxruntime does not bring; the server refuses them"
            )
            found.append(
                Finding(
                    "model-unknown-domain",
                    Severity.ERROR,
                    message,
                    path="operators",
                    remedy="export with standard operators",
                )
            )
        for op in self.unknown_operators:
            message = f"{op} is not in the operator set that the model imports"
            found.append(
                Finding(
                    "model-unknown-operator",
                    Severity.ERROR,
                    message,
                    path="operators",
                    remedy="export with a newer opset",
                )
            )
        if self.control_flow:
            message = f"uses {', '.join(self.control_flow)}: its running time depends on the data"
            found.append(Finding("model-control-flow", Severity.NOTE, message, path="operators"))
        if self.work.flops is None:
            found.append(self._work_unknown())
        return tuple(sorted(found, key=lambda item: item.sort_key))

    def _work_unknown(self) -> Finding:
        opened = [value for value in self.inputs if value.name not in self.work.inputs and value.shape]
        kinds = sorted({item.op for item in self.work.profile if item.flops is None})
        shown = ", ".join(kinds[:5]) + (f" and {len(kinds) - 5} more kinds" if len(kinds) > 5 else "")
        message = f"its work is known in part only; not counted: {shown}"
        remedy = "measure it: aiinfra calibrate"
        if opened:
            example = " ".join(
                f"--shape {v.name}={'x'.join('N' if d < 0 else str(d) for d in v.shape or ())}" for v in opened
            )
            remedy = f"give whole shapes for the inputs that leave dimensions open: {example}"
        return Finding("model-work-unknown", Severity.NOTE, message, path="work", remedy=remedy)


def _unservable(side: str, value: TensorFacts) -> Finding:
    remedy = "export with plain tensors (for scikit-learn: options={'zipmap': False})"
    message = f"{value.name!r} is {value.onnx_type}, which the Open Inference Protocol cannot carry"
    return Finding("model-not-servable", Severity.ERROR, message, path=f"{side}.{value.name}", remedy=remedy)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def read_facts(path: Path, shapes: Mapping[str, Sequence[int]] | None = None) -> ModelFacts:
    """Read an ONNX file. No runtime is needed, and external data is hashed, not loaded.

    ``shapes`` gives whole shapes of inputs by name, for the work of models with more open dimensions than the batch.

    Raises:
        BadInput: ``model-missing``, ``model-corrupt``, ``model-unsafe``, ``model-shape``.
    """
    source = read_onnx(path)
    model = source.model
    used = list(all_nodes(model))
    local = {(f.domain, f.name) for f in model.functions}
    foreign = [node for node in used if (node.domain, node.op_type) not in local]
    opsets = {o.domain or "ai.onnx": o.version for o in model.opset_import}
    parameters, parameter_bytes = _parameters(model, used)
    return ModelFacts(
        file=path.name,
        digest=source.digest,
        size=source.size,
        external=external_files(tensors(model), path),
        ir_version=model.ir_version,
        producer=f"{model.producer_name} {model.producer_version}".strip(),
        opsets=dict(sorted(opsets.items())),
        inputs=tuple(_tensor(value) for value in declared_inputs(model.graph)),
        outputs=tuple(_tensor(value) for value in model.graph.output),
        operators=dict(sorted(Counter(kind_of(node) for node in used).items())),
        parameters=parameters,
        parameter_bytes=parameter_bytes,
        unknown_domains=tuple(sorted({d for node in foreign if (d := domain_of(node)) not in KNOWN_DOMAINS})),
        unknown_operators=tuple(sorted({kind_of(node) for node in foreign if not _defined(node, opsets)})),
        control_flow=tuple(
            sorted({node.op_type for node in used if not domain_of(node) and node.op_type in CONTROL_FLOW})
        ),
        work=measure(model, shapes=shapes),
    )


def _defined(node: NodeProto, opsets: Mapping[str, int]) -> bool:
    domain = domain_of(node)
    if domain not in ("", "ai.onnx.ml"):
        return True
    version = opsets.get(domain or "ai.onnx")
    if version is None:
        return False
    newest = defs.onnx_opset_version() if not domain else version
    if version > newest:
        return True  # newer than the installed onnx: nothing to judge by
    return defs.has(node.op_type, max_inclusive_version=version, domain=domain)


def _tensor(value: ValueInfoProto) -> TensorFacts:
    tensor = value.type.tensor_type
    is_tensor = value.type.HasField("tensor_type")
    shape = None
    if is_tensor and tensor.HasField("shape"):
        shape = tuple(d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else -1 for d in tensor.shape.dim)
    dtype = OF_ONNX.get(tensor.elem_type) if is_tensor else None
    return TensorFacts(name=value.name, dtype=dtype, shape=shape, onnx_type=_type_name(value.type))


def _type_name(kind: TypeProto) -> str:
    if kind.HasField("tensor_type"):
        return f"tensor({onnx_name(kind.tensor_type.elem_type)})"
    if kind.HasField("sequence_type"):
        return f"seq({_type_name(kind.sequence_type.elem_type)})"
    if kind.HasField("map_type"):
        return f"map({onnx_name(kind.map_type.key_type)},{_type_name(kind.map_type.value_type)})"
    if kind.HasField("optional_type"):
        return f"optional({_type_name(kind.optional_type.elem_type)})"
    if kind.HasField("sparse_tensor_type"):
        return f"sparse_tensor({onnx_name(kind.sparse_tensor_type.elem_type)})"
    return "undeclared"


def _parameters(model: ModelProto, used: Sequence[NodeProto]) -> tuple[int, int | None]:
    count, size = 0, 0
    sized = True
    for tensor in tensors(model):
        elements = math.prod(tensor.dims)
        stored = stored_bytes(tensor.data_type, elements)
        count += elements
        size += stored or 0
        sized = sized and (stored is not None or tensor.data_type != TensorProto.STRING)
    for node in used:
        if domain_of(node) == "ai.onnx.ml":
            numbers = sum(len(attribute.floats) for attribute in node.attribute)
            count += numbers
            size += 4 * numbers
    return count, size if sized else None


def facts_path(model: Path) -> Path:
    """Where a model's facts are kept: ``vibration.facts.json`` beside ``vibration.onnx``."""
    return model.with_suffix(".facts.json")


def write_facts(facts: ModelFacts, model: Path) -> Path:
    """Write ``facts`` beside ``model``; the path written."""
    target = facts_path(model)
    target.write_text(facts.to_json(), encoding="utf-8", newline="\n")
    return target


def load_facts(path: Path) -> ModelFacts:
    """Read a facts file (not the model).

    Raises:
        BadInput: ``facts-missing``, ``facts-invalid``.
    """
    try:
        if path.stat().st_size > _LARGEST_FACTS:
            raise BadInput(
                "facts-invalid",
                f"{path} is too large to be a facts file",
                "write it again: aiinfra model inspect MODEL --write",
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            "facts-missing", f"cannot read {path}: {error.strerror}", "write it: aiinfra model inspect MODEL --write"
        ) from None
    except UnicodeDecodeError:
        raise BadInput(
            "facts-invalid", f"{path} is not UTF-8 text", "write it again: aiinfra model inspect MODEL --write"
        ) from None
    return ModelFacts.from_json(text, str(path))


def check_facts(facts: ModelFacts, model: Path) -> None:
    """Check that ``facts`` are those of the file at ``model`` and of its external data.

    Raises:
        BadInput: ``facts-stale`` where the model is another one, and what :func:`read_facts` raises.
    """
    source = read_onnx(model)
    if source.digest != facts.digest or external_files(tensors(source.model), model) != facts.external:
        raise BadInput(
            "facts-stale",
            f"{facts_path(model)} describes another model: {facts.digest[:15]}, not {source.digest[:15]}",
            f"write it again: aiinfra model inspect {model.name} --write",
        )
