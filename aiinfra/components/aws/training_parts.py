"""What the parts of a training cluster are declared with, each from the whole. Pure; ids are handed through."""

from aiinfra.components.aws.storage_parts import called
from aiinfra.components.aws.storage_specs import FileSystemSpec, StorageSpec
from aiinfra.components.aws.training_specs import KeysSpec, NetworkSpec, TrainingSpec
from aiinfra.components.spec import Given
from aiinfra.spec.storage import Files


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


def storage_of(spec: TrainingSpec, key: Given) -> StorageSpec:
    """The buckets of the cluster."""
    return StorageSpec(
        account=spec.account,
        region=spec.region,
        key=key,
        administrators=spec.administrators,
        datasets=spec.datasets is not None,
        checkpoints=spec.checkpoints is not None,
    )


def files_of(files: Files, storage: StorageSpec, name: str, **given: Given) -> FileSystemSpec:
    """The file system of the cluster whose storage is called ``name``; ``given`` are its ids."""
    datasets = called(storage, name, "datasets") if storage.datasets else ""
    return FileSystemSpec(size=files.size, throughput=files.throughput, datasets=datasets, **given)
