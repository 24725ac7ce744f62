"""Programs as their users would have filled them in: every image locked, a release key named.

Without those two nothing may start at a site, which ``aiinfra check`` and the namespaces' own policies say.
"""

import hashlib
import re
import shutil
from functools import cache
from pathlib import Path

import yaml as upstream_yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aiinfra.graph.manifests import manifests_of
from aiinfra.graph.node import Mode
from aiinfra.images import UNLOCKED_HOST
from aiinfra.spec import yaml
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load
from tests.e2e.cluster import Object
from tests.programs import ROOT, Program, compiled, declarations, programs

STACK = "stacks/edge-site"
NAMES = (STACK, *declarations())
PLACE = '"model_name": "weld-check",'
"""Line of the stack after which its images and its key are given."""


@cache
def key() -> str:
    """A public key, as PEM."""
    public = ec.derive_private_key(1, ec.SECP256R1()).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def reference(image: str) -> str:
    """Where an image is, by a digest made of its name."""
    return f"registry.example/{image}@{digest(image)}"


def digest(image: str) -> str:
    return f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def images(programs: list[Program]) -> dict[str, str]:
    """A reference for every image that they name and nobody has locked."""
    text = "".join(program.graph().to_text() for program in programs)
    names = sorted(set(re.findall(rf"{re.escape(UNLOCKED_HOST)}/([a-z0-9._-]+)", text)))
    return {name: reference(name) for name in names}


def filled(name: str, folder: Path) -> list[Program]:
    """The programs of one of :data:`NAMES`, filled in; written below ``folder``."""
    if name == STACK:
        return [_stack(folder / "stack")]
    file = declarations()[name]
    copy = folder / "declared"
    shutil.copytree(file.parent, copy)
    deployment = load(file).whole.plain()
    deployment["model"]["signer"] = "release.pub"
    named = copy / file.name
    named.write_text(yaml.write(Deployment.model_validate(deployment).plain()), encoding="utf-8")
    (copy / "release.pub").write_text(key(), encoding="utf-8")
    bare = [program for program in programs() if program.name.startswith(f"{name}/")]
    lock = {image: {"reference": where} for image, where in images(bare).items()}
    (copy / "images.lock").write_text(yaml.write(lock), encoding="utf-8")
    return compiled(name, named)


def _stack(folder: Path) -> Program:
    shutil.copytree(ROOT / STACK, folder)
    bare = next(program for program in programs() if program.name == STACK)
    main = folder / "__main__.py"
    text = main.read_text(encoding="utf-8")
    assert PLACE in text
    given = f'{PLACE} "signer": {key()!r}, "images": {images([bare])!r},'
    main.write_text(text.replace(PLACE, given), encoding="utf-8")
    return Program(STACK, folder)


def clusters(program: Program) -> dict[str, list[Object]]:
    """Cluster -> its objects in the order to apply them, as ``aiinfra export --format manifests`` writes them."""
    found: dict[str, list[Object]] = {}
    for manifest in manifests_of(program.graph(Mode.PREVIEW))[0]:
        found.setdefault(manifest.cluster, []).append(upstream_yaml.load(manifest.text, upstream_yaml.CSafeLoader))
    return found
