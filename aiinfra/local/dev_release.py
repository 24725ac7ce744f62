"""The dev-signed release of a model, made once for each model, goldens and labels."""

import hashlib
import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from aiinfra.errors import AiinfraError
from aiinfra.local.plan import LocalPlan
from aiinfra.model.facts import ModelFacts
from aiinfra.release.build import ReleaseSource, build_release
from aiinfra.release.declared import goldens
from aiinfra.release.golden import read_golden, tensor_bytes
from aiinfra.release.note import read_note
from aiinfra.release.sign import public_key, sign
from aiinfra.release.verify import verify


@dataclass(frozen=True, slots=True)
class DevRelease:
    """A release folder in a model repository of its own."""

    repository: Path
    folder: Path
    made: bool
    """Whether it was made now; False: it was there, and still verifies."""


def dev_release(plan: LocalPlan, facts: ModelFacts, releases: Path, key: Path) -> DevRelease:
    """The release of ``plan``'s model under ``releases``, signed with the development key.

    Raises:
        AiinfraError: what :func:`aiinfra.release.verify.verify` refuses, where a release that was made before has been
            changed since. One signed with an earlier development key is made again.
    """
    repository = releases / _fingerprint(plan, facts)
    folder = repository / plan.name / plan.version
    if folder.exists():
        try:
            verify(folder, [public_key(key)])
        except AiinfraError as error:
            if error.code not in ("release-foreign-key", "release-unsigned"):
                error.remedy = (
                    f"it was changed after it was signed; make it again: rm -r {shlex.quote(str(repository))}"
                )
                raise
            shutil.rmtree(repository)
        else:
            return DevRelease(repository, folder, made=False)
    sets, note = goldens(plan.model_file, facts, plan.golden_dir)
    source = ReleaseSource(plan.name, plan.version, plan.model_file, sets, note.origin, note.tolerance, plan.labels)
    build_release(source, folder)
    sign(folder, key)
    return DevRelease(repository, folder, made=True)


def _fingerprint(plan: LocalPlan, facts: ModelFacts) -> str:
    """Sixteen hex digits over everything that goes into the release."""
    parts: list[str] = [plan.name, plan.version, facts.digest, *(item.digest for item in facts.external)]
    parts.append(json.dumps({name: list(labels) for name, labels in plan.labels.items()}, sort_keys=True))
    if plan.golden_dir is not None:
        note = read_note(plan.golden_dir)
        parts += [note.origin, note.tolerance.model_dump_json()]
        for golden in read_golden(plan.golden_dir, facts.inputs, facts.outputs):
            for name, value in (*golden.inputs.items(), *golden.outputs.items()):
                parts.append(hashlib.sha256(tensor_bytes(name, value)).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
