"""The site's own Prometheus: what it scrapes, keeps and sends on. Pure.

Prometheus sends on from its write-ahead log, which holds two to three hours: an outage that is longer loses what it
did not send, in agent mode and otherwise. So a ``local`` collector hands over at once to vmagent beside it, whose queue
is on disk, keeps its order over outages and restarts, and empties when the link is back (decision 0088).
"""

from typing import Any, Final

from aiinfra.components.monitoring.exporters import exporters
from aiinfra.images import PROMETHEUS, VMAGENT
from aiinfra.spec.monitoring import Collector, Monitoring, queues
from aiinfra.spec.tier import Tier

ADDRESS: Final = "127.0.0.1:9091"
QUEUE: Final = "127.0.0.1:8429"
TLS: Final = "/run/aiinfra/tls"
REMOTE_TLS: Final = "/run/aiinfra/remote-tls"
DATA: Final = "/data"
ETC: Final = "/etc/prometheus"
_FILES: Final = {"cert_file": "tls.crt", "key_file": "tls.key", "ca_file": "ca.crt"}


def configuration(
    monitoring: Monitoring, tier: Tier, *, labels: dict[str, str], job: str, target: str, remote_tls: str
) -> dict[str, Any]:
    """``prometheus.yml``. ``target`` is ``HOST:PORT`` of the server's metrics, read with a certificate of its own."""
    server = {
        "job_name": job,
        "scheme": "https",
        "tls_config": {**_tls(TLS), "server_name": target.partition(":")[0]},
        "static_configs": [{"targets": [target]}],
    }
    beside = [
        {
            "job_name": exporter.name,
            "static_configs": [{"targets": [f"{exporter.name}.{monitoring.exporters}.svc:{exporter.port}"]}],
        }
        for exporter in exporters(tier)
    ]
    own = {PROMETHEUS: ADDRESS, **({VMAGENT: QUEUE} if queues(monitoring) else {})}
    beside += [{"job_name": name, "static_configs": [{"targets": [at]}]} for name, at in own.items()]
    rules = {"rule_files": [f"{ETC}/rules.yml"]} if monitoring.by is Collector.LOCAL else {}
    return {
        "global": {"scrape_interval": "30s", "external_labels": labels},
        **rules,
        "scrape_configs": [server, *beside],
        **_sends(monitoring, remote_tls),
    }


def _tls(folder: str) -> dict[str, str]:
    return {key: f"{folder}/{name}" for key, name in _FILES.items()}


def _sends(monitoring: Monitoring, remote_tls: str) -> dict[str, Any]:
    if queues(monitoring):
        return {"remote_write": [{"url": f"http://{QUEUE}/api/v1/write"}]}
    if monitoring.remote:
        return {"remote_write": [{"url": monitoring.remote, "tls_config": _tls(remote_tls)}]}
    return {}


def arguments(monitoring: Monitoring) -> list[str]:
    """Of Prometheus 3. Nobody reaches it from outside its pod: it listens on loopback."""
    shared = [f"--config.file={ETC}/prometheus.yml", f"--web.listen-address={ADDRESS}"]
    if monitoring.by is Collector.AGENT:
        return [*shared, "--agent", f"--storage.agent.path={DATA}/wal"]
    days = max(1, round(monitoring.keep.seconds / 86400))
    size = round(monitoring.disk.bytes / 1024**2)
    return [
        *shared,
        f"--storage.tsdb.path={DATA}/tsdb",
        f"--storage.tsdb.retention.time={days}d",
        f"--storage.tsdb.retention.size={size}MB",
    ]


def queue_arguments(monitoring: Monitoring, remote_tls: str) -> list[str]:
    """Of vmagent, which only takes in what Prometheus hands over, and sends it on."""
    return [
        f"-httpListenAddr={QUEUE}",
        f"-remoteWrite.url={monitoring.remote}",
        f"-remoteWrite.tlsCertFile={remote_tls}/tls.crt",
        f"-remoteWrite.tlsKeyFile={remote_tls}/tls.key",
        f"-remoteWrite.tlsCAFile={remote_tls}/ca.crt",
        f"-remoteWrite.tmpDataPath={DATA}/queue",
        f"-remoteWrite.maxDiskUsagePerURL={monitoring.disk.bytes}",
    ]
