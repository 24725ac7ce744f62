"""What the command line hands over: options become a :class:`Site`, a place and one run."""

from collections.abc import Callable, Sequence
from pathlib import Path

from aiinfra.errors import BadInput
from aiinfra.release.place import Kind, parse_place
from aiinfra.release.store import LinkLost, ReleaseFolder, Source
from aiinfra.release.transfer import Progress, open_source
from aiinfra.rollout import pull as pulling
from aiinfra.rollout.home import Home
from aiinfra.rollout.pull import Outcome, Result, Site
from aiinfra.rollout.soak import Limits
from aiinfra.server.config import ServerConfig, Watch
from aiinfra.server.flags import configure
from aiinfra.spec.class_file import Wave, read_class
from aiinfra.units import Duration, Share


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
    here = Site(_config(config, repository, signers, watch), limits, say=say, progress=progress)
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
        kept = _serving(here, model) if or_keep else None
        if kept is None:
            raise
        return Outcome(Result.CURRENT, model, kept, why=f"{error.message}; goes on with what is here")


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
            reason = str(error).splitlines()[2].strip()
            raise BadInput("pull-needs", f"--watch {watch}: {reason}", "write --watch 127.0.0.1:PORT") from None
    return config.model_copy(update=changed)
