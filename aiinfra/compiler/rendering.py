"""Renders a declaration's projects to text. Pure but for reading the templates and the declaration's own files."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

import aiinfra
from aiinfra.compiler import box, fleet, nodes
from aiinfra.compiler.projects import Kind, Project, projects
from aiinfra.components.site_config import SIGNER_FILE, site_server_config
from aiinfra.images import lock_path
from aiinfra.spec import yaml
from aiinfra.spec.class_file import ClassFile
from aiinfra.spec.class_file import path_of as class_path
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.nodes import Role

DECLARATION = "deployment.yaml"


def render(declaration: Declaration) -> dict[str, str]:
    """Relative path -> text of every file, the same bytes for the same declaration.

    The declaration itself, its rows, its image lock and its public key stand once, beside the projects that read them.
    """
    files = _inputs(declaration)
    found = projects(declaration)
    for project in found:
        context = _context(declaration, project, found)
        for template in sorted(_templates(project.kind)):
            text = _environment().get_template(template).render(context)
            if text.strip():  # a template that has nothing to say makes no file
                files[f"{project.folder}/{Path(template).stem}"] = text
        if project.kind is Kind.NODES and project.site is not None:
            files |= {f"{project.folder}/{name}": text for name, text in nodes.files(project.site).items()}
        if project.kind is Kind.PULL and project.site is not None:
            how = project.site.delivery
            # With waves it is not the same everywhere: `aiinfra site NAME` prints it.
            if how is not None and _told(declaration, project) is None:
                files[f"{project.folder}/sync.yaml"] = fleet.sync(declaration, project.site, how)
        if project.kind is Kind.BOX and project.site is not None:
            files[f"{project.folder}/server.toml"] = site_server_config(declaration.deployment, project.site).to_toml()
            if declaration.signer:
                files[f"{project.folder}/{SIGNER_FILE}"] = declaration.signer
    return files


def templates_folder() -> Path:
    """Inside the wheel ``aiinfra/_templates``; in a checkout ``templates`` at its root."""
    package = Path(aiinfra.__file__).parent
    shipped = package / "_templates"
    return shipped if shipped.is_dir() else package.parent / "templates"


def _inputs(declaration: Declaration) -> dict[str, str]:
    if declaration.file.suffix in (".yaml", ".yml"):
        text = declaration.file.read_text(encoding="utf-8")
    else:
        text = yaml.write(declaration.whole.plain())
    files = {DECLARATION: text}
    named = [site.rows for site in declaration.every_site if isinstance(site.rows, str)]
    if declaration.deployment.model.signer:
        named.append(declaration.deployment.model.signer)
    for stack in declaration.whole.stacks:
        serving = declaration.whole.for_stack(stack).serving
        if serving is not None and serving.hybrid is not None:
            named.append(serving.hybrid.authority)
    for name in named:
        files[name] = (declaration.folder / name).read_text(encoding="utf-8")
    for name in {site.class_name for site in declaration.every_site}:
        file = class_path(declaration.folder, name)
        if file.is_file():
            files[file.relative_to(declaration.folder).as_posix()] = file.read_text(encoding="utf-8")
    lock = lock_path(declaration.folder)
    if lock.is_file():
        files[lock.name] = lock.read_text(encoding="utf-8")
    return files


def _context(declaration: Declaration, project: Project, found: tuple[Project, ...]) -> dict[str, Any]:
    return {
        "aiinfra_version": aiinfra.__version__,
        "declaration": DECLARATION,
        "deployment": declaration.deployment,
        "project": project,
        "projects": found,
        "stacks": declaration.stacks,
        "site": project.site,
        "served": project.site is not None and declaration.deployment.is_served(project.site),
        "rows": declaration.rows.get(project.site.class_name, ()) if project.site else (),
        "agents": bool(project.site) and any(group.role is Role.AGENT for group in project.site.nodes),
        "waves": tuple(told.waves) if (told := _told(declaration, project)) else (),
        "signer_file": SIGNER_FILE if declaration.signer else "",
        **(box.facts(project.site) if project.kind is Kind.BOX and project.site is not None else {}),
    }


def _told(declaration: Declaration, project: Project) -> ClassFile | None:
    return declaration.classes.get(project.site.class_name) if project.site else None


def _templates(kind: Kind) -> list[str]:
    return [f"{kind.value}/{file.name}" for file in (templates_folder() / kind.value).glob("*.j2")]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_folder()),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - what is rendered is Python, YAML and Markdown, not HTML
    )
