"""What the parts of a training cluster are declared with, each from the whole. Pure; ids are handed through."""

from aiinfra.components.aws.training_specs import KeysSpec, NetworkSpec, TrainingSpec
from aiinfra.components.spec import Given


def keys_of(spec: TrainingSpec, name: str) -> KeysSpec:
    """The keys of the cluster called ``name``."""
    groups = (f"/aiinfra/{name}-*",)
    return KeysSpec(account=spec.account, region=spec.region, log_groups=groups)


def network_of(spec: TrainingSpec, logs_key: Given) -> NetworkSpec:
    """The network of the cluster."""
    return NetworkSpec(
        account=spec.account,
        region=spec.region,
        zones=spec.zones,
        cidr=spec.cidr,
        egress=spec.egress,
        logs_key=logs_key,
    )
