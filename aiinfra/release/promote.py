"""Promotion: which version each wave of a class is meant to serve, edited in the class file and committed by a person.

The file's text is changed at the places of the values alone; comments and order stay. The result is read back and
compared before anything is written.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml as pyyaml

from aiinfra.errors import BadInput, Refused
from aiinfra.spec import yaml
from aiinfra.spec.class_file import ClassFile, Wave, parse_class, read_class


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion changed."""

    file: Path
    version: str
    digest: str
    before: dict[int, str]
    """Wave -> version it had, for the waves that were changed; empty: all had it already."""

    @property
    def back(self) -> bool:
        """Whether a wave went back to an older version."""
        return any(int(self.version) < int(was) for was in self.before.values())


def promote(file: Path, version: str, wave: int, digest: str = "", *, skip_waves: bool = False) -> Promotion:
    """Let waves 1 to ``wave`` serve ``version``; the same call with an older version rolls back.

    ``digest`` is what ``aiinfra release push`` printed; empty: the one that the class file has for that version.
    A wave gets a newer version only after the wave before it; ``skip_waves`` lifts that. Going back may skip.

    Raises:
        BadInput: ``wave-unknown``, ``version-invalid``, ``digest-needed``, ``digest-differs``, ``class-not-editable``;
            what reading the class file raises.
        Refused: ``wave-skipped``.
    """
    told = read_class(file)
    if wave not in told.waves:
        raise BadInput("wave-unknown", f"{file} has no wave {wave}", f"use one of {', '.join(map(str, told.waves))}")
    if not version.isdigit() or len(version) > 18:
        raise BadInput("version-invalid", f"{version!r} is not a version", "a version is a whole number, like 5")
    digest = _digest(file, told, version, digest)
    if not skip_waves:
        _refuse_skipping(file, told, version, wave)
    wanted = told.waves | {
        number: told.waves[number].model_copy(update={"version": version, "digest": digest})
        for number in range(1, wave + 1)
    }
    before = {number: told.waves[number].version for number in wanted if wanted[number] != told.waves[number]}
    if before:
        _write(file, told, wanted)
    return Promotion(file, version, digest, before)


def _digest(file: Path, told: ClassFile, version: str, digest: str) -> str:
    known = told.known.get(version, "")
    if not digest and not known:
        raise BadInput(
            "digest-needed",
            f"{file} does not know version {version} yet",
            "name the artifact with --digest sha256:..., as `aiinfra release push` printed it",
        )
    if digest and known and digest != known:
        raise BadInput(
            "digest-differs",
            f"{file} has version {version} with {known}, not {digest}",
            "a version is one artifact for ever: push changed releases under a new version",
        )
    try:
        return Wave(version=version, digest=digest or known).digest
    except ValueError:
        raise BadInput(
            "digest-needed", f"{digest!r} is not a digest", "write sha256: and 64 hexadecimal digits"
        ) from None


def _refuse_skipping(file: Path, told: ClassFile, version: str, wave: int) -> None:
    for number in range(2, wave + 1):
        has, before = told.waves[number].version, told.waves[number - 1].version
        if int(version) > int(has) and version != before:
            raise Refused(
                "wave-skipped",
                f"{file}: wave {number} would go from {has} to {version}, which wave {number - 1} has not tried",
                f"promote {version} to wave {number - 1} first; --skip-waves where there is no time for it",
            )


def _write(file: Path, told: ClassFile, wanted: dict[int, Wave]) -> None:
    text = file.read_bytes().decode("utf-8")
    known = told.known | {wave.version: wave.digest for wave in wanted.values()}
    new = _edited(text, wanted, {version: digest for version, digest in known.items() if version not in told.releases})
    if new is None or parse_class(new, str(file)) != told.model_copy(update={"waves": wanted, "releases": known}):
        lines = ", ".join(
            f'{number}: {{version: "{wave.version}", digest: {wave.digest}}}' for number, wave in wanted.items()
        )
        raise BadInput(
            "class-not-editable",
            f"{file} was not changed: its text cannot be edited without changing something else (an alias?)",
            f"write into waves: {lines}",
        )
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(new, encoding="utf-8", newline="")
    draft.chmod(file.stat().st_mode & 0o777)
    draft.replace(file)


def _edited(text: str, wanted: dict[int, Wave], new: dict[str, str]) -> str | None:
    root = pyyaml.compose(text, Loader=pyyaml.SafeLoader)
    waves = _value(root, "waves")
    edits: list[tuple[int, int, str]] = []
    for number, wave in wanted.items():
        entry = _value(waves, str(number))
        version, digest = _value(entry, "version"), _value(entry, "digest")
        if not isinstance(version, pyyaml.ScalarNode) or not isinstance(digest, pyyaml.ScalarNode):
            return None
        if version.value != wave.version:
            edits.append((version.start_mark.index, version.end_mark.index, f'"{wave.version}"'))
        if digest.value != wave.digest:
            edits.append((digest.start_mark.index, digest.end_mark.index, _like(digest, wave.digest)))
    releases = _at_releases(text, _value(root, "releases"), new)
    newline = "\r\n" if "\r\n" in text else "\n"
    for start, end, value in sorted({*edits, *releases}, reverse=True):
        text = text[:start] + value.replace("\n", newline) + text[end:]
    return text


def _at_releases(text: str, releases: Any, new: dict[str, str]) -> list[tuple[int, int, str]]:
    """Where versions that ``releases`` lacks are written: after its last one, or at the end of the file."""
    lines = [f'"{version}": {digest}' for version, digest in sorted(new.items(), key=lambda item: int(item[0]))]
    if not lines:
        return []
    if isinstance(releases, pyyaml.MappingNode) and releases.value:
        key, last = releases.value[-1]
        between = ", " if releases.flow_style else "\n" + " " * key.start_mark.column
        return [(last.end_mark.index, last.end_mark.index, "".join(between + line for line in lines))]
    ending = "" if text.endswith("\n") else "\n"
    block = "".join(f"  {line}\n" for line in lines)
    return [(len(text), len(text), f"{ending}{_KNOWN}releases:\n{block}")]


def _like(node: pyyaml.ScalarNode, value: str) -> str:
    """The value in the quotes that stand there."""
    return f"{node.style}{value}{node.style}" if node.style in ("'", '"') else value


def _value(mapping: Any, key: str) -> Any:
    if not isinstance(mapping, pyyaml.MappingNode):
        return None
    return next((value for name, value in mapping.value if name.value == key), None)


def start(file: Path, uri: str, public_key: str, first: Wave, *, waves: int) -> ClassFile:
    """Write a class file whose every wave serves ``first``.

    Raises:
        Refused: ``class-file-exists``.
        BadInput: ``class-file-invalid`` for values that do not fit.
    """
    if file.exists():
        raise Refused("class-file-exists", f"{file} is there already", "edit it, or promote a version in it")
    key = public_key.strip().replace("\n", "\n  ")
    lines = "".join(
        f'  {number}: {{version: "{first.version}", digest: "{first.digest}"}}\n' for number in range(1, waves + 1)
    )
    text = _START.format(uri=yaml.write({"uri": uri}), key=key, waves=lines, name=file.stem, first=first)
    told = parse_class(text, str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
    return told


_KNOWN = "# Every version that a wave had, and its artifact.\n"
_START = """\
# What each wave of {name} serves. `aiinfra release promote` edits it; the commit is reviewed.
{uri}public_key: |
  {key}
# Without shares, each wave makes it ten times as many sites; write `share: 5 %` into all but the last to choose.
waves:
{waves}# What must hold before the next wave (`aiinfra release gate`): Prometheus expressions with one number as answer.
gate:
  failed requests: {{query: 'sum(aiinfra_requests_failed_total{{version="$version"}})', at_most: 0}}
  answered requests: {{query: 'sum(aiinfra_requests_answered_total{{version="$version"}})', at_least: 100}}
# Every version that a wave had, and its artifact.
releases:
  "{first.version}": "{first.digest}"
"""
