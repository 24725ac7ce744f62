from pathlib import Path

import pytest

from aiinfra.components.site_config import site_server_config
from aiinfra.local.overlay import LocalPaths, overlay
from aiinfra.server.config import Audit, Endpoint, ModelSettings, Repository, ServerConfig, Traces, is_loopback
from aiinfra.spec.reading import load

PATHS = LocalPaths(Path("/here/models"), Path("/here/dev.pub"), Path("/here"))


@pytest.fixture
def site(folder) -> ServerConfig:
    deployment = load(folder / "deployment.yaml").deployment
    return site_server_config(deployment, deployment.site("line"))


def test_the_overlay_of_a_site(site):
    _, changes = overlay(site, PATHS)
    assert [(c.key, c.before, c.after) for c in changes] == [
        ("repository.dir", "/models", "/here/models"),
        ("repository.signers", "/etc/aiinfra/signers/release.pem", "/here/dev.pub"),
        ("http.address", "0.0.0.0:8443", "127.0.0.1:8443"),
        ("grpc.address", "0.0.0.0:8444", "127.0.0.1:8444"),
        ("health.address", "0.0.0.0:8081", "127.0.0.1:8081"),
        ("tls", "/run/aiinfra/tls/tls.crt", "-"),
    ]
    assert all(change.why for change in changes)


def test_all_else_is_as_the_site_has_it(site):
    """The contract: putting the printed changes back gives the site's configuration, to the byte."""
    local, changes = overlay(site, PATHS)
    touched = {change.key.split(".")[0] for change in changes}
    for section in set(ServerConfig.model_fields) - touched:
        assert getattr(local, section) == getattr(site, section)
    back = local.model_copy(
        update={name: getattr(site, name) for name in ("repository", "http", "grpc", "health", "tls")}
    )
    assert back.to_toml() == site.to_toml()


def test_nothing_listens_beyond_this_machine(site):
    local, _ = overlay(site, PATHS)
    addresses = [e.address for e in (local.http, local.grpc, local.health, local.metrics)]
    assert all(is_loopback(address) for address in addresses)


def test_ports_asked_for(site):
    local, changes = overlay(site, PATHS, port=18000)
    assert [local.http.address, local.grpc.address, local.health.address, local.metrics.address] == [
        "127.0.0.1:18000",
        "127.0.0.1:18001",
        "127.0.0.1:18002",
        "127.0.0.1:18003",
    ]
    assert ("metrics.address", "127.0.0.1:9090") in [(c.key, c.before) for c in changes]


def test_openings_of_a_site_do_not_reach_here():
    config = ServerConfig(
        repository=Repository(dir="m", allow_unsigned=True),
        grpc=Endpoint(address="[::]:8444", allow_plaintext=True),
        audit=Audit(file="/var/audit", key="/etc/key.pem"),
        traces=Traces(endpoint="http://collector:4317"),
        models={"v1.2": ModelSettings(execution_providers=("CUDAExecutionProvider", "CPUExecutionProvider"))},
    )
    local, changes = overlay(config, PATHS)
    assert [c.key for c in changes] == [
        "repository.dir",
        "repository.signers",
        "repository.allow_unsigned",
        "http",
        "grpc.address",
        "grpc.allow_plaintext",
        "audit.file",
        "audit.key",
        "traces",
        "models.v1.2.execution_providers",
    ]
    assert local.traces is None
    assert not local.repository.allow_unsigned
    assert local.http.address == "127.0.0.1:8080"
    assert local.models["v1.2"].execution_providers == ("CPUExecutionProvider",)
