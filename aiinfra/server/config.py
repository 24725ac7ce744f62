"""The server's configuration: one model for the TOML file, the command line's flags and what components write.

Part of the foundation: components and the compiler build it, so it needs pydantic alone. Unknown keys are refused.
Every default is the closed one: loopback, signed releases only, no management, no plain text off the machine.
"""

import ipaddress
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from aiinfra.units import DataSize, Duration, Rate


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Address = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.\-]+):\d{1,5}$")]
"""``HOST:PORT``; an IPv6 host stands in brackets. Port 0 asks the system for a free one."""


def split_address(address: str) -> tuple[str, int]:
    """``("127.0.0.1", 8080)`` from ``"127.0.0.1:8080"``; the brackets of an IPv6 host are dropped."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach ``address``. A name other than ``localhost`` counts as reachable."""
    host, _ = split_address(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Repository(_Section):
    """Where models live and whose signature they need."""

    dir: str
    """Folder with ``MODEL/VERSION/`` below it."""
    allow_unsigned: bool = False
    """Serve a folder without a valid signature. Off by default; the log repeats it at start."""
    signers: tuple[str, ...] = ()
    """PEM files of public keys or certificate authorities; a release must be signed by one of them."""
    allow_expired: bool = False
    """Serve a release whose signing certificate has expired since. Off by default: a site whose signers are authorities
    and that must restart after their certificates' end needs it. Pulls never take such a release."""
    verdicts: str = ""
    """Folder of the server's own in which vetting's verdicts are kept between starts; empty: vetted at every load."""


class Endpoint(_Section):
    """An address the server listens on."""

    address: Address
    """``HOST:PORT`` to listen on."""
    allow_plaintext: bool = False
    """Serve without TLS off loopback. Off by default; the log repeats it at start."""


class Watch(_Section):
    """Metrics without TLS, on loopback alone: for ``aiinfra release pull``, which watches a new version."""

    address: Address
    """``HOST:PORT`` on this machine's loopback."""

    @field_validator("address")
    @classmethod
    def _loopback(cls, value: str) -> str:
        if not is_loopback(value):
            raise ValueError(f"{value} can be reached from other machines: watch is on loopback, like 127.0.0.1:9091")
        return value


class Tls(_Section):
    """The server's certificate and who its clients must be."""

    certificate: str
    """PEM file with the server's certificate chain."""
    key: str
    """PEM file with the server's private key."""
    client_ca: str = ""
    """PEM file with the authorities that sign clients' certificates; empty: clients need no certificate."""
    trust_domain: str = ""
    """SPIFFE trust domain that clients' identities must belong to; empty: the certificate's subject is the identity."""


class Limits(_Section):
    """What one request, one connection and one identity may use."""

    header: DataSize = DataSize("16 KiB")
    """Longest request head."""
    headers: int = Field(default=100, ge=8)
    """Most header lines of one request."""
    body: DataSize = DataSize("64 MiB")
    """Longest request body as sent."""
    decompressed_body: DataSize = DataSize("64 MiB")
    """Longest request body after gzip or deflate."""
    json_depth: int = Field(default=32, ge=1, le=512)
    """Deepest nesting of a JSON body."""
    elements: int = Field(default=16_777_216, ge=1)
    """Most elements of one tensor."""
    outputs: int = Field(default=64, ge=1)
    """Most outputs one request may name."""
    chunks: int = Field(default=4096, ge=1)
    """Most chunks of a chunked body."""
    connections: int = Field(default=1024, ge=1)
    """Most connections at once."""
    queue: int = Field(default=256, ge=1)
    """Most requests waiting for one model; the next is refused at once."""
    idle: Duration = Duration("30 s")
    """How long a connection may say nothing, or be in the middle of a request."""
    rate: Rate | None = None
    """Requests one identity may make; none: no limit."""
    identities: dict[str, Rate] = {}
    """Limits of single identities, instead of ``rate``."""


class Verb(StrEnum):
    """What an identity may do with a model."""

    INFER = "infer"
    READ = "read"
    """Metadata, statistics, the index."""
    MANAGE = "manage"
    """Load and unload."""


class Allow(_Section):
    """One grant. Nothing else is allowed, but for ``local`` (loopback without TLS), which may infer and read."""

    identity: str
    """A SPIFFE id, a certificate's subject, or ``local``."""
    models: tuple[str, ...] = ("*",)
    """Model names; ``*`` is all of them."""
    verbs: tuple[Verb, ...] = (Verb.INFER, Verb.READ)
    """What the identity may do."""


class Vetting(_Section):
    """Limits of the disposable process that a model is opened in first."""

    memory: DataSize = DataSize("8 GiB")
    """Address space it may use."""
    time: Duration = Duration("60 s")
    """Processor time it may use; twice that on the clock."""


class Audit(_Section):
    """A log in which a changed or missing line shows."""

    file: str
    """Where the records go, one JSON object a line."""
    key: str = ""
    """PEM private key that signs checkpoints; empty: the chain is hashed, not signed."""
    checkpoint: Duration = Duration("60 s")
    """How often a checkpoint is written."""
    rotate: DataSize | None = None
    """A file this long is sealed and set aside as ``FILE.NUMBER``, the chain goes on in a new one; none: never."""


class LogLevel(StrEnum):
    """How much the server says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


class Log(_Section):
    """The server's own log, on standard error."""

    level: LogLevel = LogLevel.INFO
    """The least level that is written."""
    json_lines: bool = Field(default=True, alias="json")
    """One JSON object a line; false: text for people."""


class Traces(_Section):
    """OpenTelemetry traces. Off unless this section is there."""

    endpoint: str
    """OTLP/HTTP endpoint, ``http(s)://HOST:PORT``. The one connection the server makes, and only if this is set."""
    sample: float = Field(default=0.01, ge=0, le=1)
    """Part of the requests that is traced, where the caller's ``traceparent`` does not decide it."""


class Fallback(StrEnum):
    """What happens when the execution provider asked for is not there."""

    REFUSE = "refuse"
    CPU = "cpu"


class Batching(StrEnum):
    """Whether requests may share one call of the model."""

    AUTO = "auto"
    """Where the first dimension allows it and results were shown equal at load."""
    OFF = "off"


class ModelSettings(_Section):
    """How one model is run."""

    digest: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """The only digest of model.onnx that is served; empty: any that is signed."""
    execution_providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """onnxruntime execution providers, first choice first."""
    fallback: Fallback = Fallback.REFUSE
    """What to do where the first provider is absent."""
    batching: Batching = Batching.AUTO
    """Whether requests may share a call."""
    deadline: Duration = Duration("10 s")
    """Longest time a request may take, waiting included; a request's own shorter one wins."""
    threads: int = Field(default=0, ge=0, le=256)
    """Calls that may run at once where the model does not run on the event loop; 0: one a processor core."""
    untrusted: bool = False
    """Run in a process of its own that can be killed."""


class ServerConfig(_Section):
    """The whole file. Every flag of ``aiinfra serve`` has its key here."""

    repository: Repository
    http: Endpoint | None = None
    """REST; absent: not served."""
    grpc: Endpoint | None = None
    """gRPC; absent: not served."""
    metrics: Endpoint | None = None
    """Prometheus; absent: not served."""
    watch: Watch | None = None
    """Metrics for this machine's own ``aiinfra release pull``; absent: not served."""
    health: Endpoint | None = None
    """Live and ready only, without client certificates: for probes. Absent: health is on ``http`` alone."""
    tls: Tls | None = None
    limits: Limits = Limits()
    allow: tuple[Allow, ...] = ()
    vetting: Vetting = Vetting()
    audit: Audit | None = None
    log: Log = Log()
    traces: Traces | None = None
    models: dict[str, ModelSettings] = {}
    """Settings by model name; a model without an entry runs with the defaults."""

    @field_validator("models")
    @classmethod
    def _model_names(cls, value: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        for name in value:
            if not name or "/" in name or name.startswith("."):
                raise ValueError(f"{name!r} cannot be a model's name: no slash, no leading dot")
        return value

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a TOML file.

        Raises:
            tomllib.TOMLDecodeError: not TOML.
            pydantic.ValidationError: a key is unknown or a value is refused.
        """
        return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))

    def to_toml(self) -> str:
        """The file's text: only what differs from the defaults, in the order of this module."""
        return tomli_w.dumps(self.model_dump(mode="json", by_alias=True, exclude_defaults=True))
