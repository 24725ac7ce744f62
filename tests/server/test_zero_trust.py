"""TLS 1.3, SPIFFE identities, one decision on every route of both transports, rates, health, rotation."""

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tomli_w

from aiinfra.server.grpc_messages import SERVICE, message
from tests.server.conftest import Running, Serve, affine, configuration, floats, running
from tests.server.pki import DOMAIN, Authority, Leaf, usage

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BASE = f"spiffe://{DOMAIN}"
BRIEF = {"brief": 900, "lasting": 3600}
BODY = json.dumps({"inputs": [floats(1, 2, 3, 4)]})


class World:
    def __init__(self, root: Path) -> None:
        self.authority = Authority(root / "pki")
        self.root = root
        affine(root / "models/m/1/model.onnx")
        affine(root / "models/n/1/model.onnx")
        leaf = self.authority.issue("server", (f"{BASE}/server",))
        self.sections: dict[str, Any] = {
            "grpc": {"address": "127.0.0.1:0"},
            "health": {"address": "127.0.0.1:0"},
            "tls": {
                "certificate": str(leaf.certificate),
                "key": str(leaf.key),
                "client_ca": str(self.authority.file),
                "trust_domain": DOMAIN,
            },
            "allow": [
                {"identity": f"{BASE}/infer", "models": ["m"], "verbs": ["infer"]},
                {"identity": f"{BASE}/read", "models": ["m"], "verbs": ["read"]},
                {"identity": f"{BASE}/manage", "models": ["m"], "verbs": ["manage"]},
            ],
        }

    def client(self, name: str) -> Leaf:
        return self.authority.issue(name, (f"{BASE}/{name}",))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Running]:
    with running(configuration(world.root / "models", **world.sections)) as one:
        yield one


def context(world: World, leaf: Leaf | None, *, highest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(world.authority.file))
    if leaf is not None:
        made.load_cert_chain(leaf.certificate, leaf.key)
    if highest is not None:
        made.maximum_version = highest
    return made


def rest(world: World, server: Running, leaf: Leaf | None, *request: str | None) -> int:
    """The status of a request: method, path and maybe a body."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context(world, leaf), timeout=60)
    try:
        connection.request(*request)  # type: ignore[arg-type]
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def rpc(world: World, server: Running, leaf: Leaf, method: str, request: Any) -> str:
    credentials = grpc.ssl_channel_credentials(
        world.authority.file.read_bytes(), leaf.key.read_bytes(), leaf.certificate.read_bytes()
    )
    with grpc.secure_channel(server.server.addresses["grpc"], credentials) as channel:
        try:
            channel.unary_unary(f"/{SERVICE}/{method}")(request.SerializeToString(), timeout=60)
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"


TENSOR = {"name": "x", "datatype": "FP32", "shape": [1, 4]}
RAW = [np.zeros(4, np.float32).tobytes()]


def infer_request(model: str) -> Any:
    return message("ModelInferRequest")(model_name=model, inputs=[TENSOR], raw_input_contents=RAW)


ROUTES: dict[str, tuple[str, str, str | None, str, Any, str, str]] = {
    "infer m": ("POST", "/v2/models/m/infer", BODY, "ModelInfer", infer_request("m"), "infer", "m"),
    "infer m 1": (
        "POST",
        "/v2/models/m/versions/1/infer",
        BODY,
        "ModelInfer",
        message("ModelInferRequest")(model_name="m", model_version="1", inputs=[TENSOR], raw_input_contents=RAW),
        "infer",
        "m",
    ),
    "infer n": ("POST", "/v2/models/n/infer", BODY, "ModelInfer", infer_request("n"), "infer", "n"),
    "metadata m": (
        "GET", "/v2/models/m", None, "ModelMetadata", message("ModelMetadataRequest")(name="m"), "read", "m",
    ),
    "metadata n": (
        "GET", "/v2/models/n", None, "ModelMetadata", message("ModelMetadataRequest")(name="n"), "read", "n",
    ),
    "ready m": ("GET", "/v2/models/m/ready", None, "ModelReady", message("ModelReadyRequest")(name="m"), "read", "m"),
    "stats m": (
        "GET", "/v2/models/m/stats", None, "ModelStatistics", message("ModelStatisticsRequest")(name="m"), "read", "m",
    ),
    "stats": ("GET", "/v2/models/stats", None, "ModelStatistics", message("ModelStatisticsRequest")(), "read", ""),
    "server": ("GET", "/v2", None, "ServerMetadata", message("ServerMetadataRequest")(), "read", ""),
    "index": ("POST", "/v2/repository/index", None, "RepositoryIndex", message("RepositoryIndexRequest")(), "read", ""),
    "load m": (
        "POST", "/v2/repository/models/m/load", None, "RepositoryModelLoad",
        message("RepositoryModelLoadRequest")(model_name="m"), "manage", "m",
    ),
    "load n": (
        "POST", "/v2/repository/models/n/load", None, "RepositoryModelLoad",
        message("RepositoryModelLoadRequest")(model_name="n"), "manage", "n",
    ),
    "unload n": (
        "POST", "/v2/repository/models/n/unload", None, "RepositoryModelUnload",
        message("RepositoryModelUnloadRequest")(model_name="n"), "manage", "n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", ["infer", "read", "manage", "stranger", "two-names"])
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_of_both_transports_gives_the_same_verdict(
    world: World, server: Running, route: str, who: str
) -> None:
    leaf = world.authority.issue("two", (f"{BASE}/infer", f"{BASE}/b")) if who == "two-names" else world.client(who)
    method, path, body, name, request, verb, model = ROUTES[route]
    expected = {"two-names": (401, "UNAUTHENTICATED")}.get(who, (403, "PERMISSION_DENIED"))
    if who == verb and model != "n":
        expected = (200, "OK")
    assert (rest(world, server, leaf, method, path, body), rpc(world, server, leaf, name, request)) == expected


@pytest.mark.parametrize(
    ("uris", "ca", "key_usage"),
    [
        ((), False, None),
        (("spiffe://elsewhere.example/infer",), False, None),
        ((BASE,), False, None),
        ((f"{BASE}/",), False, None),
        ((f"https://{DOMAIN}/infer",), False, None),
        ((f"{BASE}/infer",), True, None),
        ((f"{BASE}/infer",), False, usage(certificates=True)),
        ((f"{BASE}/infer",), False, usage(revocations=True)),
        ((f"{BASE}/infer",), False, usage(sign=False)),
    ],
)
def test_a_certificate_that_breaks_a_spiffe_rule_proves_nothing(
    world: World, server: Running, uris: tuple[str, ...], ca: bool, key_usage: Any
) -> None:
    leaf = world.authority.issue("broken", uris, ca=ca, key_usage=key_usage)
    try:
        assert rest(world, server, leaf, "POST", "/v2/models/m/infer", BODY) == 401
    except (ssl.SSLError, ConnectionError):
        assert key_usage is not None or ca  # the TLS library itself may refuse such a certificate first


def test_no_certificate_or_a_foreign_one_gets_no_answer(world: World, server: Running) -> None:
    foreign = Authority(world.root / "foreign", "other").issue("infer", (f"{BASE}/infer",))
    for leaf in (None, foreign):
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            rest(world, server, leaf, "GET", "/v2/health/live")


def test_tls_1_2_gets_no_answer_from_either_transport(tmp_path: Path) -> None:
    world = World(tmp_path)
    file = tmp_path / "server.toml"
    document = {"repository": {"dir": str(tmp_path / "models"), "allow_unsigned": True}, **world.sections}
    file.write_text(tomli_w.dumps({**document, "http": {"address": "127.0.0.1:0"}}))
    command = [sys.executable, "-m", "aiinfra.server", "--config", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # gRPC reads its setting once a process
    try:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        for transport in ("http", "grpc"):
            outcomes = [
                _handshake(world, addresses[transport], highest)
                for highest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
            ]
            assert outcomes == ["refused", "TLSv1.3"]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _handshake(world: World, address: str, highest: ssl.TLSVersion) -> str | None:
    made = context(world, world.client("infer"), highest=highest)
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as raw:
        try:
            with made.wrap_socket(raw, server_hostname="localhost") as wrapped:
                return wrapped.version()
        except (ssl.SSLError, ConnectionError):
            return "refused"


def test_health_has_an_address_of_its_own_and_nothing_else_there(server: Running) -> None:
    connection = http.client.HTTPConnection(server.server.addresses["health"], timeout=60)
    try:
        for path, status in [("/v2/health/live", 200), ("/v2/health/ready", 200), ("/v2", 404), ("/v2/models/m", 404)]:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
    finally:
        connection.close()


def test_certificates_rotate_without_a_failed_request(tmp_path: Path) -> None:
    world = World(tmp_path)
    client = world.client("infer")
    with running(configuration(tmp_path / "models", **world.sections)) as server:
        standing = http.client.HTTPSConnection("127.0.0.1", server.port, context=context(world, client), timeout=60)
        standing.request("POST", "/v2/models/m/infer", BODY)
        standing.getresponse().read()
        standing_socket: Any = standing.sock
        before = standing_socket.getpeercert()["serialNumber"]
        world.authority.issue("server", (f"{BASE}/server",))
        end = time.monotonic() + 60
        now = before
        while now == before and time.monotonic() < end:
            standing.request("POST", "/v2/models/m/infer", BODY)
            answer = standing.getresponse()
            answer.read()
            assert answer.status == 200
            fresh = http.client.HTTPSConnection("127.0.0.1", server.port, context=context(world, client), timeout=60)
            fresh.request("POST", "/v2/models/m/infer", BODY)
            assert fresh.getresponse().status == 200
            fresh_socket: Any = fresh.sock
            now = fresh_socket.getpeercert()["serialNumber"]
            fresh.close()
            assert rpc(world, server, client, "ModelInfer", infer_request("m")) == "OK"
        standing.close()
        assert now != before
        other = Authority(tmp_path / "pki2", "next")
        newer = other.issue("infer", (f"{BASE}/infer",))
        world.authority.file.write_bytes(other.file.read_bytes())
        trust = Authority.__new__(Authority)
        trust.file = tmp_path / "trust.pem"
        from cryptography.hazmat.primitives.serialization import Encoding

        trust.file.write_bytes(world.authority.certificate.public_bytes(Encoding.PEM))
        world.authority = trust
        refusals = (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)
        end, status = time.monotonic() + 60, 0
        while status != 200 and time.monotonic() < end:
            with contextlib.suppress(*refusals):
                status = rest(world, server, newer, "POST", "/v2/models/m/infer", BODY)
        assert status == 200
        with pytest.raises(refusals):
            rest(world, server, client, "POST", "/v2/models/m/infer", BODY)


def test_a_connection_ends_when_its_clients_certificate_does(
    world: World, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's date is moved on instead of waiting for it."""
    brief, lasting = (world.authority.issue(n, (f"{BASE}/infer",), file=n, seconds=s) for n, s in BRIEF.items())
    connections = [
        http.client.HTTPSConnection("127.0.0.1", server.port, context=context(world, leaf), timeout=30)
        for leaf in (brief, lasting)
    ]
    for connection in connections:
        connection.request("POST", "/v2/models/m/infer", BODY)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    credentials = grpc.ssl_channel_credentials(
        world.authority.file.read_bytes(), brief.key.read_bytes(), brief.certificate.read_bytes()
    )
    with grpc.secure_channel(server.server.addresses["grpc"], credentials) as channel:
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        request = infer_request("m").SerializeToString()
        call(request, timeout=30)
        monkeypatch.setattr("aiinfra.server.server.time", lambda: time.time() + 1000)
        ended: Any = connections[0].sock
        assert ended.recv(1) == b""
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[attr-defined]
        connections[1].request("POST", "/v2/models/m/infer", BODY)
        assert connections[1].getresponse().status == 200
    for connection in connections:
        connection.close()


def test_a_rate_is_each_identitys_own_and_says_when_to_come_back(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve(limits={"identities": {"local": "2/s"}})
    answers = [server.request("POST", "/v2/models/m/infer", BODY) for _ in range(6)]
    statuses = [status for status, _, _ in answers]
    assert statuses[:2] == [200, 200]
    refused = next(fields for status, fields, _ in answers if status == 429)
    assert int(refused["retry-after"]) >= 1


def test_grants_and_rates_are_taken_over_without_a_restart(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve()
    assert server.request("POST", "/v2/models/m/infer", BODY)[0] == 200
    closed = configuration(tmp_path / "models", allow=[{"identity": "local", "verbs": ["read"]}])
    server.loop.call_soon_threadsafe(server.server.reconfigure, closed)
    time.sleep(0.2)
    assert server.request("POST", "/v2/models/m/infer", BODY)[0] == 403
