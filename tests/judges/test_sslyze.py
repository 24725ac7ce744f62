"""The server's TLS, judged by sslyze: versions, suites, known holes, certificates, and who must show one."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ROOT
from tests.server.pki import Leaf
from tests.server.processes import serving
from tests.server.test_zero_trust import World

pytestmark = pytest.mark.judges

COMMANDS = [
    *("sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3", "certinfo", "compression", "early_data"),
    *("elliptic_curves", "ems", "fallback", "heartbleed", "openssl_ccs", "reneg", "resum", "robot"),
]
SAFE = {
    "tls_compression": {"supports_compression": False},
    "openssl_ccs_injection": {"is_vulnerable_to_ccs_injection": False},
    "heartbleed": {"is_vulnerable_to_heartbleed": False},
    "robot": {"robot_result": "NOT_VULNERABLE_RSA_NOT_SUPPORTED"},
    "session_renegotiation": {"is_vulnerable_to_client_renegotiation_dos": False},
    "session_resumption": {
        "session_id_resumption_result": "SERVER_IS_TLS_1_3_ONLY",
        "tls_ticket_resumption_result": "SERVER_IS_TLS_1_3_ONLY",
    },
}
"""Scan -> what it must have found."""

SUITES = {"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"}
CURVES = {"X25519", "secp256r1", "secp384r1", "secp521r1", "X448"}

COMPLAINTS = {"tls_curves"}
"""What Mozilla's `modern` profile says of the server: Python before 3.15 can name no groups for TLS 1.3, so OpenSSL
also offers secp521r1 and X448, which are stronger than what the profile asks for."""


@pytest.fixture(scope="module")
def sslyze() -> Path:
    found = ROOT / ".venv-judges-tls/bin/sslyze"
    if (found.parent.parent / ".installed").is_file() and not found.is_file():
        pytest.skip("sslyze has no build for this machine (requirements/judges-tls.in)")
    assert found.is_file(), f"no sslyze at {found}: run make judges, which sets it up"
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def addresses(world: World) -> Iterator[dict[str, str]]:
    """Of a server in a process of its own: gRPC takes its suites once a process."""
    with serving(world.root, world.sections) as process:
        yield process.addresses


class Scan:
    """What sslyze found at one address."""

    def __init__(self, sslyze: Path, world: World, address: str, leaf: Leaf | None) -> None:
        out = world.root / "sslyze.json"
        shown = ["--cert", leaf.certificate, "--key", leaf.key] if leaf else []
        trusted = ["--sni", "localhost", "--certinfo_ca_file", world.authority.file]
        commands = [f"--{command}" for command in COMMANDS]
        ran = subprocess.run(
            [sslyze, *commands, "--mozilla_config", "modern", *trusted, *shown, "--json_out", out, address],
            capture_output=True,
            text=True,
            check=False,
            env={"HOME": str(world.root)},
        )
        self.said = ran.stdout
        assert out.is_file(), ran.stdout + ran.stderr
        (self.found,) = json.loads(out.read_text())["server_scan_results"]

    def result(self, name: str) -> Any:
        scan = self.found["scan_result"][name]
        assert scan["status"] == "COMPLETED", (name, scan)
        return scan["result"]

    def suites(self, version: str) -> set[str]:
        return {
            one["cipher_suite"]["name"] for one in self.result(f"{version}_cipher_suites")["accepted_cipher_suites"]
        }


@pytest.fixture(scope="module", params=["http", "grpc"])
def scan(request: pytest.FixtureRequest, sslyze: Path, world: World, addresses: dict[str, str]) -> Scan:
    return Scan(sslyze, world, addresses[request.param], world.client("infer"))


def test_tls_1_3_and_nothing_older(scan: Scan) -> None:
    older = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2")
    assert [version for version in older if scan.suites(version)] == []
    assert scan.suites("tls_1_3") == SUITES


def test_no_known_hole(scan: Scan) -> None:
    for name, wanted in SAFE.items():
        found = scan.result(name)
        assert {key: found[key] for key in wanted} == wanted, name
    # gRPC hangs up on early data, which sslyze takes for its own mistake.
    early = scan.found["scan_result"]["tls_1_3_early_data"]
    assert early["result"] == {"supports_early_data": False} or "peer closed the connection" in early["error_trace"]
    assert {curve["name"] for curve in scan.result("elliptic_curves")["supported_curves"]} <= CURVES


def test_the_certificate_is_the_servers_and_its_authoritys(scan: Scan, world: World) -> None:
    (deployment,) = scan.result("certificate_info")["certificate_deployments"]
    leaf = deployment["received_certificate_chain"][0]  # OpenSSL sends the authority's along
    assert leaf["as_pem"].strip() == Path(world.sections["tls"]["certificate"]).read_text().strip()
    ours = [
        one for one in deployment["path_validation_results"] if one["trust_store"]["path"] == str(world.authority.file)
    ]
    assert [one["was_validation_successful"] for one in ours] == [True]


def test_what_mozillas_modern_profile_says(scan: Scan) -> None:
    verdict = scan.said.partition("COMPLIANCE AGAINST TLS CONFIGURATION")[2]
    complaints = {line.split()[1].rstrip(":") for line in verdict.splitlines() if line.strip().startswith("* ")}
    assert '"modern" configuration' in verdict
    assert complaints <= COMPLAINTS, verdict


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_who_shows_no_certificate_gets_no_connection(
    transport: str, sslyze: Path, world: World, addresses: dict[str, str]
) -> None:
    found = Scan(sslyze, world, addresses[transport], None).found
    required = (found["connectivity_result"] or {}).get("client_auth_requirement") == "REQUIRED"
    assert required or found["scan_status"] == "ERROR_NO_CONNECTIVITY", found["connectivity_result"]
    others = found["scan_result"] or {}
    assert all(not (scan["result"] or {}).get("accepted_cipher_suites") for scan in others.values()) or required
