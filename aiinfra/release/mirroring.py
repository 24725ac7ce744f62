"""What a closed network must have in a registry of its own: every locked image and chart, and what no lock names yet
but the declaration needs and the table of operators knows where to get. Plans commands, and runs them where it can.
"""

import hashlib
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiinfra.catalogue.operators import Operator, operators
from aiinfra.check.needed import needed, pulled
from aiinfra.errors import BadInput
from aiinfra.images import FILE, Image, lock_path, parts
from aiinfra.release.images import Run, Tool, folder_of, resolve, run, write_lock
from aiinfra.spec.reading import NAMES, load, read_lock

_CHART: Final = "chart-"
"""How names of charts begin in a lock."""
_HELM_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
_HELM_CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_SCRATCH: Final = "charts"
"""Folder beside the declaration that charts are fetched into on their way."""


@dataclass(frozen=True, slots=True)
class Write:
    """A small file that a command reads."""

    file: str
    text: str

    def __str__(self) -> str:
        return f"printf %s {shlex.quote(self.text)} > {shlex.quote(self.file)}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    words: Sequence[str]

    def __str__(self) -> str:
        return shlex.join(self.words)


@dataclass(frozen=True, slots=True)
class Copy:
    """One image or chart on its way to a mirror."""

    name: str
    """In ``images.lock``."""
    target: str
    """With a tag, since registries want one to push to; Helm takes a chart by it."""
    steps: tuple[Write | Command, ...]
    known: Image | None = None
    """What the lock says once it is there; None: its digest is read from the mirror."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is copied."""

    copies: tuple[Copy, ...]
    unknown: tuple[str, ...] = field(default=())
    """Needed, not locked, and in no table: yours to build or to choose, and to lock."""

    @property
    def lines(self) -> list[str]:
        """As one types it."""
        found = [str(step) for one in self.copies for step in one.steps]
        return [f"mkdir -p {_SCRATCH}", *found] if any("helm pull" in line for line in found) else found

    @property
    def missing(self) -> list[str]:
        """Programs that it takes and that are not here."""
        words = {step.words[0] for one in self.copies for step in one.steps if isinstance(step, Command)}
        return sorted(word for word in words if shutil.which(word) is None)


def plan(deployment: Path, to: str, using: Tool, *, by_name: bool = False, plain_http: bool = False) -> Plan:
    """Where everything goes below ``to`` (``HOST/PATH``): as ``PATH/NAME`` of where it comes from, or ``by_name`` as it
    is called in ``images.lock``, which is what the registry project calls its repositories.

    Raises:
        BadInput: ``image-invalid``, ``images-lock-missing``, and what reading the declaration raises.
    """
    if not re.fullmatch(r"[a-z0-9.\-]+(:\d+)?(/[a-z0-9._\-]+)*", to):
        raise BadInput("image-invalid", f"{to!r} is no registry", "write --to HOST/PATH, like registry.internal/mirror")
    folder = folder_of(deployment)
    locked = read_lock(folder)
    there = any((folder / name).is_file() for name in NAMES)
    declared = load(deployment).whole if there else None
    wanted = [name for name in needed(declared) if name not in locked] if declared else []
    known = {name: row for row in operators().values() for name in row.locks}
    if not locked and not any(name in known for name in wanted):
        raise BadInput("images-lock-missing", f"{FILE} has no image to mirror", "lock them first: aiinfra images lock")
    places = _Places(to, by_name=by_name, plain_http=plain_http)
    copies = [_of_lock(name, image, places, using) for name, image in locked.items()]
    copies += [_of_table(name, known[name], places, using) for name in wanted if name in known]
    left = {*wanted} - {*known} - ({*pulled(declared)} if declared else set())
    return Plan(tuple(copies), tuple(sorted(left)))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where things go."""

    to: str
    by_name: bool
    plain_http: bool

    def __call__(self, name: str, source: str) -> str:
        return f"{self.to}/{name if self.by_name else source.partition('/')[2]}"


def _of_lock(name: str, image: Image, to: _Places, using: Tool) -> Copy:
    """By digest; a chart keeps its tag, since Helm asks for a version."""
    source, tag, digest = parts(image.reference)
    kept = tag if name.startswith(_CHART) else ""
    target = f"{to(name, source)}:{kept or digest.removeprefix('sha256:')[:16]}"
    moved = f"{to(name, source)}{':' * bool(kept)}{kept}@{digest}"
    copy = Command(using.copy(f"{source}@{digest}", target, plain_http=to.plain_http))
    return Copy(name, target, (copy,), image.model_copy(update={"reference": moved}))


def _of_table(name: str, row: Operator, to: _Places, using: Tool) -> Copy:
    """From where the table says it is; what it is there, the mirror's digest says afterwards."""
    if name != row.locked:
        source = next(image.upstream for image in row.images if image.name == name)
        bare, tag, _ = parts(source)
        target = f"{to(name, bare)}:{tag}"
        return Copy(name, target, (Command(using.copy(source, target, plain_http=to.plain_http)),))
    if row.chart.startswith("oci://"):
        source = row.chart.removeprefix("oci://")
        target = f"{to(name, source)}:{row.version}"
        return Copy(name, target, (Command(using.copy(f"{source}:{row.version}", target, plain_http=to.plain_http)),))
    repository, chart = row.chart.split()
    target = f"{to(name, f'{urlsplit(repository).netloc}/{chart}')}:{row.version}"
    return Copy(name, target, tuple(_by_helm(repository, chart, row.version, target, to)))


def _by_helm(repository: str, chart: str, version: str, target: str, to: _Places) -> Iterator[Write | Command]:
    """A chart of a plain chart repository becomes an OCI artifact. ``helm push`` names it after the chart; where
    another name is wanted, oras pushes it with what Helm would say of it."""
    about = json.dumps({"apiVersion": "v2", "name": chart, "version": version}, separators=(",", ":"))
    config, archive = f"{_SCRATCH}/{chart}-{version}.json", f"{_SCRATCH}/{chart}-{version}.tgz"
    insecure = ["--plain-http"] if to.plain_http else []
    yield Command(["helm", "pull", chart, "--repo", repository, "--version", version, "--destination", _SCRATCH])
    if not to.by_name:
        yield Command(["helm", "push", *insecure, archive, f"oci://{to.to}"])
        return
    yield Write(config, about)
    yield Command(
        ["oras", "push", *insecure, target, "--config", f"{config}:{_HELM_CONFIG}", f"{archive}:{_HELM_CHART}"]
    )


def mirror(deployment: Path, made: Plan, using: Tool, *, plain_http: bool = False, ask: Run = run) -> dict[str, Image]:
    """Copy everything, and let ``images.lock`` name the mirror once all of it is there; what the lock says now.

    Raises:
        AiinfraError: ``image-unreadable``.
    """
    with tempfile.TemporaryDirectory(prefix="aiinfra-charts-") as scratch:
        for step in (step for one in made.copies for step in one.steps):
            if isinstance(step, Write):
                Path(step.file.replace(_SCRATCH, scratch, 1)).write_text(step.text, encoding="utf-8")
            else:
                ask([_in(scratch, word) for word in step.words])
    found = {one.name: one.known or _read(one, using, plain_http=plain_http, ask=ask) for one in made.copies}
    write_lock(lock_path(folder_of(deployment)), found)
    return found


def _in(scratch: str, word: str) -> str:
    return scratch + word.removeprefix(_SCRATCH) if word == _SCRATCH or word.startswith(f"{_SCRATCH}/") else word


def _read(one: Copy, using: Tool, *, plain_http: bool, ask: Run) -> Image:
    if not one.name.startswith(_CHART):
        return resolve(one.target, using, plain_http=plain_http, ask=ask)
    content = ask(using.raw(one.target, plain_http=plain_http))
    return Image(reference=f"{one.target}@sha256:{hashlib.sha256(content).hexdigest()}")
