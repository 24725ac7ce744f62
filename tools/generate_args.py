"""Write ``aiinfra/components/args.py``: a TypedDict for each spec, in types the SDK's host accepts.

The host's analyser reads real annotations of TypedDicts with plain types, lists, dicts and optional keys; it refuses
unions, literals, tuples and pydantic models (it ignores their defaults). A test holds the file to the specs.
"""

import subprocess
import sys
import textwrap
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.networks import IPvAnyNetwork

from aiinfra.components.aws.account_specs import AccountSpec, AlarmsSpec, SpendingSpec
from aiinfra.components.aws.cluster_specs import (
    AcceleratorNodesSpec,
    ClusterSpec,
    DisksSpec,
    ScalingSpec,
    SystemNodesSpec,
    WorkloadRoleSpec,
)
from aiinfra.components.aws.network_specs import JoinedNetworkSpec, NetworkSpec
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.aws.serving_specs import HybridNodesSpec, InferenceNodesSpec, ServingSpec
from aiinfra.components.aws.specs import ImageRepositoriesSpec, RegistrySpec, ReleaseBucketSpec, SigningKeySpec
from aiinfra.components.aws.storage_specs import ClosedBucketSpec, FileSystemSpec, ReplicasSpec, StorageSpec
from aiinfra.components.aws.training_specs import KeysSpec, TrainingSpec
from aiinfra.components.aws.watch_specs import ObservabilitySpec
from aiinfra.components.kubernetes.platform_specs import (
    MachinesSpec,
    OperatorsSpec,
    PlatformSpec,
    PreflightSpec,
    QueueingSpec,
    TrainingJobsSpec,
    VolumesSpec,
)
from aiinfra.components.kubernetes.serving_specs import ServingPlatformSpec
from aiinfra.components.kubernetes.specs import (
    InferenceRuntimeSpec,
    SiteMonitoringSpec,
    SiteSpec,
    StreamsSpec,
    TrustedNamespaceSpec,
)
from aiinfra.components.spec import GIVEN
from aiinfra.units import Quantity

TARGET = Path(__file__).resolve().parent.parent / "aiinfra" / "components" / "args.py"
SPECS: tuple[type[BaseModel], ...] = (
    AcceleratorNodesSpec,
    AccountSpec,
    AlarmsSpec,
    ClosedBucketSpec,
    ClusterSpec,
    DisksSpec,
    FileSystemSpec,
    HybridNodesSpec,
    ImageRepositoriesSpec,
    InferenceNodesSpec,
    InferenceRuntimeSpec,
    JoinedNetworkSpec,
    KeysSpec,
    MachinesSpec,
    NetworkSpec,
    ObservabilitySpec,
    OperatorsSpec,
    PlatformSpec,
    PreflightSpec,
    QueueingSpec,
    RegistrySpec,
    ReleaseBucketSpec,
    ReplicasSpec,
    SiteMonitoringSpec,
    RunnerSpec,
    ScalingSpec,
    ServingPlatformSpec,
    ServingSpec,
    SigningKeySpec,
    SiteSpec,
    SpendingSpec,
    StorageSpec,
    StreamsSpec,
    SystemNodesSpec,
    TrainingJobsSpec,
    TrainingSpec,
    TrustedNamespaceSpec,
    VolumesSpec,
    WorkloadRoleSpec,
)

_MADE: dict[str, type[BaseModel]] = {}
_GIVEN = "pulumi.Input[str]"

HEAD = '''"""What callers hand to components, one TypedDict a spec. Written by ``tools/generate_args.py``; do not edit.

Keys that stand for the same thing as a spec's field have its name and its words; the spec says what a value must be.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
'''


def main() -> None:
    """Write the file, formatted."""
    TARGET.write_text(render(), encoding="utf-8")


def render() -> str:
    """The file's text."""
    classes: dict[str, str] = {}
    for spec in SPECS:
        _visit(spec, classes)
    text = HEAD + "\n\n" + "\n\n\n".join(classes.values()) + "\n"
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "args.py", "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=TARGET.parent).stdout


def _visit(spec: type[BaseModel], classes: dict[str, str]) -> str:
    name = f"{spec.__name__.removesuffix('Spec')}Args"
    if _MADE.setdefault(name, spec) is not spec:
        raise SystemExit(f"{spec.__module__} and {_MADE[name].__module__} would both become {name}")
    if name in classes:
        return name
    lines = [f"class {name}(TypedDict):", f'    """{(spec.__doc__ or "").splitlines()[0]}"""', ""]
    for field, info in spec.model_fields.items():
        kind = _GIVEN if GIVEN in info.metadata else _kind(info.annotation, classes)
        lines.append(f"    {field}: {kind if info.is_required() else f'NotRequired[{kind}]'}")
        lines.append(textwrap.indent(_doc(info.description or ""), "    "))
    classes[name] = "\n".join(lines)
    return name


def _doc(text: str) -> str:
    return textwrap.fill(f'"""{" ".join(text.split())}"""', width=112, break_long_words=False, break_on_hyphens=False)


def _kind(annotation: Any, classes: dict[str, str]) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        if GIVEN in get_args(annotation):
            return _GIVEN
        return _kind(get_args(annotation)[0], classes)
    if origin in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        return _kind(options[0], classes)
    if origin is tuple:
        return f"list[{_kind(get_args(annotation)[0], classes)}]"
    if origin is dict:
        return f"dict[str, {_kind(get_args(annotation)[1], classes)}]"
    if annotation is Any:
        return "Any"
    if issubclass(annotation, BaseModel):
        return _visit(annotation, classes)
    if issubclass(annotation, (Enum, Quantity, IPvAnyNetwork, IPv4Network, IPv6Network)):
        return "str"
    return str(annotation.__name__)


if __name__ == "__main__":
    main()
