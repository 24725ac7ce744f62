"""A graph as text or files: JSON, YAML, Kubernetes manifests, a Terraform plan."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from aiinfra.errors import BadInput, Refused
from aiinfra.findings import Finding
from aiinfra.graph import manifests, terraform
from aiinfra.graph.node import Graph, Mode
from aiinfra.spec import yaml

YAML_FILES: Final = (".yaml", ".yml")
_OURS: Final = re.compile(r"[0-9]{2}-.+\.yaml")
"""The names :attr:`aiinfra.graph.manifests.Manifest.file` gives; a ``kustomization.yaml`` beside them is a person's."""


class Format(StrEnum):
    """What an export looks like. Secrets are in none of them."""

    JSON = "json"
    """The whole graph, one line a value: what a diff, a policy or a test reads."""
    YAML = "yaml"
    """The whole graph, for people."""
    MANIFESTS = "manifests"
    """The Kubernetes objects alone, as a cluster takes them."""
    EDGES = "edges"
    """Who may open connections to whom; written by :mod:`aiinfra.access.writing`."""
    TERRAFORM_PLAN = "terraform-plan"
    """The AWS resources as a Terraform plan, for the programs that judge those."""

    @property
    def mode(self) -> Mode:
        """The mode that suits it: manifests must not hold stand-ins."""
        return Mode.PREVIEW if self is Format.MANIFESTS else Mode.SYMBOLIC

    @property
    def suffix(self) -> str:
        """How a file's name ends."""
        return {Format.TERRAFORM_PLAN: "plan.json"}.get(self, self.value)


def text_of(graph: Graph, form: Format, *, omit_secrets: bool = False) -> tuple[str, list[Finding]]:
    """The export as one text, and what is not in it.

    Raises:
        BadInput: as :func:`aiinfra.graph.manifests.manifests_of` and ``stream``.
    """
    if form is Format.JSON:
        return graph.to_text(), []
    if form is Format.YAML:
        return yaml.write(graph.as_json()), []
    if form is Format.TERRAFORM_PLAN:
        return terraform.plan_of(graph)
    found, notes = manifests.manifests_of(graph, omit_secrets=omit_secrets)
    return manifests.stream(found), notes


def write(graph: Graph, form: Format, out: Path, *, omit_secrets: bool = False) -> tuple[list[Path], list[Finding]]:
    """Write the export to ``out``, and return the files written and what is not in them.

    JSON, YAML and plans go to one file, which is replaced. Manifests go to one file where ``out`` ends in ``.yaml`` or
    ``.yml``, else to a folder, one file an object. A folder that holds manifests this program does not make is left
    alone: an object that is no longer in the program would go on being applied from there.

    Raises:
        BadInput: as :func:`text_of`; ``out-unusable`` where ``out`` is a folder and a file is to be written, or the
            other way round.
        Refused: ``export-stale``, which names the files in the way.
    """
    if form is not Format.MANIFESTS or out.suffix in YAML_FILES:
        text, notes = text_of(graph, form, omit_secrets=omit_secrets)
        if out.is_dir():
            raise BadInput("out-unusable", f"{out} is a folder", f"name a file in it: {out / 'graph'}.{form.suffix}")
        _put(out, text)
        return [out], notes
    found, notes = manifests.manifests_of(graph, omit_secrets=omit_secrets)
    files = manifests.files(found)
    _refuse_stale(out, files)
    for name, text in files.items():
        _put(out / name, text)
    return [out / name for name in files], notes


def _refuse_stale(out: Path, files: Mapping[str, str]) -> None:
    if out.is_file():
        raise BadInput("out-unusable", f"{out} is a file", "name a folder, or a file that ends in .yaml")
    there = {file.relative_to(out).as_posix() for file in out.rglob("*.yaml") if _OURS.fullmatch(file.name)}
    stale = sorted(there - files.keys())
    if stale:
        listed = ", ".join(stale[:5]) + (f" and {len(stale) - 5} more" if len(stale) > 5 else "")
        message = f"{out} holds manifests that this program does not make: {listed}"
        raise Refused("export-stale", message, "remove them if their objects are gone, or name another folder")


def _put(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise BadInput("out-unusable", message, "name a place that can be written to") from None
