"""Every component type token ever published. A token is part of each URN: it is never renamed and never removed.

A component that must change its token keeps the old one in :data:`RETIRED`, and carries an alias of it.
"""

from typing import Final

PACKAGE: Final = "aiinfra"

ACCELERATOR_NODES: Final = "aiinfra:index:AcceleratorNodes"
ACCOUNT: Final = "aiinfra:index:Account"
ALARMS: Final = "aiinfra:index:Alarms"
CLOSED_BUCKET: Final = "aiinfra:index:ClosedBucket"
CLUSTER: Final = "aiinfra:index:Cluster"
DISKS: Final = "aiinfra:index:Disks"
FILE_SYSTEM: Final = "aiinfra:index:FileSystem"
HYBRID_NODES: Final = "aiinfra:index:HybridNodes"
IMAGE_REPOSITORIES: Final = "aiinfra:index:ImageRepositories"
INFERENCE_NODES: Final = "aiinfra:index:InferenceNodes"
INFERENCE_RUNTIME: Final = "aiinfra:index:InferenceRuntime"
JOINED_NETWORK: Final = "aiinfra:index:JoinedNetwork"
KEYS: Final = "aiinfra:index:Keys"
MACHINES: Final = "aiinfra:index:Machines"
NETWORK: Final = "aiinfra:index:Network"
OBSERVABILITY: Final = "aiinfra:index:Observability"
OPERATORS: Final = "aiinfra:index:Operators"
PLATFORM: Final = "aiinfra:index:Platform"
PREFLIGHT: Final = "aiinfra:index:Preflight"
QUEUEING: Final = "aiinfra:index:Queueing"
REGISTRY: Final = "aiinfra:index:Registry"
RELEASE_BUCKET: Final = "aiinfra:index:ReleaseBucket"
REPLICAS: Final = "aiinfra:index:Replicas"
RUNNER: Final = "aiinfra:index:Runner"
SCALING: Final = "aiinfra:index:Scaling"
SERVING: Final = "aiinfra:index:Serving"
SERVING_PLATFORM: Final = "aiinfra:index:ServingPlatform"
SIGNING_KEY: Final = "aiinfra:index:SigningKey"
SITE: Final = "aiinfra:index:Site"
SITE_MONITORING: Final = "aiinfra:index:SiteMonitoring"
SPENDING: Final = "aiinfra:index:Spending"
STORAGE: Final = "aiinfra:index:Storage"
STREAMS: Final = "aiinfra:index:Streams"
SYSTEM_NODES: Final = "aiinfra:index:SystemNodes"
TRAINING: Final = "aiinfra:index:Training"
TRAINING_JOBS: Final = "aiinfra:index:TrainingJobs"
TRUSTED_NAMESPACE: Final = "aiinfra:index:TrustedNamespace"
VOLUMES: Final = "aiinfra:index:Volumes"
WORKLOAD_ROLE: Final = "aiinfra:index:WorkloadRole"

PUBLISHED: Final = frozenset(
    {
        ACCELERATOR_NODES,
        ACCOUNT,
        ALARMS,
        CLOSED_BUCKET,
        CLUSTER,
        DISKS,
        FILE_SYSTEM,
        HYBRID_NODES,
        IMAGE_REPOSITORIES,
        INFERENCE_NODES,
        INFERENCE_RUNTIME,
        JOINED_NETWORK,
        KEYS,
        MACHINES,
        NETWORK,
        OBSERVABILITY,
        OPERATORS,
        PLATFORM,
        PREFLIGHT,
        QUEUEING,
        REGISTRY,
        RELEASE_BUCKET,
        REPLICAS,
        RUNNER,
        SCALING,
        SERVING,
        SERVING_PLATFORM,
        SIGNING_KEY,
        SITE,
        SITE_MONITORING,
        SPENDING,
        STORAGE,
        STREAMS,
        SYSTEM_NODES,
        TRAINING,
        TRAINING_JOBS,
        TRUSTED_NAMESPACE,
        VOLUMES,
        WORKLOAD_ROLE,
    }
)
RETIRED: Final[dict[str, str]] = {}
"""Old token -> the token that carries an alias of it."""
