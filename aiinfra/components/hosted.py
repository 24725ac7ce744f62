"""The components that other languages may use, and their schema."""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from aiinfra import __version__
from aiinfra.components.aws.accelerator_nodes import AcceleratorNodes
from aiinfra.components.aws.account import Account
from aiinfra.components.aws.alarms import Alarms
from aiinfra.components.aws.closed_bucket import ClosedBucket
from aiinfra.components.aws.cluster import Cluster
from aiinfra.components.aws.disks import Disks
from aiinfra.components.aws.file_system import FileSystem
from aiinfra.components.aws.hybrid_nodes import HybridNodes
from aiinfra.components.aws.image_repositories import ImageRepositories
from aiinfra.components.aws.inference_nodes import InferenceNodes
from aiinfra.components.aws.joined_network import JoinedNetwork
from aiinfra.components.aws.keys import Keys
from aiinfra.components.aws.machine_scaling import Scaling
from aiinfra.components.aws.network import Network
from aiinfra.components.aws.observability import Observability
from aiinfra.components.aws.registry import Registry
from aiinfra.components.aws.release_bucket import ReleaseBucket
from aiinfra.components.aws.replicas import Replicas
from aiinfra.components.aws.runner import Runner
from aiinfra.components.aws.serving import Serving
from aiinfra.components.aws.signing_key import SigningKey
from aiinfra.components.aws.spending import Spending
from aiinfra.components.aws.storage import Storage
from aiinfra.components.aws.system_nodes import SystemNodes
from aiinfra.components.aws.training import Training
from aiinfra.components.aws.workload_role import WorkloadRole
from aiinfra.components.kubernetes.inference_runtime import InferenceRuntime
from aiinfra.components.kubernetes.machines import Machines
from aiinfra.components.kubernetes.operators import Operators
from aiinfra.components.kubernetes.platform import Platform
from aiinfra.components.kubernetes.preflight import Preflight
from aiinfra.components.kubernetes.queueing import Queueing
from aiinfra.components.kubernetes.serving_platform import ServingPlatform
from aiinfra.components.kubernetes.site import Site
from aiinfra.components.kubernetes.site_monitoring import SiteMonitoring
from aiinfra.components.kubernetes.streams import Streams
from aiinfra.components.kubernetes.training_jobs import TrainingJobs
from aiinfra.components.kubernetes.trusted_namespace import TrustedNamespace
from aiinfra.components.kubernetes.volumes import Volumes
from aiinfra.components.spec import camel
from aiinfra.errors import AiinfraError
from aiinfra.tokens import PACKAGE

COMPONENTS: Final[tuple[type[pulumi.ComponentResource], ...]] = (
    AcceleratorNodes,
    Account,
    Alarms,
    ClosedBucket,
    Cluster,
    Disks,
    FileSystem,
    HybridNodes,
    ImageRepositories,
    InferenceNodes,
    InferenceRuntime,
    JoinedNetwork,
    Keys,
    Machines,
    Network,
    Observability,
    Operators,
    Platform,
    Preflight,
    Queueing,
    Registry,
    ReleaseBucket,
    Replicas,
    Runner,
    Scaling,
    Serving,
    ServingPlatform,
    SigningKey,
    Site,
    SiteMonitoring,
    Spending,
    Storage,
    Streams,
    SystemNodes,
    Training,
    TrainingJobs,
    TrustedNamespace,
    Volumes,
    WorkloadRole,
)


class Host(ComponentProvider):
    """Builds components for programs in other languages.

    The SDK wraps whatever a component's constructor raises and prints it with a traceback; a user's mistake is
    unwrapped here, so that the engine prints each property with its reason.
    """

    def __init__(self) -> None:
        super().__init__(list(COMPONENTS), PACKAGE, version=__version__)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, pulumi.Input[Any]],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Build one component.

        Raises:
            InputPropertiesError: a user's mistake.
        """
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            raise _told(error.inner) or error from None


def _told(error: Exception) -> InputPropertiesError | None:
    """A user's mistake in the engine's words; None for anything else, whose traceback is needed."""
    if isinstance(error, InputPropertiesError):
        found: list[InputPropertyErrorDetails] = [
            {"property_path": camel(item["property_path"]), "reason": item["reason"]} for item in error.errors or ()
        ]
        return InputPropertiesError(error.message, found)
    if isinstance(error, AiinfraError):
        return InputPropertiesError(error.render(), [])
    return InputPropertiesError(str(error), []) if isinstance(error, pulumi.RunError) else None


def serve() -> None:
    """Serve the components to the engine that started this process; ends with it."""
    main(Host(), sys.argv[1:])


def schema() -> dict[str, Any]:
    """The package's schema as the engine would ask for it; made without the CLI."""
    document: dict[str, Any] = json.loads(str(Host().schema))
    return document
