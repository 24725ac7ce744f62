"""Locking and mirroring images with the tools that people have: skopeo, or oras. Without either, the commands are told.

Nothing is invented: a digest is the SHA-256 of the manifest's own bytes, architectures are what the manifest says.
"""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml as pyyaml

from aiinfra.check.delivery import architectures_needed
from aiinfra.errors import AiinfraError, BadInput
from aiinfra.images import SERVER, Image, lock_path, parse_lock
from aiinfra.spec import yaml
from aiinfra.spec.reading import NAMES, load

_REFERENCE: Final = re.compile(
    r"(?P<host>[a-z0-9.\-]+(?::\d+)?)/(?P<name>[a-z0-9._\-/]+)(?::(?P<tag>[\w.\-]{1,128}))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
_TIMEOUT: Final = 600

Run = Callable[[Sequence[str]], bytes]
"""Runs a command and gives its output."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that reads and copies images."""

    name: str

    def raw(self, reference: str, *, plain_http: bool) -> list[str]:
        """Prints the manifest's own bytes."""
        if self.name == "skopeo":
            return ["skopeo", "inspect", *_off(plain_http), "--raw", f"docker://{reference}"]
        return ["oras", "manifest", "fetch", *(["--plain-http"] if plain_http else []), reference]

    def config(self, reference: str, *, plain_http: bool) -> list[str]:
        """Prints the configuration of an image that has one architecture."""
        if self.name == "skopeo":
            return ["skopeo", "inspect", *_off(plain_http), "--config", f"docker://{reference}"]
        return ["oras", "manifest", "fetch-config", *(["--plain-http"] if plain_http else []), reference]

    def copy(self, source: str, target: str, *, plain_http: bool) -> list[str]:
        """Copies every architecture and changes no byte."""
        if self.name == "skopeo":
            insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"] if plain_http else []
            return [
                "skopeo",
                "copy",
                *insecure,
                "--all",
                "--preserve-digests",
                f"docker://{source}",
                f"docker://{target}",
            ]
        insecure = ["--from-plain-http", "--to-plain-http"] if plain_http else []
        return ["oras", "copy", *insecure, "--recursive", source, target]


def _off(plain_http: bool) -> list[str]:  # noqa: FBT001 - one flag, of this module alone
    return ["--tls-verify=false"] if plain_http else []


def tool() -> Tool | None:
    """The first of the tools that is on PATH."""
    return next((Tool(name) for name in ("skopeo", "oras") if shutil.which(name)), None)


def run(command: Sequence[str]) -> bytes:
    """Run a tool.

    Raises:
        AiinfraError: ``image-unreadable``, with the tool's last words.
    """
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT).stdout  # noqa: S603 - no shell
    except subprocess.CalledProcessError as error:
        words = (error.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"])[-1]
        told = re.search(r'msg="((?:[^"\\]|\\.)*)"', words)  # skopeo writes a log line
        words = re.sub(r"\\(.)", r"\1", told[1]) if told else words
        raise AiinfraError(
            "image-unreadable", f"{shlex.join(command)}: {words[:500]}", "check the name; log in"
        ) from None
    except subprocess.TimeoutExpired:
        raise AiinfraError("image-unreadable", f"{shlex.join(command)} took over {_TIMEOUT} s", "try again") from None


def wanted(words: Sequence[str]) -> dict[str, str]:
    """``NAME=HOST/NAME:TAG`` words as a mapping.

    Raises:
        BadInput: ``image-invalid``.
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, reference = word.partition("=")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name) or not _REFERENCE.fullmatch(reference):
            raise BadInput(
                "image-invalid",
                f"{word!r} does not name an image",
                f"write NAME=HOST/NAME:TAG, like {SERVER}=registry.example.com/aiinfra/server:0.1",
            )
        found[name] = reference
    return found


def commands_of_lock(images: Mapping[str, str], *, plain_http: bool) -> list[str]:
    """What to run by hand where there is no tool here: the digest of what each image is now."""
    return [f"{shlex.join(Tool('skopeo').raw(ref, plain_http=plain_http))} | sha256sum" for ref in images.values()]


def resolve(reference: str, using: Tool, *, plain_http: bool = False, ask: Run = run) -> Image:
    """What a reference is now: its digest, and the architectures it is made for.

    Raises:
        AiinfraError: ``image-unreadable``.
    """
    content = ask(using.raw(reference, plain_http=plain_http))
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    match = _REFERENCE.fullmatch(reference)
    assert match is not None  # noqa: S101 - checked by `wanted`
    if match["digest"] and match["digest"] != f"@{digest}":
        raise AiinfraError("image-unreadable", f"{reference} is {digest}", "ask who changed it")
    exact = f"{match['host']}/{match['name']}@{digest}"
    try:
        manifest = json.loads(content)
        if isinstance(manifest, dict) and "manifests" in manifest:
            found = {entry.get("platform", {}).get("architecture", "") for entry in manifest["manifests"]}
        elif "config" not in manifest:
            raise TypeError
        else:
            found = {json.loads(ask(using.config(exact, plain_http=plain_http)))["architecture"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AiinfraError("image-unreadable", f"{reference} is no image", "name an image or an index") from None
    return Image(reference=exact, architectures=tuple(sorted(found - {"", "unknown"})))


def lock(
    deployment: Path, images: Mapping[str, str], using: Tool, *, plain_http: bool = False, ask: Run = run
) -> dict[str, Image]:
    """Write what each image is now into ``images.lock`` beside ``deployment``. All are written, or none.

    Raises:
        BadInput: ``image-architecture``: the server's image does not run on a declared tier.
        AiinfraError: ``image-unreadable``.
    """
    found = {name: resolve(reference, using, plain_http=plain_http, ask=ask) for name, reference in images.items()}
    folder = folder_of(deployment)
    if SERVER in found and any((folder / name).is_file() for name in NAMES):
        missing = sorted(architectures_needed(load(deployment)) - set(found[SERVER].architectures))
        if missing:
            raise BadInput(
                "image-architecture",
                f"{images[SERVER]} is for {', '.join(found[SERVER].architectures)}; tiers are {', '.join(missing)} too",
                "build it there too, join both in one index, and lock that",
            )
    write_lock(lock_path(folder), found)
    return found


def write_lock(file: Path, found: Mapping[str, Image]) -> None:
    """Change or add the entries, and leave the rest of the file's text as it is.

    Raises:
        BadInput: ``images-lock-invalid``.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    root: Any = pyyaml.compose(text, Loader=pyyaml.SafeLoader) if text.strip() else None
    there = {key.value: value for key, value in root.value} if isinstance(root, pyyaml.MappingNode) else {}
    edits = [(there[n].start_mark.index, there[n].end_mark.index, _entry(i)) for n, i in found.items() if n in there]
    for start, end, entry in sorted(edits, reverse=True):
        tail = text[start:end]
        text = text[:start] + entry + tail[len(tail.rstrip()) :] + text[end:]
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{name}: {_entry(image)}\n" for name, image in sorted(found.items()) if name not in there)
    parsed = parse_lock(yaml.read(text, str(file)).data, str(file))
    if {name: parsed.get(name) for name in found} != dict(found):
        raise BadInput(
            "images-lock-invalid", f"{file} cannot be edited without changing something else", "edit it by hand"
        )
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(file)


def _entry(image: Image) -> str:
    return f'{{reference: "{image.reference}", architectures: [{", ".join(image.architectures)}]}}'


def folder_of(deployment: Path) -> Path:
    """Where its ``images.lock`` is."""
    return deployment.parent if deployment.is_file() else deployment
