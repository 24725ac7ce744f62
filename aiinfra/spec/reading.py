"""Reads a declaration: YAML, JSON or Python, the same object."""

import csv
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding
from aiinfra.images import Image, lock_path, parse_lock
from aiinfra.spec import yaml
from aiinfra.spec.class_file import ClassFile, read_class
from aiinfra.spec.class_file import path_of as class_path
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import MAIN_STACK, Deployment
from aiinfra.spec.problems import Loc, findings_of
from aiinfra.spec.site import Row

NAMES = ("deployment.yaml", "deployment.yml", "deployment.json", "deployment.py")
"""File names looked for when a folder is given, in this order."""


def load(path: str | Path, stack: str = MAIN_STACK) -> Declaration:
    """Read the declaration at ``path`` (a file, or a folder that holds one) as ``stack`` sees it.

    A Python file defines a name ``deployment``. All environments are validated, not only the one asked for.

    Raises:
        BadInput: no such file (``declaration-missing``), not readable (``yaml-invalid``, ``json-invalid``,
            ``python-invalid``), no such stack (``stack-unknown``), or ``declaration-invalid`` with every problem found;
            and what :func:`read_lock`, :func:`read_rows` and reading the class files raise.
    """
    file = find(Path(path))
    deployment = _from_python(file) if file.suffix == ".py" else _from_data(file)
    if stack not in deployment.stacks:
        raise BadInput(
            "stack-unknown",
            f"{file.name} has no environment {stack!r}{did_you_mean(stack, deployment.stacks)}",
            f"use one of {', '.join(deployment.stacks)}, or add environments.{stack}",
        )
    chosen = deployment.for_stack(stack)
    lock = read_lock(file.parent)
    return Declaration(
        deployment=chosen,
        file=file,
        stack=stack,
        whole=deployment,
        stacks=deployment.stacks,
        rows=_rows(chosen, file),
        images={name: image.reference for name, image in lock.items()},
        architectures={name: image.architectures for name, image in lock.items()},
        classes=_classes(chosen, file.parent),
        signer=_signer(chosen, file),
        authority=_authority(chosen, file),
    )


_SUFFIXES: Final = frozenset(Path(name).suffix for name in NAMES)
_OWN: Final = ("name", "context", "wave", None)
"""Columns of a CSV file of sites that are no values of the site's own; None: cells past the last column."""


def find(path: Path) -> Path:
    """The declaration's file.

    Raises:
        BadInput: ``declaration-missing``.
    """
    if path.is_dir():
        for name in NAMES:
            if (path / name).is_file():
                return path / name
        raise BadInput(
            "declaration-missing",
            f"{path} holds no declaration",
            f"name one of {', '.join(NAMES)}, or run aiinfra init",
        )
    if not path.is_file():
        beside = path.parent.glob("*") if path.parent.is_dir() else ()
        near = did_you_mean(path.name, [p.name for p in beside if p.is_dir() or p.suffix in _SUFFIXES])
        raise BadInput(
            "declaration-missing", f"{path} is not there{near}", "run aiinfra init --model FILE to start one"
        )
    return path


def parse(data: Any, *, file: str = "", lines: Mapping[Loc, int] | None = None) -> Deployment:
    """Validate plain data, environments included.

    Raises:
        BadInput: ``declaration-invalid`` with one finding a problem.
    """
    findings: tuple[Finding, ...] = ()
    deployment: Deployment | None = None
    try:
        deployment = Deployment.model_validate(data)
    except ValidationError as error:
        findings = findings_of(error, Deployment, lines=lines, file=file)
    if deployment is not None:
        findings = _environment_findings(deployment, lines, file)
        if not findings:
            return deployment
    count = f"{len(findings)} problem{'s' if len(findings) > 1 else ''}"
    raise BadInput("declaration-invalid", f"{file or 'the declaration'} has {count}", findings=findings)


def _environment_findings(deployment: Deployment, lines: Mapping[Loc, int] | None, file: str) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for name in deployment.environments:
        try:
            deployment.for_stack(name)
        except ValidationError as error:
            findings += findings_of(error, Deployment, lines=lines, file=file, prefix=("environments", name))
    return tuple(findings)


def _from_data(file: Path) -> Deployment:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput("declaration-invalid", f"{file} is not UTF-8 text", "save it as UTF-8") from None
    if file.suffix == ".json":
        try:
            return parse(json.loads(text), file=str(file))
        except json.JSONDecodeError as error:
            raise BadInput("json-invalid", f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    document = yaml.read(text, str(file))
    return parse(document.data, file=str(file), lines=document.lines)


def _from_python(file: Path) -> Deployment:
    try:
        names = runpy.run_path(str(file))
    except ValidationError as error:
        raise BadInput(
            "declaration-invalid",
            f"{file} has {error.error_count()} problems in {error.title}",
            findings=findings_of(error, Deployment, file=str(file)),
        ) from None
    except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
        trace = error.__traceback__
        line = 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(file):
                line = trace.tb_lineno
            trace = trace.tb_next
        raise BadInput("python-invalid", f"{file}:{line}: {type(error).__name__}: {error}") from None
    deployment = names.get("deployment")
    if not isinstance(deployment, Deployment):
        raise BadInput(
            "python-invalid",
            f"{file} defines no 'deployment' of type Deployment",
            "write: from aiinfra import Deployment; deployment = Deployment(...)",
        )
    return parse(deployment.model_dump(mode="json", exclude_defaults=True), file=str(file))


def _classes(deployment: Deployment, folder: Path) -> dict[str, ClassFile]:
    files = {site.class_name: class_path(folder, site.class_name) for site in deployment.sites}
    return {name: read_class(file) for name, file in files.items() if file.is_file()}


def read_lock(folder: Path) -> dict[str, Image]:
    """Image name -> its lock, from ``images.lock`` in ``folder``; empty where there is none.

    Raises:
        BadInput: ``images-lock-invalid``, ``yaml-invalid``.
    """
    file = lock_path(folder)
    if not file.is_file():
        return {}
    lock = parse_lock(yaml.read(file.read_text(encoding="utf-8"), str(file)).data, str(file))
    return dict(sorted(lock.items()))


def _signer(deployment: Deployment, file: Path) -> str:
    if not deployment.model.signer:
        return ""
    key = file.parent / deployment.model.signer
    if not key.is_file():
        raise BadInput("signer-missing", f"{key} is not there", "name the public key's PEM file in model.signer")
    text = key.read_text(encoding="utf-8", errors="replace").strip() + "\n"
    if "PRIVATE KEY" in text:
        raise BadInput("signer-private", f"{key} holds a private key", "name the public key; keep the private one away")
    if not text.startswith("-----BEGIN "):
        raise BadInput("signer-invalid", f"{key} is not a PEM file", "write the public key as PEM")
    return text


def _authority(deployment: Deployment, file: Path) -> str:
    if deployment.serving is None or deployment.serving.hybrid is None:
        return ""
    found = file.parent / deployment.serving.hybrid.authority
    if not found.is_file():
        remedy = "name the PEM file of the authority's certificate in serving.hybrid.authority"
        raise BadInput("authority-missing", f"{found} is not there", remedy)
    text = found.read_text(encoding="utf-8", errors="replace").strip() + "\n"
    if "PRIVATE KEY" in text:
        raise BadInput("authority-private", f"{found} holds a private key", "keep the certificate alone in it")
    if not text.startswith("-----BEGIN CERTIFICATE-----"):
        raise BadInput("authority-invalid", f"{found} is not a PEM certificate", "write the certificate as PEM")
    return text


def _rows(deployment: Deployment, file: Path) -> dict[str, tuple[Row, ...]]:
    return {site.class_name: _rows_of(site.class_name, site.rows, file) for site in deployment.sites}


def _rows_of(class_name: str, rows: str | tuple[Row, ...], file: Path) -> tuple[Row, ...]:
    if isinstance(rows, str):
        return read_rows(file.parent / rows)
    return rows or (Row(name=class_name),)


def read_rows(file: Path) -> tuple[Row, ...]:
    """The sites in a CSV file with a header; columns other than ``name``, ``context`` and
    ``wave`` become ``values``.

    Raises:
        BadInput: ``rows-missing``, or ``rows-invalid`` with one finding a line.
    """
    if not file.is_file():
        raise BadInput("rows-missing", f"{file} is not there", "name a CSV file beside the declaration in 'rows'")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        try:
            if "name" not in (reader.fieldnames or ()):
                raise BadInput("rows-invalid", f"{file}:1: no column 'name'", "begin the file with: name,context,...")
            lines = [(reader.line_num, line) for line in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadInput("rows-invalid", f"{file}:{reader.line_num}: {error}") from None
    findings: list[Finding] = []
    rows: dict[str, Row] = {}
    for number, line in lines:
        place = {(): number}
        values = {key: value for key, value in line.items() if key not in _OWN and value}
        own = {"name": line["name"], "context": line.get("context") or "", "wave": line.get("wave") or None}
        try:
            row = Row.model_validate({**own, "values": values})
        except ValidationError as error:
            found = findings_of(error, Row)
            findings += [Finding(f.id, f.severity, f.message, f.path, source=f"{file}:{place[()]}") for f in found]
            continue
        if row.name in rows:
            raise BadInput("rows-invalid", f"{file}:{number}: site {row.name!r} is there twice", "keep one of the two")
        rows[row.name] = row
    if findings:
        raise BadInput("rows-invalid", f"{file} has {len(findings)} problems", findings=findings)
    return tuple(rows.values())
