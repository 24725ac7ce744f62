"""``images.lock``: which container image stands behind each name, by digest. Data the user fills; nothing is invented.

A foundation module: components, checks and the compiler read it. The file is YAML beside the declaration::

    aiinfra-server: {reference: "registry.example.com/aiinfra/server@sha256:...", architectures: [amd64, arm64]}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from aiinfra.errors import BadInput

FILE: Final = "images.lock"
SERVER: Final = "aiinfra-server"
"""Name of the bundled inference server's image."""
VLLM: Final = "vllm-openai"
"""Name of vLLM's image with the OpenAI API."""

PROMETHEUS: Final = "prometheus"
"""Name of Prometheus' image."""
VMAGENT: Final = "vmagent"
"""Name of the image whose queue holds metrics over outages."""
BRIDGE: Final = "bridge"
"""Name of the image that reads sensor streams (benthos-umh)."""
K3S_UPGRADE: Final = "k3s-upgrade"
"""Name of the image that replaces a machine's k3s; its tag is the k3s release."""

RUNNER: Final = "platform-runner"
"""Name of the image that runs projects from inside the network: Pulumi with its plugins, the AWS CLI, this package."""

UNLOCKED_HOST: Final = "unlocked.invalid"
"""Host of the reference that stands for a missing entry. ``.invalid`` resolves nowhere (RFC 6761), so nothing is ever
pulled by mistake; exports, checks and reviews report it as ``unlocked``."""


def release_image(deployment: str) -> str:
    """Name of the image that holds a deployment's release folder."""
    return f"{deployment}-release"


def trainer_image(deployment: str) -> str:
    """Name of the image that a deployment's training jobs run."""
    return f"{deployment}-trainer"


class Image(BaseModel):
    """One locked image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str = Field(pattern=r"^[a-z0-9.\-]+(:\d+)?(/[a-z0-9._\-]+)+(:[\w.\-]+)?@sha256:[0-9a-f]{64}$")
    architectures: tuple[str, ...] = Field(default=(), examples=[["amd64", "arm64"]])


_LOCK = TypeAdapter(dict[str, Image])


def parse_lock(data: object, file: str = FILE) -> Mapping[str, Image]:
    """The entries of a lock.

    Raises:
        BadInput: ``images-lock-invalid``.
    """
    try:
        return _LOCK.validate_python(data or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            "images-lock-invalid",
            f"{file}: {place}: {first['msg']}",
            "each entry is {reference: HOST/NAME@sha256:DIGEST, architectures: [amd64, arm64]}",
        ) from None


def reference(images: Mapping[str, str], name: str) -> str:
    """The reference locked for ``name``, or one on ``unlocked.invalid`` that cannot be pulled."""
    return images.get(name, f"{UNLOCKED_HOST}/{name}")


def is_unlocked(image: str) -> bool:
    """Whether ``image`` stands for a missing entry, of an image or, with ``oci://``, of a chart."""
    return image.removeprefix("oci://").startswith(f"{UNLOCKED_HOST}/")


def parts(locked: str) -> tuple[str, str, str]:
    """Name with its host, tag and digest of a reference; tag and digest are empty where there is none.

    ``HOST:PORT/NAME:TAG@sha256:DIGEST`` -> ``("HOST:PORT/NAME", "TAG", "sha256:DIGEST")``.
    """
    rest, _, digest = locked.partition("@")
    place, _, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{place}/{name}", tag, digest


def lock_path(folder: Path) -> Path:
    """Where the lock of a declaration in ``folder`` is."""
    return folder / FILE
