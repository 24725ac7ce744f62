"""A Pulumi project on disk: which file runs, under which names, with which configuration.

Read as the Pulumi CLI reads it: ``Pulumi.yaml`` (name, runtime, main, configuration defaults) and
``Pulumi.STACK.yaml``. An encrypted value (``secure:``) is never decrypted: an opaque text takes its place.
"""

import hashlib
import json
import runpy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec import yaml

PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
DEFAULT_NAME: Final = "project"
"""The project's name where a Python file stands alone."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Configuration of one stack: full key -> text, and which keys are secret."""

    values: Mapping[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()

    def with_values(self, values: Mapping[str, str], secret: Iterable[str], project: str) -> "Configuration":
        """``values`` on top; a key that is given plainly is no longer secret unless ``secret`` says so."""
        given = {full_key(key, project): value for key, value in values.items()}
        hidden = {full_key(key, project) for key in secret}
        return Configuration({**self.values, **given}, (self.secret - given.keys()) | hidden)


@dataclass(frozen=True, slots=True)
class Program:
    """What runs when a project does."""

    root: Path
    """The project's folder; source positions are relative to it."""
    folder: Path
    """The working directory: where ``main`` is."""
    main: Path
    """The file that runs."""
    name: str
    """The project's name."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """``Pulumi.yaml``; empty for a Python file alone."""

    def __call__(self) -> None:
        """Run it in this process, as ``__main__``."""
        runpy.run_path(str(self.main), run_name="__main__")

    @property
    def _stack_folder(self) -> Path:
        named = self.settings.get("stackConfigDir", self.settings.get("config"))
        return self.root / named if isinstance(named, str) else self.root

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks that have a configuration file."""
        files = [file for file in self._stack_folder.glob("Pulumi.*.y*ml") if file.suffix in (".yaml", ".yml")]
        return tuple(sorted({file.name.split(".", 1)[1].rsplit(".", 1)[0] for file in files}))

    def stack_file(self, stack: str) -> Path:
        """``Pulumi.STACK.yaml``, which need not be there."""
        short = self._stack_folder / f"Pulumi.{stack}.yml"
        return short if short.is_file() else self._stack_folder / f"Pulumi.{stack}.yaml"

    def configuration(self, stack: str) -> Configuration:
        """The project's defaults with the stack's values on top.

        Raises:
            BadInput: ``yaml-invalid``, ``project-invalid``.
        """
        values: dict[str, str] = {}
        secret: set[str] = set()
        for key, value, hidden in [*self._defaults(), *self._stack_values(stack)]:
            values[key] = value
            (secret.add if hidden else secret.discard)(key)
        return Configuration(values, frozenset(secret))

    def _defaults(self) -> list[tuple[str, str, bool]]:
        declared = self.settings.get("config")
        found: list[tuple[str, str, bool]] = []
        for key, item in (declared if isinstance(declared, Mapping) else {}).items():
            described = isinstance(item, Mapping) and ("type" in item or "default" in item or "value" in item)
            value = item.get("value", item.get("default")) if described else item
            if value is not None:
                hidden = described and bool(item.get("secret"))
                found.append((full_key(key, self.name), *_as_text(value, hidden=hidden)))
        return found

    def _stack_values(self, stack: str) -> list[tuple[str, str, bool]]:
        file = self.stack_file(stack)
        if not file.is_file():
            return []
        data = _read(file)
        config = data.get("config") or {}
        if not isinstance(config, Mapping):
            raise BadInput("project-invalid", f"{file}: config is not a mapping of keys to values", "write KEY: VALUE")
        return [
            (full_key(key, self.name), *_as_text(value, hidden=False))
            for key, value in config.items()
            if value is not None
        ]


def full_key(key: Any, project: str) -> str:
    """A configuration key with its namespace, which is the project where none is written."""
    return str(key) if ":" in str(key) else f"{project}:{key}"


def find(path: str | Path) -> Program:
    """The program at ``path``: a project folder (one that holds ``Pulumi.yaml``) or a Python file.

    A Python file beside a ``Pulumi.yaml`` runs in its place, under that project's name and configuration.

    Raises:
        BadInput: ``program-missing``, ``project-invalid``, ``yaml-invalid``.
    """
    given = Path(path)
    if given.name in PROJECT_FILES and given.is_file():
        given = given.parent
    if given.is_file():
        if given.suffix != ".py":
            raise BadInput(
                "program-missing", f"{given} is no program", "name a Pulumi project's folder or a Python file"
            )
        file = given.resolve()
        settings = _settings(file.parent)
        return Program(file.parent, file.parent, file, str(settings.get("name", DEFAULT_NAME)), settings)
    if not given.is_dir():
        beside = [entry.name for entry in given.parent.iterdir()] if given.parent.is_dir() else []
        near = did_you_mean(given.name, beside)
        raise BadInput("program-missing", f"{given} is not there{near}", "name a project's folder or a Python file")
    root = given.resolve()
    settings = _settings(root)
    if not settings:
        raise BadInput(
            "program-missing",
            f"{given} holds no {PROJECT_FILES[0]}",
            "name a Pulumi project's folder, or a Python file in it",
        )
    name = settings.get("name")
    if not isinstance(name, str) or not name:
        raise BadInput("project-invalid", f"{given / PROJECT_FILES[0]} has no name", "add: name: PROJECT")
    main = _main(root, settings)
    return Program(root, main.parent, main, name, settings)


def _settings(folder: Path) -> dict[str, Any]:
    file = next((folder / name for name in PROJECT_FILES if (folder / name).is_file()), None)
    if file is None:
        return {}
    settings = _read(file)
    runtime = settings.get("runtime")
    named = runtime.get("name") if isinstance(runtime, Mapping) else runtime
    if named != "python":
        raise BadInput("project-invalid", f"{file}: the runtime is {named!r}; only python programs can be run here")
    return settings


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput("project-invalid", f"{file} is not UTF-8 text", "save it as UTF-8") from None
    data = yaml.read(text, str(file)).data
    if not isinstance(data, dict):
        raise BadInput("project-invalid", f"{file} is not a mapping", "see the Pulumi.yaml reference")
    return data


def _main(root: Path, settings: Mapping[str, Any]) -> Path:
    """The file that runs: ``main`` may name a folder, which runs its ``__main__.py``, or a file."""
    named = settings.get("main") or "."
    main = (root / str(named)).resolve()
    if main.is_dir():
        main /= "__main__.py"
    if not main.is_relative_to(root):
        raise BadInput("project-invalid", f"main: {named} leaves the project's folder", "keep the program inside it")
    if not main.is_file():
        raise BadInput("program-missing", f"{main} is not there", "add it, or name another file in Pulumi.yaml's main")
    return main


def _as_text(value: Any, *, hidden: bool) -> tuple[str, bool]:
    """A configuration value as the SDK is given it, as text, and whether it is secret."""
    plain, sealed = _opened(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return text, sealed or hidden


def _opened(value: Any) -> tuple[Any, bool]:
    """``value`` with an opaque text for each encrypted part, and whether there was one.

    The text differs where the ciphertext does, so that a review sees that a secret was set anew.
    """
    if isinstance(value, Mapping):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return f"secret-{hashlib.sha256(value['secure'].encode()).hexdigest()[:12]}", True
        parts = {str(name): _opened(item) for name, item in value.items()}
        return {name: part for name, (part, _) in parts.items()}, any(sealed for _, sealed in parts.values())
    if isinstance(value, list):
        items = [_opened(item) for item in value]
        return [item for item, _ in items], any(sealed for _, sealed in items)
    return value, False
