"""Every component type token ever published. A token is part of each URN: it is never renamed and never removed.

A component that must change its token keeps the old one in :data:`RETIRED`, and carries an alias of it.
"""

from typing import Final

PACKAGE: Final = "aiinfra"

ACCELERATOR_NODES: Final = "aiinfra:index:AcceleratorNodes"
CLOSED_BUCKET: Final = "aiinfra:index:ClosedBucket"
CLUSTER: Final = "aiinfra:index:Cluster"
FILE_SYSTEM: Final = "aiinfra:index:FileSystem"
INFERENCE_RUNTIME: Final = "aiinfra:index:InferenceRuntime"
KEYS: Final = "aiinfra:index:Keys"
NETWORK: Final = "aiinfra:index:Network"
REGISTRY: Final = "aiinfra:index:Registry"
RELEASE_BUCKET: Final = "aiinfra:index:ReleaseBucket"
SITE: Final = "aiinfra:index:Site"
SITE_MONITORING: Final = "aiinfra:index:SiteMonitoring"
STORAGE: Final = "aiinfra:index:Storage"
SYSTEM_NODES: Final = "aiinfra:index:SystemNodes"
TRAINING: Final = "aiinfra:index:Training"
TRUSTED_NAMESPACE: Final = "aiinfra:index:TrustedNamespace"
WORKLOAD_ROLE: Final = "aiinfra:index:WorkloadRole"

PUBLISHED: Final = frozenset(
    {
        ACCELERATOR_NODES,
        CLOSED_BUCKET,
        CLUSTER,
        FILE_SYSTEM,
        INFERENCE_RUNTIME,
        KEYS,
        NETWORK,
        REGISTRY,
        RELEASE_BUCKET,
        SITE,
        SITE_MONITORING,
        STORAGE,
        SYSTEM_NODES,
        TRAINING,
        TRUSTED_NAMESPACE,
        WORKLOAD_ROLE,
    }
)
RETIRED: Final[dict[str, str]] = {}
"""Old token -> the token that carries an alias of it."""
