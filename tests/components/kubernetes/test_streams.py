"""Streams: what the bridge is told, where it may go, and what is refused before."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from aiinfra.check.checks import check
from aiinfra.components.kubernetes import bridge_objects as objects
from aiinfra.components.kubernetes.parts import runtime_of, streams_of
from aiinfra.components.kubernetes.specs import SiteSpec, StreamsSpec
from aiinfra.spec.reading import load
from aiinfra.spec.streams import Stream

MQTT: dict[str, Any] = {
    "name": "press-3",
    "kind": "mqtt",
    "address": "mqtts://broker.line:8883",
    "at": "10.8.1.20/32",
    "read": ["press/3/vibration"],
    "answers": {"broker": "mqtts://broker.line", "at": "10.8.1.20/32", "topic": "press/3/condition"},
}
OPC: dict[str, Any] = {
    "name": "spindle",
    "kind": "opc-ua",
    "address": "opc.tcp://plc.line",
    "at": "10.8.1.21/32",
    "read": ["ns=2;s=Spindle.Vibration"],
    "each": 64,
    "credentials": {"store": "kubernetes", "name": "plc-reader"},
}
CAMERA: dict[str, Any] = {
    "name": "gate",
    "kind": "camera",
    "address": "rtsps://camera.line/1",
    "at": "10.8.1.31/32",
    "gateway": "grabber",
}
MODEL = {
    "file": "weld.onnx",
    "digest": "sha256:" + "0" * 64,
    "inputs": [{"name": "x", "dtype": "FP32", "shape": [-1, 64]}],
    "outputs": [{"name": "y", "dtype": "FP32", "shape": [-1, 2]}],
}


def site(*streams: dict[str, Any], **more: Any) -> SiteSpec:
    base = {
        "class_name": "cell",
        "site": "cell-1",
        "model_name": "weld",
        "model": MODEL,
        "tier": {"accelerator": "cpu-x86-64"},
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "runtime": {"on": "k3s", "issuer": {"name": "ca"}, "callers": ["plc"]},
        "streams": streams,
    }
    return SiteSpec.model_validate({**base, **more})


def spec(*streams: dict[str, Any], **more: Any) -> StreamsSpec:
    found = streams_of(site(*streams, **more))
    assert found is not None
    return found


def stream(found: StreamsSpec) -> dict[str, Any]:
    return objects.configuration(found, found.streams[0])


def test_a_message_becomes_a_request_and_its_answer_a_message() -> None:
    made = stream(spec(MQTT))
    assert made["input"]["mqtt"] == {
        "urls": ["ssl://broker.line:8883"],
        "client_id": "weld-bridge-press-3",
        "qos": 1,
        "tls": {
            "enabled": True,
            "root_cas_file": "/run/aiinfra/tls/ca.crt",
            "client_certs": [{"cert_file": "/run/aiinfra/tls/tls.crt", "key_file": "/run/aiinfra/tls/tls.key"}],
        },
        "topics": ["press/3/vibration"],
        "clean_session": False,
    }
    mapping, asked = made["pipeline"]["processors"]
    assert mapping["mapping"] == ('root.inputs = [{"name": "x", "datatype": "FP32", "shape": [1, 64], "data": this}]\n')
    assert asked["http"]["url"] == "https://weld-server.weld.svc/v2/models/weld/infer"
    assert asked["http"]["tls"]["enabled"] is True
    assert made["output"]["mqtt"]["topic"] == "press/3/condition"


def test_readings_are_gathered_into_a_row() -> None:
    made = stream(spec(OPC))
    (read,) = made["input"]["broker"]["inputs"]
    assert read["opcua"]["endpoint"] == "opc.tcp://plc.line"
    assert made["input"]["broker"]["batching"] == {"count": 64}
    assert made["pipeline"]["processors"][0] == {"archive": {"format": "json_array"}}
    assert made["output"] == {"drop": {}}


def test_credentials_are_references_and_never_text() -> None:
    found = spec(OPC)
    assert stream(found)["input"]["broker"]["inputs"][0]["opcua"]["password"] == "${SPINDLE_PASSWORD}"
    delivered = spec(OPC, values={"site.properties": "site=${site}\n"})
    assert stream(delivered)["input"]["broker"]["inputs"][0]["opcua"]["password"] == "$${SPINDLE_PASSWORD}"
    (container,) = objects.pod(found)["containers"]
    assert container["env"][1]["valueFrom"] == {"secretKeyRef": {"name": "plc-reader", "key": "password"}}
    mounted = spec({**MQTT, "credentials": {"store": "kubernetes", "name": "broker-login"}})
    assert {"secretName": "broker-login", "defaultMode": 0o440} in [
        volume.get("secret") for volume in objects.pod(mounted)["volumes"]
    ]


def test_each_reader_may_go_to_its_source_and_nowhere_else() -> None:
    found = spec(MQTT, CAMERA)
    first, second = (objects.let_out(found, item) for item in found.streams)
    assert first["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "weld-bridge"}
    assert [(way["to"][0]["ipBlock"]["cidr"], way["ports"][0]["port"]) for way in first["egress"]] == [
        ("10.8.1.20/32", 8883)
    ]
    assert second["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "grabber"}
    assert second["egress"][0]["ports"] == [{"port": 322, "protocol": "TCP"}]


def test_who_reads_may_ask() -> None:
    assert runtime_of(site(MQTT, CAMERA)).runtime.callers == ("plc", "weld-bridge", "grabber")
    assert runtime_of(site()).runtime.callers == ("plc",)


def test_cameras_alone_need_no_bridge() -> None:
    assert objects.bridged(spec(CAMERA)) == ()
    assert objects.unlocked(spec(CAMERA)) == []
    assert objects.unlocked(spec(MQTT)) == ["bridge"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"address": "opc.tcp://broker"}, "mqtts:// or mqtt://"),
        ({"read": []}, "name what is read"),
        ({"gateway": "grabber"}, "name what is read, and no gateway"),
        ({"credentials": {"store": "file", "name": "/x"}}, "store 'kubernetes'"),
        ({"at": "broker"}, "IPv4 or IPv6"),
        ({"kind": "camera", "address": "rtsp://camera", "answers": None}, "a camera needs a gateway"),
    ],
)
def test_bad_streams(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Stream.model_validate({**MQTT, **change})


@pytest.mark.parametrize(
    ("streams", "more", "ids"),
    [
        ([MQTT, OPC], {}, []),
        ([MQTT], {"runtime": {"on": "k3s"}}, ["stream-needs-issuer"]),
        ([{**MQTT, "address": "mqtt://broker"}], {}, ["stream-in-the-clear"]),
        ([{**MQTT, "into": "z"}], {}, ["stream-input"]),
        ([{**OPC, "each": 60}], {}, ["stream-input"]),
        (
            [OPC],
            {"model": {**MODEL, "inputs": [*MODEL["inputs"], {**MODEL["inputs"][0], "name": "w"}]}},
            ["stream-input"],
        ),
    ],
)
def test_findings(tmp_path: Path, streams: list[dict[str, Any]], more: dict[str, Any], ids: list[str]) -> None:
    plain = {
        "name": "weld",
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "model": more.get("model", MODEL),
        "sites": [
            {
                "class": "cell",
                "tier": {"accelerator": "cpu-x86-64"},
                "runtime": more.get("runtime", {"on": "k3s", "issuer": {"name": "ca"}}),
                "streams": streams,
            }
        ],
    }
    (tmp_path / "deployment.yaml").write_text(yaml.safe_dump(plain))
    assert [finding.id for finding in check(load(tmp_path)) if finding.id.startswith("stream-")] == ids
