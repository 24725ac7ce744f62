"""The components that other languages may use, and their schema."""

import json
from typing import Any, Final

import pulumi
from pulumi.provider.experimental.component import ComponentProvider

from aiinfra import __version__
from aiinfra.components.aws.registry import Registry
from aiinfra.components.aws.release_bucket import ReleaseBucket
from aiinfra.components.kubernetes.inference_runtime import InferenceRuntime
from aiinfra.components.kubernetes.site import Site
from aiinfra.components.kubernetes.trusted_namespace import TrustedNamespace
from aiinfra.tokens import PACKAGE

COMPONENTS: Final[tuple[type[pulumi.ComponentResource], ...]] = (
    InferenceRuntime,
    Registry,
    ReleaseBucket,
    Site,
    TrustedNamespace,
)


def schema() -> dict[str, Any]:
    """The package's schema as the engine would ask for it; made without the CLI."""
    document: dict[str, Any] = json.loads(str(ComponentProvider(list(COMPONENTS), PACKAGE, version=__version__).schema))
    return document
