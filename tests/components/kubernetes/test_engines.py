"""One declaration, three engines: what each is told, and that callers, identity and place stay the same."""

from typing import Any

import pytest
from pydantic import ValidationError

from aiinfra.components.kubernetes import kserve, operated, runtime_objects, vllm
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.graph.node import Graph
from aiinfra.spec.engine import Engine, EngineKind, images_needed, served_by
from aiinfra.spec.model import Model
from aiinfra.spec.site import Runtime
from tests.programs import programs

LANGUAGE = {"parameters": 8e9, "layers": 32, "hidden": 4096, "kv_heads": 8, "head_size": 128}
COMMON: dict[str, Any] = {
    "namespace": "line",
    "model_name": "weld",
    "model": {"file": "weld.onnx"},
    "tier": {"accelerator": "l4", "count": 2},
    "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
}
DEMAND = {"prometheus": "http://prometheus.monitoring:9090", "query": "sum(queue)", "each": 20}


def spec(model: dict[str, Any] | None = None, **runtime: Any) -> InferenceRuntimeSpec:
    runtime = {"on": "k3s", "memory": "16 GiB", "issuer": {"name": "ca"}, **runtime}
    return InferenceRuntimeSpec.model_validate({**COMMON, **({"model": model} if model else {}), "runtime": runtime})


def language(**runtime: Any) -> InferenceRuntimeSpec:
    return spec({"file": "llama", "language": LANGUAGE}, **runtime)


def graph(name: str) -> Graph:
    return next(program for program in programs() if program.name == f"declarations/{name}").graph()


def test_a_language_model_goes_to_vllm_unless_told_otherwise() -> None:
    onnx = Model(file="weld.onnx")
    llama = Model.model_validate({"file": "llama", "language": LANGUAGE})
    assert served_by(onnx, Engine()) is EngineKind.BUNDLED
    assert served_by(llama, Engine()) is EngineKind.VLLM
    assert served_by(llama, Engine(kind=EngineKind.KSERVE)) is EngineKind.KSERVE
    assert images_needed("weld", onnx, Engine()) == ("aiinfra-server", "weld-release")
    assert images_needed("weld", llama, Engine()) == ("vllm-openai", "weld-release")
    assert images_needed("weld", llama, Engine(claim="weights")) == ("vllm-openai",)


def test_vllm_is_told_of_certificates_weights_and_cards_and_cut_off_the_hub() -> None:
    container = vllm.container(language(engine={"context": 8192}))
    assert container["command"] == ["vllm", "serve"]
    assert container["args"][0] == "/models/weld/1"
    said = dict(item.partition("=")[::2] for item in container["args"][1:])
    assert said["--tensor-parallel-size"] == "2"
    assert said["--max-model-len"] == "8192"
    assert said["--load-format"] == "safetensors"
    assert said["--ssl-cert-reqs"] == "2"
    assert "--trust-remote-code" not in said
    environment = {item["name"]: item["value"] for item in container["env"]}
    assert environment["HF_HUB_OFFLINE"] == environment["TRANSFORMERS_OFFLINE"] == environment["DO_NOT_TRACK"] == "1"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    mounts = {item["name"] for item in container["volumeMounts"]}
    assert mounts == {item["name"] for item in vllm.volumes(language())}


def test_vllms_probe_can_show_its_certificate() -> None:
    found = language()
    assert found.runtime.issuer is not None
    usages = operated.server_certificate(found, found.runtime.issuer)["spec"]["usages"]
    assert usages == ["digital signature", "server auth", "client auth"]
    command = vllm.container(found)["startupProbe"]["exec"]["command"]
    compile(command[2], "probe", "exec")
    assert "https://127.0.0.1:8443/health" in command[2]


def test_weights_come_from_the_release_or_from_a_claim() -> None:
    def weights(found: InferenceRuntimeSpec) -> dict[str, Any]:
        return next(item for item in vllm.volumes(found) if item["name"] == "weights")

    assert "image" in weights(language())
    claimed = weights(language(engine={"claim": "weights"}))
    assert claimed["persistentVolumeClaim"] == {"claimName": "weights", "readOnly": True}


def test_vllm_has_one_port_and_metrics_stand_there() -> None:
    found = language(callers=["writer", "reports/night"], scraper="monitoring/prometheus")
    assert [port["port"] for port in runtime_objects.service(found)["ports"]] == [443]
    for policy in (runtime_objects.allow_caller(found, "writer"), runtime_objects.allow_scraper(found)):
        assert policy["ingress"][0]["ports"] == [{"port": 8443, "protocol": "TCP"}]
    assert operated.service_monitor(found)["spec"]["endpoints"][0]["port"] == "https"


def test_kserve_runs_the_same_container_with_the_same_labels() -> None:
    found = spec(engine={"kind": "kserve"}, callers=["shop/till"])
    runtime, service = kserve.serving_runtime(found)["spec"], kserve.inference_service(found)["spec"]["predictor"]
    assert runtime["containers"] == [{**runtime_objects.container(found), "name": "kserve-container"}]
    assert runtime["protocolVersions"] == ["v2", "grpc-v2"]
    whole = {key: value for key, value in service.items() if key in runtime_objects.pod(found)}
    assert {**whole, "containers": runtime_objects.pod(found)["containers"]} == runtime_objects.pod(found)
    assert runtime_objects.selector(found).items() <= service["labels"].items()
    assert service["model"]["runtime"] == runtime_objects.workload(found)
    assert "storageUri" not in service["model"]


@pytest.mark.parametrize(
    ("runtime", "scaler"), [({}, "none"), ({"max_replicas": 4}, "hpa"), ({"demand": DEMAND}, "external")]
)
def test_who_decides_how_many_kserve_runs(runtime: dict[str, Any], scaler: str) -> None:
    meta = kserve.service_metadata(spec(engine={"kind": "kserve"}, **runtime), {"name": "x", "labels": {}})
    assert meta["annotations"] == {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": scaler,
    }
    assert meta["labels"] == {"networking.kserve.io/visibility": "cluster-local"}


def test_no_server_runs_without_demand_and_some_while_it_cannot_be_read() -> None:
    found = spec(demand={**DEMAND, "idle": "30 min", "fallback": 2}, max_replicas=4)
    assert found.runtime.demand is not None
    made = operated.scaled_by_demand(found, found.runtime.demand, "weld-server")["spec"]
    assert (made["minReplicaCount"], made["maxReplicaCount"], made["cooldownPeriod"]) == (0, 4, 1800)
    assert made["fallback"] == {"failureThreshold": 3, "replicas": 2}
    assert made["triggers"][0]["metadata"]["threshold"] == "20"
    assert "replicas" not in runtime_objects.deployment(found)


def test_children_by_engine() -> None:
    def kinds(name: str) -> set[str]:
        return {str(node.inputs.get("kind")) for node in graph(name) if node.package == "kubernetes"}

    served = kinds("kserve/site-payments")
    assert {"ServingRuntime", "InferenceService", "ServiceMonitor", "PodDisruptionBudget"} <= served
    assert not {"Deployment", "HorizontalPodAutoscaler"} & served
    assert "ScaledObject" in kinds("kserve/site-batch")
    spoken = kinds("language/site-plant")
    assert {"Deployment", "ScaledObject", "ServiceMonitor"} <= spoken
    assert "HorizontalPodAutoscaler" not in spoken


def test_edges_are_the_same_under_kserve() -> None:
    from aiinfra.access.kubernetes import edges

    found = edges(graph("kserve/site-payments"))
    ways = {(edge.src, edge.port) for edge in found if edge.dst == "card-fraud/card-fraud-server"}
    assert ways == {
        ("checkout/app.kubernetes.io/name=gateway", "TCP 8443-8444"),
        ("monitoring/app.kubernetes.io/name=prometheus", "TCP 9090"),
    }


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        ({"on": "box", "engine": {"kind": "kserve"}}, "a box runs the bundled server"),
        ({"on": "box", "demand": DEMAND}, "there is no Kubernetes"),
        ({"on": "k3s", "engine": {"kind": "kserve", "context": 4}}, "for vllm alone"),
        ({"on": "k3s", "engine": {"kind": "triton"}}, "'bundled', 'kserve' or 'vllm'"),
        ({"on": "k3s", "demand": {**DEMAND, "each": 0}}, "greater than 0"),
        ({"on": "k3s", "demand": {**DEMAND, "prometheus": "prometheus:9090"}}, "pattern"),
    ],
)
def test_bad_engines(runtime: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Runtime.model_validate(runtime)
