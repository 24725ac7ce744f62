"""The autoscaler, certificates and the monitor, by value."""

from typing import Any

import pytest
from pydantic import ValidationError

from aiinfra.components.kubernetes import operated, runtime_objects, upgrades
from aiinfra.components.kubernetes.parts import namespace_of
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec, SiteSpec
from aiinfra.components.site_config import server_config
from aiinfra.spec.site import Runtime

ISSUER = {"name": "site-ca"}
COMMON: dict[str, Any] = {
    "model_name": "weld",
    "model": {"file": "weld.onnx"},
    "tier": {"accelerator": "cpu-x86-64"},
    "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
}


def spec(offline: str = "0 h", **runtime: Any) -> InferenceRuntimeSpec:
    values = {**COMMON, "namespace": "line", "runtime": {"on": "k3s", **runtime}, "offline": offline}
    return InferenceRuntimeSpec.model_validate(values)


def test_where_it_may_grow_the_autoscaler_alone_says_how_many() -> None:
    growing = spec(replicas=2, max_replicas=5)
    scaler = operated.autoscaler(growing)
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "weld-server"}
    assert "replicas" not in runtime_objects.deployment(growing)
    assert runtime_objects.deployment(spec(replicas=2))["replicas"] == 2


def test_the_namespace_has_room_for_all_it_may_grow_to() -> None:
    site = {**COMMON, "class_name": "c", "site": "s", "runtime": {"on": "k3s", "max_replicas": 5, "cores": 2}}
    room = namespace_of(SiteSpec.model_validate(site))
    assert (room.cores, str(room.memory), room.pods) == (13, "7168 MiB", 14)


@pytest.mark.parametrize(("offline", "lasts"), [("0 h", (2160, 24)), ("72 h", (2160, 96)), ("90 d", (6552, 2184))])
def test_certificates_outlive_the_longest_outage(offline: str, lasts: tuple[int, int]) -> None:
    found = spec(offline, issuer=ISSUER)
    assert operated.lifetime(found) == lasts
    assert lasts[1] * 3600 > found.offline.seconds
    assert lasts[0] > lasts[1]


def test_the_certificate_is_the_one_the_server_mounts() -> None:
    found = spec(issuer=ISSUER, trust_domain="plant.example")
    assert found.runtime.issuer is not None
    certificate = operated.server_certificate(found, found.runtime.issuer)["spec"]
    mounted = next(volume for volume in runtime_objects.volumes(found) if volume["name"] == "tls")
    assert certificate["secretName"] == mounted["secret"]["secretName"] == "weld-server-tls"
    assert certificate["uris"] == ["spiffe://plant.example/ns/line/sa/weld-server"]
    assert "weld-server.line.svc" in certificate["dnsNames"]
    assert certificate["issuerRef"] == {"group": "cert-manager.io", "kind": "Issuer", "name": "site-ca"}


def test_metrics_leave_the_pod_only_for_a_scraper() -> None:
    scraped = spec(issuer=ISSUER, scraper="monitoring/prometheus")
    closed = spec(issuer=ISSUER)
    addresses = [server_config("weld", s.model, s.tier, s.runtime).metrics for s in (scraped, closed)]
    assert [found.address for found in addresses if found] == ["0.0.0.0:9090", "127.0.0.1:9090"]
    assert [port["name"] for port in runtime_objects.service(scraped)["ports"]] == ["https", "grpc", "metrics"]
    assert [port["name"] for port in runtime_objects.service(closed)["ports"]] == ["https", "grpc"]
    endpoint = operated.service_monitor(scraped)["spec"]["endpoints"][0]
    assert endpoint["scheme"] == "https"
    assert scraped.runtime.issuer is not None
    reader = operated.scraper_certificate(scraped, scraped.runtime.issuer)["spec"]
    assert endpoint["tlsConfig"]["keySecret"]["name"] == reader["secretName"]
    assert reader["uris"] == ["spiffe://weld/ns/monitoring/sa/prometheus"]
    assert "client auth" in reader["usages"]


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        ({"on": "eks", "max_replicas": 2}, "max_replicas is 2, and 2 run anyway"),
        ({"on": "box", "max_replicas": 2}, "max_replicas: on a box there is no Kubernetes"),
        ({"on": "box", "issuer": ISSUER}, "issuer: on a box"),
        ({"on": "k3s", "scraper": "monitoring/prometheus"}, "name an issuer"),
        ({"on": "k3s", "issuer": ISSUER, "scraper": "prometheus"}, "write NAMESPACE/WORKLOAD"),
    ],
)
def test_bad_input(runtime: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Runtime.model_validate(runtime)


def test_a_certificate_asks_for_no_longer_than_its_issuer_signs() -> None:
    assert operated.lifetime(spec("72 h", issuer={**ISSUER, "longest": "30 d"})) == (720, 96)
    assert operated.lifetime(spec("72 h", issuer={**ISSUER, "longest": "900 d"})) == (2160, 96)


def test_upgrades_wait_for_the_window_and_agents_for_servers() -> None:
    window = {"days": ["sunday"], "start": "02:00", "end": "04:00", "timezone": "Europe/Berlin"}
    k3s = {"version": "v1.35.2+k3s1", "window": window}
    site = {**COMMON, "class_name": "c", "site": "s", "runtime": {"on": "k3s"}, "k3s": k3s}
    spec_ = SiteSpec.model_validate(site)
    plans = upgrades.plans(spec_)
    assert plans["upgrade-servers"]["spec"]["window"] == {
        "days": ["sunday"],
        "startTime": "02:00",
        "endTime": "04:00",
        "timeZone": "Europe/Berlin",
    }
    assert plans["upgrade-agents"]["spec"]["prepare"]["args"] == ["prepare", "c-upgrade-servers"]
    assert upgrades.unlocked(spec_) == ["k3s-upgrade"]
    assert upgrades.plans(SiteSpec.model_validate({**site, "k3s": {"version": "v1.35.2+k3s1"}})) == {}
