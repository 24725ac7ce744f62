"""What the command line hands over: options become a :class:`Site`, a place and one run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.disk import writing
from aiinfra.release.place import Kind, parse_place
from aiinfra.release.store import LinkLost, ReleaseFolder, Source
from aiinfra.release.transfer import Progress, open_source
from aiinfra.release.verify import verify
from aiinfra.rollout import pull as pulling
from aiinfra.rollout.home import Home
from aiinfra.rollout.observe import look
from aiinfra.rollout.pull import Outcome, Result, Site
from aiinfra.rollout.record import Entry
from aiinfra.rollout.soak import Clock, Limits
from aiinfra.rollout.stay import Wall, own_delay, stay
from aiinfra.server import repository as repositories
from aiinfra.server.config import ServerConfig, Watch
from aiinfra.server.flags import configure
from aiinfra.spec.class_file import Wave, read_class
from aiinfra.spec.window import parse_window
from aiinfra.units import Duration, Share

_CPU: Final = "CPUExecutionProvider"


_DAMAGE: Final = frozenset(
    ("release-changed", "release-file-missing", "release-file-extra", "release-invalid", "release-unsigned")
)
"""What verification says of files that are not as they were placed."""


def run(
    source: str | None,
    *,
    say: Callable[[str], None],
    progress: Progress,
    config: Path | None = None,
    repository: Path | None = None,
    signers: Sequence[Path] = (),
    watch: str | None = None,
    model: str = "",
    soak: Duration | None = None,
    load: Duration | None = None,
    max_failed: Share | None = None,
    max_p99: Duration | None = None,
    again: bool = False,
    no_watch: bool = False,
    finish: bool = False,
    or_keep: bool = False,
    first: bool = False,
    try_on_cpu: bool = False,
    class_file: Path | None = None,
    site: str = "",
    wave: int | None = None,
    plain_http: bool = False,
    ca: Path | None = None,
) -> Outcome:
    """One run of ``aiinfra release pull``.

    Raises:
        BadInput: ``pull-needs`` (no SOURCE, or neither a configuration nor a repository), what reading
            the configuration raises, and what :func:`aiinfra.rollout.pull.pull` raises.
    """
    default = Limits()
    limits = Limits(soak or default.time, load or default.load, max_failed or default.failed, max_p99)
    try_on = (_CPU,) if try_on_cpu else ()
    here = Site(_config(config, repository, signers, watch), limits, say=say, progress=progress, try_on=try_on)
    if first and not model:
        raise BadInput("pull-needs", "--first asks whether a model is here", "name it: --model NAME")
    if first and (kept := _stands(here, model)):
        return Outcome(Result.CURRENT, model, kept, why="it is here and as it was signed; nothing was asked")
    if finish:
        return pulling.finish(here)
    if bool(source) == bool(class_file):
        raise BadInput(
            "pull-needs",
            "SOURCE and --class-file both say what to pull" if source else "no SOURCE is named",
            "write HOST/NAME:TAG, oci:PATH:TAG or ./PATH, or --class-file FILE --site NAME; or --finish",
        )
    told = _of_class(class_file, site, wave) if class_file else None
    place = parse_place(f"{told[0]}@{told[1].digest}" if told else source or "")
    try:
        if told and place.kind is Kind.FOLDER:
            opened: Source = ReleaseFolder(place, model, told[1].version)
        else:
            opened = open_source(place, plain_http=plain_http, ca=ca)
        return pulling.pull(here, place, opened, model=model, again=again, watched=not no_watch)
    except LinkLost as error:
        kept = _serving(here, model) if or_keep else _before(here, model) if first else None
        if kept is None:
            raise
        return Outcome(Result.CURRENT, model, kept, why=f"{error.message}; goes on with what is here")


def repeat(
    source: str | None,
    *,
    window: str,
    jitter: Duration,
    say: Callable[[str], None],
    told: Callable[[Outcome], None],
    wall: Wall | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> None:
    """Finish what is begun, then run at each opening of the window; ends with the process alone.

    Whatever goes wrong in one run is said, and the next is awaited: a kubelet counts a pod as not ready while a sidecar
    of it is down, so a full disk or a bad artifact would take the server out of service. The options are those of
    :func:`run`.

    Raises:
        BadInput: ``window-invalid``, ``pull-needs``, ``place-invalid``, what reading the configuration raises: before
            anything is begun.
    """
    try:
        opens = parse_window(window)
    except ValueError as error:
        raise BadInput(
            "window-invalid", str(error), "systemd-analyze calendar shows what an expression means"
        ) from None
    strays = [f"--{key.replace('_', '-')}" for key in ("finish", "first", "no_watch") if options.pop(key, False)]
    if strays:
        raise BadInput("pull-needs", f"{strays[0]} is for one run, and --window for many", "leave one of them out")
    if not source and not options.get("class_file"):
        raise BadInput("pull-needs", "no SOURCE is named", "write HOST/NAME:TAG, oci:PATH:TAG or ./PATH")
    if source:
        parse_place(source)
    config = _config(options.get("config"), options.get("repository"), (), options.get("watch"))
    if config.watch is not None:
        _await_server(config.watch.address, options.get("model", ""), options.get("load"), clock or Clock())

    def once(*, finish: bool = False) -> None:
        try:
            told(run(None if finish else source, say=say, finish=finish, **options))
        except AiinfraError as error:
            say(f"{error.code}: {error.message}")
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not take the server out of service
            say(f"this run failed: {error!r}")

    once(finish=True)
    stay(opens, own_delay(Path(config.repository.dir), jitter), once, wall or Wall(), say)


def _await_server(address: str, model: str, load: Duration | None, clock: Clock) -> None:
    """Where both begin together, the server is still loading what an earlier run made current."""
    end = clock.now() + (load or Limits().load).seconds
    while look(address, model) is None and clock.now() < end:
        clock.sleep(clock.every)


def history(repository: Path) -> list[Entry]:
    """What happened to releases in a model repository, oldest first.

    Raises:
        BadInput: ``repository-absent``.
    """
    if not repository.is_dir():
        raise BadInput("repository-absent", f"{repository} is not a folder", "name the server's model repository")
    return Home(repository).record.entries()


def _of_class(file: Path, site: str, wave: int | None) -> tuple[str, Wave]:
    """Where a class's releases are, and what the site's wave is meant to serve."""
    told = read_class(file)
    if not site and wave is None and len(told.waves) > 1:
        raise BadInput("pull-needs", f"{file} has {len(told.waves)} waves", "name this site: --site NAME")
    return told.uri, told.waves[told.wave_of(file.stem, site, wave)]


def _serving(site: Site, model: str) -> str | None:
    """The version that is served without the link; None where there is none."""
    home = Home(Path(site.config.repository.dir))
    folder = home.root / model
    names = [model] if model else [p.name for p in sorted(home.root.glob("[!.]*")) if p.is_dir()]
    found = [version for name in names if (version := home.current(name))] if folder.is_dir() else []
    return found[0] if found else None


def _stands(site: Site, model: str) -> str | None:
    """The version to serve that is here and is what was signed; None where there is none. No network.

    One that is not what was signed any more (a disk that rots) is removed: nothing would serve it, and it would stand
    in the way of the same version fetched again. One whose signer is not known stays: that may be the configuration.
    """
    home = Home(Path(site.config.repository.dir))
    version = home.current(model)
    if not version:
        return None
    try:
        _verified(site, home, model, version)
    except AiinfraError as error:
        site.say(f"{model} {version} is here, and cannot be served: {error.message}")
        if error.code not in _DAMAGE:
            return None
        with home.locked(), writing(home.root):
            home.discard(model, version)
            home.record.add(Entry("damaged", model, version, "", f"{error.code}: {error.message}"))
        return None
    return version


def _before(site: Site, model: str) -> str | None:
    """Where nothing can be fetched: the newest version here that is what was signed, made current; None: none is."""
    home = Home(Path(site.config.repository.dir))
    for version in reversed(repositories.versions(home.root, model)):
        try:
            _verified(site, home, model, version)
        except AiinfraError:
            continue
        with home.locked(), writing(home.root):
            home.make_current(model, version)
            home.record.add(Entry("serving", model, version, "", "the one to serve is damaged, and the link is down"))
        return version
    return None


def _verified(site: Site, home: Home, model: str, version: str) -> None:
    told = site.config.repository
    verify(home.folder(model, version), [Path(signer) for signer in told.signers], expired=told.allow_expired)


def _config(file: Path | None, repository: Path | None, signers: Sequence[Path], watch: str | None) -> ServerConfig:
    if file is None and repository is None:
        raise BadInput("pull-needs", "no model repository is named", "write --config server.toml, or --repository DIR")
    config = configure(repository, file=file)
    changed: dict[str, object] = {}
    if signers:
        named = config.repository.model_copy(update={"signers": tuple(str(signer) for signer in signers)})
        changed["repository"] = named
    if watch:
        try:
            changed["watch"] = Watch(address=watch)
        except ValueError as error:
            reason = str(error).splitlines()[2].strip().removeprefix("Value error, ").partition(" [type=")[0]
            raise BadInput("pull-needs", f"--watch: {reason}", "write --watch 127.0.0.1:PORT") from None
    return config.model_copy(update=changed)
