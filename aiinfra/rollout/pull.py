"""``aiinfra release pull``: one run brings a site to the release that a place names, or leaves it as it was.

Fetch, verify, vet, try, make current, watch, keep or roll back. Each step is done whole or not at all, and what is
begun is on the disk before it is done: a run that was killed is finished by the next, and in between the server serves
a whole release, the old one or the new one. The server is told nothing: it watches ``current``.
"""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from aiinfra.errors import AiinfraError, BadInput, Exit, Refused
from aiinfra.release.artifact import Artifact, pack
from aiinfra.release.disk import writing
from aiinfra.release.manifest import ReleaseManifest
from aiinfra.release.place import Place
from aiinfra.release.store import Source
from aiinfra.release.transfer import Progress, fetch, resolve
from aiinfra.rollout.home import Begun, Home
from aiinfra.rollout.observe import look
from aiinfra.rollout.record import Entry
from aiinfra.rollout.soak import Clock, Limits, Verdict, watch
from aiinfra.server import repository
from aiinfra.server.config import ModelSettings, ServerConfig
from aiinfra.server.vetting import vet

_REJECTED = frozenset({"refused", "rolled-back"})


class Result(StrEnum):
    """How a run ended."""

    CURRENT = "current"
    """The site has that release already."""
    KEPT = "kept"
    FAILING = "kept-failing"
    """It did badly while it was watched, and there is none to go back to."""
    ROLLED_BACK = "rolled-back"
    PLACED = "placed"
    """Made current; to be watched by another run (``finish``)."""
    NOTHING = "nothing"
    """There was nothing to finish."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    result: Result
    model: str = ""
    version: str = ""
    digest: str = ""
    why: str = ""

    @property
    def exit_code(self) -> Exit:
        """``FAILED`` where the release was not kept as a good one."""
        return Exit.FAILED if self.result in (Result.ROLLED_BACK, Result.FAILING) else Exit.DONE

    def as_json(self) -> dict[str, str]:
        """Plain data."""
        return asdict(self)

    def told(self) -> str:
        """One line for people."""
        said = {Result.CURRENT: "is served already", Result.PLACED: "is current", Result.ROLLED_BACK: "was rolled back"}
        if self.result is Result.NOTHING:
            return "nothing was begun"
        what = said.get(self.result, "was kept")
        return f"{self.model} {self.version} {what}{': ' if self.why else ''}{self.why}".lstrip()


def _unseen(file: str, done: int, total: int) -> None:
    """Nobody watches the transfer."""


def _unheard(text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where releases go, and how they are judged."""

    config: ServerConfig
    """The server's own configuration: its repository, signers, and each model's execution providers."""
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    progress: Progress = _unseen
    say: Callable[[str], None] = _unheard
    """Told each step as it begins."""
    pause: Callable[[float], None] = time.sleep
    try_on: tuple[str, ...] = ()
    """Execution providers that a release is tried on before it is served; empty: those that the server uses."""


def pull(
    site: Site, place: Place, source: Source, *, model: str = "", again: bool = False, watched: bool = True
) -> Outcome:
    """Bring the site to what ``place`` names. What an earlier run left is finished first.

    Args:
        site: The site.
        place: The place, for messages and its digest.
        source: The place, opened.
        model: The only model that may come; empty: any that is signed.
        again: Take a release that was refused or rolled back here before.
        watched: False: make it current and leave the watching to :func:`finish`.

    Raises:
        Refused: ``pull-running``; ``release-exists`` (another release has that version here).
        BadInput: ``no-signers``.
        AiinfraError: ``release-rejected`` (it failed here before), ``release-other-model``,
            ``release-other-tier``, ``model-digest``, what
            fetching, verifying and vetting raise. The site serves what it served before.
    """
    if not site.config.repository.signers:
        raise BadInput("no-signers", "no signer is named, so nothing could be verified", "name one: --signer FILE")
    home = Home(Path(site.config.repository.dir))
    with home.locked():
        finished = _finish(site, home)
        site.say(f"asking {place.text}")
        artifact = resolve(source, place)
        name, version, there = _there(home, artifact)
        if there and model and name != model:
            raise _other_model(name, model)
        if there and home.current(name) == version:
            _sweep(home, "")
            return Outcome(Result.CURRENT, name, version, artifact.digest, finished.why if finished else "")
        _refuse_rejected(home, artifact, place, again=again)
        if there:
            name, version = _judge(site, home, artifact, home.folder(name, version), model)
        else:
            site.say(f"fetching {place.text}")
            staging = home.incoming(artifact.digest)
            _sweep(home, staging.name)
            files = fetch(source, artifact, staging, progress=site.progress, pause=site.pause)
            with _said_of(place, files):
                name, version = _judge(site, home, artifact, files, model)
            _place(home, files, name, version)
        return _switch(site, home, artifact, name, version, watched=watched)


def finish(site: Site) -> Outcome:
    """Watch what an earlier run made current, and keep it or roll it back; nothing where nothing is begun. No network.

    Raises:
        Refused: ``pull-running``.
    """
    home = Home(Path(site.config.repository.dir))
    with home.locked():
        return _finish(site, home) or Outcome(Result.NOTHING)


def _there(home: Home, artifact: Artifact) -> tuple[str, str, bool]:
    """The name and version that the artifact claims, and whether exactly it is in the repository already."""
    name, version = artifact.name, artifact.version
    if not (repository.is_name(name) and repository.is_name(version)):
        return "", "", False
    folder = home.folder(name, version)
    if not folder.is_dir():
        return name, version, False
    if pack(folder).artifact.digest == artifact.digest:
        return name, version, True
    if home.current(name) == version or version in _needed(home, name):
        raise Refused(
            "release-exists", f"{folder} is there already, and is another release", "build it with a new version"
        )
    shutil.rmtree(folder)  # nothing serves it, and its name is wanted
    return name, version, False


def _refuse_rejected(home: Home, artifact: Artifact, place: Place, *, again: bool) -> None:
    before = home.record.last(artifact.digest)
    if before is not None and before.event in _REJECTED and not again:
        raise AiinfraError(
            "release-rejected",
            f"{place.text} is {before.model} {before.version}, {before.event} here on {before.at}: {before.why}",
            "ship another release; --again tries this one once more",
        )


@contextmanager
def _said_of(place: Place, files: Path) -> Iterator[None]:
    """What is wrong with a release that has just arrived is said of the place it came from, not of a folder of ours."""
    try:
        yield
    except AiinfraError as error:
        error.message = error.message.replace(str(files / "model.onnx"), place.text).replace(str(files), place.text)
        raise


def _judge(site: Site, home: Home, artifact: Artifact, folder: Path, model: str) -> tuple[str, str]:
    """Verify, vet and try it in a child, as this tier runs it; its name and version.

    A release that does not run here is remembered, and not fetched again.
    """
    config = site.config
    claimed = ReleaseManifest.read(folder)
    settings = config.models.get(claimed.name, ModelSettings())
    signed_only = config.repository.model_copy(update={"allow_unsigned": False, "allow_expired": False})
    site.say(f"verifying and trying {claimed.name} {claimed.version}")
    if model and claimed.name != model:
        raise _other_model(claimed.name, model)
    providers = [tier.execution_providers for tier in claimed.tiers]
    if providers and settings.execution_providers not in providers:
        fine = ", ".join(sorted({tier.accelerator for tier in claimed.tiers}))
        raise AiinfraError(
            "release-other-tier",
            f"{claimed.name} {claimed.version} is for {fine}; this site runs {', '.join(settings.execution_providers)}",
            "declare this tier among the sites, and build the release again",
        )
    if settings.digest and settings.digest != claimed.digest:
        raise AiinfraError(
            "model-digest",
            f"the server's configuration pins {settings.digest[:19]}... for {claimed.name!r}, this is "
            f"{claimed.digest[:19]}...",
            "remove models.NAME.digest where releases are pulled: their signature says which are fine",
        )
    try:
        tried = settings.model_copy(update={"execution_providers": site.try_on}) if site.try_on else settings
        asyncio.run(vet(folder / "model.onnx", tried, signed_only, config.vetting))
    except AiinfraError as error:
        if error.code.startswith(("golden-", "model-")):
            why = f"{error.code}: {error.message}"
            home.record.add(Entry("refused", claimed.name, claimed.version, artifact.digest, why))
            _sweep(home, "")
        raise
    return claimed.name, claimed.version


def _other_model(name: str, model: str) -> AiinfraError:
    return AiinfraError(
        "release-other-model", f"that is a release of {name!r}, asked for was {model!r}", "check the source"
    )


def _place(home: Home, files: Path, name: str, version: str) -> None:
    folder = home.folder(name, version)
    if folder.exists():
        raise Refused(
            "release-exists", f"{folder} is there already, and is another release", "build it with a new version"
        )
    with writing(home.root):
        home.place(files, name, version)
        _sweep(home, "")


def _switch(site: Site, home: Home, artifact: Artifact, name: str, version: str, *, watched: bool) -> Outcome:
    """Make it current; from here on a run that is killed is finished by the next."""
    previous = home.current(name)
    begun = Begun(name, version, artifact.digest, "" if previous == version else previous)
    with writing(home.root):
        home.begin(begun)
        home.make_current(name, version)
        home.record.add(Entry("serving", name, version, artifact.digest, f"before: {begun.previous or 'nothing'}"))
    if not watched:
        return Outcome(Result.PLACED, name, version, artifact.digest, "made current; not watched yet")
    return _conclude(site, home, begun)


def _finish(site: Site, home: Home) -> Outcome | None:
    begun = home.begun()
    if begun is None or not home.folder(begun.model, begun.version).is_dir():
        home.end()
        return None
    if not begun.verdict and home.current(begun.model) != begun.version:
        with writing(home.root):
            home.make_current(begun.model, begun.version)  # it was killed between remembering and doing
    return _conclude(site, home, begun)


def _conclude(site: Site, home: Home, begun: Begun) -> Outcome:
    """Watch it, unless that was done, and do what follows."""
    if not begun.verdict:
        verdict = _watch(site, begun)
        begun = begun.decided("keep" if verdict.keep else "back", verdict.why)
        with writing(home.root):
            home.begin(begun)
    keep = begun.verdict == "keep" or not begun.previous
    event = "kept" if begun.verdict == "keep" else "rolled-back" if begun.previous else "kept-failing"
    with writing(home.root):
        last = home.record.last(begun.digest)
        if last is None or (last.event, last.why) != (event, begun.why):
            home.record.add(Entry(event, begun.model, begun.version, begun.digest, begun.why))
        if not keep:
            home.make_current(begun.model, begun.previous)
        home.end()
        if keep:
            _prune(home, begun)
    site.say(f"{event}: {begun.why}")
    return Outcome(Result(event), begun.model, begun.version, begun.digest, begun.why)


def _watch(site: Site, begun: Begun) -> Verdict:
    address = site.config.watch
    if address is None:
        return Verdict(keep=True, why="not watched: the server's configuration has no [watch] address")
    if not begun.previous and look(address.address, begun.model) is None:
        return Verdict(keep=True, why="the first release here; no server runs yet")
    site.say(f"watching {begun.model} {begun.version} for {site.limits.time}")
    return watch(partial(look, address.address, begun.model), begun.version, site.limits, site.clock)


def _needed(home: Home, model: str) -> set[str]:
    """Versions that may not go: the one that is served and the one it may go back to."""
    begun = home.begun()
    return {home.current(model), *((begun.version, begun.previous) if begun and begun.model == model else ())}


def _prune(home: Home, kept: Begun) -> None:
    """Remove versions that this program placed and that are neither served nor the one before."""
    stay = {kept.version, kept.previous, home.current(kept.model)}
    placed = [e.version for e in home.record.entries() if e.model == kept.model and e.event == "serving"]
    for version in set(placed) - stay:
        if home.folder(kept.model, version).is_dir():
            home.discard(kept.model, version)


def _sweep(home: Home, keep: str) -> None:
    """Remove what arrived and is not wanted any more."""
    for path in home.arriving():
        if path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
