"""What runs inside a training cluster, by value."""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from aiinfra.catalogue.operators import operators
from aiinfra.components.kubernetes import (
    check_accelerators,
    machine_facts,
    machine_objects,
    operator_values,
    preflight_job,
    queue_objects,
    training_pods,
    volume_objects,
)
from aiinfra.components.kubernetes.platform_parts import preflight_of
from aiinfra.components.kubernetes.platform_specs import (
    MachinesSpec,
    OperatorsSpec,
    PlatformSpec,
    PreflightSpec,
    QueueingSpec,
    TrainingJobsSpec,
    VolumesSpec,
)
from aiinfra.spec.tags import DataClass, Tags
from aiinfra.spec.training import Capacity
from aiinfra.units import DataSize

TAGS = Tags(owner="vision", cost_center="4711", data_class=DataClass.INTERNAL)
DIGEST = f"sha256:{'a' * 64}"


def operators_spec(**more: Any) -> OperatorsSpec:
    return OperatorsSpec(cluster="c", namespace="vision", **{"instance": "p5.48xlarge", **more})


def machines(**more: Any) -> dict[str, Any]:
    where = {"account": "111122223333", "region": "us-east-1", "zone": "use1-az1", "training": "vision-training"}
    spec = MachinesSpec(**where, tags=TAGS, **{"instance": "p5.48xlarge", "nodes": 2, **more})  # type: ignore[arg-type]
    return {"class": machine_objects.node_class(spec), "pool": machine_objects.node_pool(spec, "accelerators")}


def test_a_chart_and_its_images_come_from_the_lock_by_digest() -> None:
    locked = {
        "chart-kueue": f"mirror.example.com:5000/charts/kueue:0.19.2@{DIGEST}",
        "kueue-controller": f"mirror.example.com:5000/kueue@{DIGEST}",
    }
    made = operator_values.release(operators()["kueue"], operators_spec(images=locked))
    assert (made["chart"], made["version"]) == ("oci://mirror.example.com:5000/charts/kueue", "0.19.2")
    image = made["values"]["controllerManager"]["manager"]["image"]
    assert image == {"repository": "mirror.example.com:5000/kueue", "tag": f"v0.19.2@{DIGEST}"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("karpenter", {"repository": "m.example.com/a/b", "tag": "1", "digest": DIGEST}),
        ("nvidia", {"repository": "m.example.com/a/b", "tag": f"1@{DIGEST}"}),
        ("jobset", {"registry": "m.example.com", "repository": "a/b", "tag": f"1@{DIGEST}"}),
    ],
)
def test_each_chart_takes_its_image_in_its_own_form(name: str, wanted: dict[str, str]) -> None:
    (image,) = operators()[name].images
    assert operator_values.image_values(image, {image.name: f"m.example.com/a/b:1@{DIGEST}"}) == wanted


def test_what_is_not_locked_is_named() -> None:
    names = operator_values.locked_names(operators_spec(instance="g6.xlarge"))
    assert names == (
        *(
            "chart-jobset",
            "jobset-controller",
            "chart-kueue",
            "kueue-controller",
            "chart-trainer",
            "trainer-controller",
        ),
        *("chart-nvidia", "nvidia-device-plugin"),
    )


def test_no_job_of_the_namespace_passes_the_queue_by() -> None:
    values = operator_values.values(operators()["kueue"], operators_spec())
    told = json.loads(values["managerConfig"]["controllerManagerConfigYaml"])
    assert told["manageJobsWithoutQueueName"] is True
    assert told["managedJobsNamespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "vision"}}


def test_the_gates_that_machines_need_are_open() -> None:
    values = operator_values.values(operators()["karpenter"], operators_spec(scale_to_zero=True))
    assert values["settings"]["featureGates"] == {"nodeRepair": True, "reservedCapacity": True}
    assert values["settings"]["interruptionQueue"] == "c-interruptions"


def test_a_job_takes_machines_whole_and_the_queue_holds_just_those() -> None:
    offered = machine_facts.offered("p5.48xlarge")
    assert offered["nvidia.com/gpu"] == 8
    assert offered["vpc.amazonaws.com/efa"] == 32
    spec = QueueingSpec(namespace="vision", tags=TAGS, instance="p5.48xlarge", nodes=3)
    (group,) = queue_objects.cluster_queue(spec, "accelerators")["spec"]["resourceGroups"]
    assert group["coveredResources"] == list(offered)
    quota = {entry["name"]: entry["nominalQuota"] for entry in group["flavors"][0]["resources"]}
    assert quota == machine_facts.quantities({key: 3 * amount for key, amount in offered.items()})
    pod = training_pods.pod("p5.48xlarge", "image", [], [])
    assert pod["containers"][0]["resources"]["limits"] == machine_facts.quantities(offered)


def test_small_machines_have_no_network_layers_and_fractional_ones_one_device() -> None:
    assert machine_facts.levels("p5.48xlarge")[1:4] == tuple(
        f"topology.k8s.aws/network-node-layer-{layer}" for layer in (1, 2, 3)
    )
    assert machine_facts.levels("g6.12xlarge") == ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    assert machine_facts.offered("g6f.large")["nvidia.com/gpu"] == 1


@pytest.mark.parametrize(
    ("capacity", "kind"),
    [
        (Capacity(), "on-demand"),
        (Capacity(spot=True), "spot"),
        (Capacity(reservation="cr-0123"), "reserved"),
        (Capacity(reservation="cr-0123", block=True), "reserved"),
    ],
)
def test_machines_come_from_where_it_is_declared(capacity: Capacity, kind: str) -> None:
    made = machines(capacity=capacity)
    wanted = {r["key"]: r["values"] for r in made["pool"]["spec"]["template"]["spec"]["requirements"]}
    assert wanted["karpenter.sh/capacity-type"] == [kind]
    assert ("capacityReservationSelectorTerms" in made["class"]["spec"]) == bool(capacity.reservation)
    assert ("placementGroupSelector" in made["class"]["spec"]) != bool(capacity.reservation)


def test_machines_start_from_the_image_of_the_version_matrix() -> None:
    assert machine_objects.machine_image("1.35") == "al2023@v20260415"


def test_a_preflight_that_changes_is_a_new_job_and_asks_for_half_the_network() -> None:
    def of(**more: Any) -> PreflightSpec:
        return PreflightSpec(
            namespace="vision", tags=TAGS, **{"instance": "p5.48xlarge", "nodes": 2, "image": "a", **more}
        )

    assert preflight_job.at_least(of()) == 200.0
    assert preflight_job.at_least(of(nodes=1)) == 0.0
    assert preflight_job.name(of()) == preflight_job.name(of())
    assert len({preflight_job.name(one) for one in (of(), of(nodes=3), of(image="b"))}) == 3
    assert preflight_job.job(of())["spec"]["replicatedJobs"][0]["template"]["spec"]["completions"] == 2


def test_the_preflight_runs_where_its_program_can() -> None:
    def of(instance: str, *, wanted: bool = True) -> PlatformSpec:
        where = {"account": "111122223333", "region": "us-east-1", "zone": "use1-az1", "name": "vision"}
        more = {"training": "vision-training", "cluster": "c", "tags": TAGS, "nodes": 2}
        return PlatformSpec.model_validate({**where, **more, "instance": instance, "preflight": wanted})

    assert preflight_of(of("p5.48xlarge")) is not None
    assert preflight_of(of("p5.48xlarge", wanted=False)) is None
    assert preflight_of(of("trn1.32xlarge")) is not None


def test_on_neuron_the_preflight_has_a_worker_a_core_and_asks_for_no_bandwidth() -> None:
    spec = PreflightSpec(namespace="vision", tags=TAGS, instance="trn1.32xlarge", nodes=2, image="a")
    (job,) = preflight_job.job(spec)["spec"]["replicatedJobs"]
    (container,) = job["template"]["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one["value"] for one in container["env"]}
    assert "--nproc-per-node=32" in container["command"]
    assert {key: told[key] for key in ("KIND", "ACCELERATORS", "WORKERS", "AT_LEAST")} == {
        "KIND": "neuron",
        "ACCELERATORS": "16",
        "WORKERS": "32",
        "AT_LEAST": "0.0",
    }
    assert (told["CCOM_SOCKET_IFNAME"], told["FI_PROVIDER"]) == ("eth0", "efa")
    assert told["NEURON_COMPILE_CACHE_URL"].startswith("/tmp/")
    assert "NCCL_SOCKET_IFNAME" not in told
    assert container["resources"]["limits"]["aws.amazon.com/neuron"] == "16"


class Ranks:
    """``torch.distributed`` with four workers that agree; ``joined``: by which backend."""

    ReduceOp = SimpleNamespace(MAX="max")

    def __init__(self) -> None:
        self.joined = ""

    def init_process_group(self, backend: str) -> None:
        self.joined = backend

    def get_world_size(self) -> int:
        return 4

    def get_rank(self) -> int:
        return 0

    def destroy_process_group(self) -> None:
        self.joined += ", left"

    def all_reduce(self, values: Any, op: str = "sum") -> None:
        if op == "sum":
            values.numbers = [4 * one for one in values.numbers]


class Values:
    """A tensor, as far as the program uses one."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = numbers

    def __eq__(self, other: object) -> Any:
        return SimpleNamespace(all=lambda: all(one == other for one in self.numbers))

    __hash__ = None  # type: ignore[assignment]

    def item(self) -> float:
        return self.numbers[0]


@pytest.mark.parametrize(
    ("kind", "library", "backend"), [("nvidia", "", "nccl"), ("neuron", "xla", "xla"), ("neuron", "native", "neuron")]
)
def test_the_preflights_program_runs_on_every_kind(
    kind: str, library: str, backend: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With stand-ins for the vendors' libraries: which of their functions are called is theirs to keep."""
    ranks, waited = Ranks(), []
    torch = ModuleType("torch")
    torch.distributed = ranks  # type: ignore[attr-defined]
    torch.float32 = "f4"  # type: ignore[attr-defined]
    torch.ones = lambda size, dtype, device: Values([1.0])  # type: ignore[attr-defined]
    torch.tensor = lambda numbers, device: Values([float(one) for one in numbers])  # type: ignore[attr-defined]
    wait = SimpleNamespace(synchronize=lambda: waited.append(kind))
    torch.cuda = SimpleNamespace(device_count=lambda: 2, set_device=print, **vars(wait))  # type: ignore[attr-defined]
    torch.accelerator = wait  # type: ignore[attr-defined]
    xla = ModuleType("torch_xla.core.xla_model")
    xla.mark_step, xla.wait_device_ops = (lambda: None), wait.synchronize  # type: ignore[attr-defined]
    xla.xla_device = lambda: "xla:0"  # type: ignore[attr-defined]
    found = {"torch": torch, "torch.distributed": ranks}
    if library == "native":
        found |= {"torch_neuronx": ModuleType("torch_neuronx"), "torch_xla": None}
    elif library == "xla":
        names = ("torch_xla", "torch_xla.core", "torch_xla.distributed", "torch_xla.distributed.xla_backend")
        found |= {name: ModuleType(name) for name in names} | {"torch_xla.core.xla_model": xla}
        found["torch_xla.core"].xla_model = xla  # type: ignore[attr-defined]
    for name, module in found.items():
        monkeypatch.setitem(sys.modules, name, module)
    told = {"KIND": kind, "ACCELERATORS": "2", "WORKERS": "2", "AT_LEAST": "0.0"}
    for name, value in {**told, "LOCAL_RANK": "0", "GROUP_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert check_accelerators.main() == 0
    assert ranks.joined == f"{backend}, left"
    assert len(waited) == check_accelerators.ROUNDS + 3
    assert "4 workers" in capsys.readouterr().out
    monkeypatch.setenv("WORKERS", "3")
    assert check_accelerators.main() == 1
    assert "6 were declared" in capsys.readouterr().out


def test_what_the_preflight_says() -> None:
    say = check_accelerators.verdict
    assert say(16, 16, 0, 210.0, 200.0) == ""
    assert say(15, 16, 0, 210.0, 200.0) == "15 workers take part, 16 were declared"
    assert say(16, 16, 2, 210.0, 200.0) == "2 of 16 workers got a wrong sum"
    assert say(16, 16, 0, 80.0, 200.0) == "bus bandwidth is 80.0 GB/s, 200.0 is asked for"


def test_bus_bandwidth_is_counted_as_nccl_tests_do() -> None:
    assert check_accelerators.bus_bandwidth(10**9, 1.0, 2) == 1.0
    assert check_accelerators.bus_bandwidth(10**9, 0.5, 8) == 3.5
    assert check_accelerators.bus_bandwidth(10**9, 1.0, 1) == 0.0


def test_the_preflights_program_needs_nothing_of_ours() -> None:
    assert "torch" not in sys.modules
    assert "aiinfra" not in preflight_job.program()


def test_volumes_are_encrypted_and_a_file_system_is_named_whole() -> None:
    where = {"account": "111122223333", "region": "us-east-1", "key_alias": "alias/k", "namespace": "vision"}
    spec = VolumesSpec.model_validate({**where, "tags": TAGS})
    parameters = volume_objects.disk_class(spec.key_alias, spec.account, spec.region)["parameters"]
    assert parameters["encrypted"] == "true"
    assert parameters["kmsKeyId"] == "arn:aws:kms:us-east-1:111122223333:alias/k"
    assert volume_objects.gibibytes(DataSize("4 TiB")) == "4096Gi"
    assert volume_objects.gibibytes(DataSize("1 GB")) == "1Gi"
    with pytest.raises(ValueError, match="give all three"):
        VolumesSpec.model_validate({**where, "tags": TAGS, "size": "1 TiB", "file_system": "fs-1"})


def test_machines_that_are_not_understood_are_refused() -> None:
    with pytest.raises(ValueError, match="no accelerator"):
        TrainingJobsSpec(namespace="vision", tags=TAGS, instance="m7i.xlarge", nodes=1, image="a")
