"""``aiinfra model inspect``: the facts of a model file, or of the model that a declaration names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiinfra.errors import BadInput
from aiinfra.model.facts import ModelFacts, read_facts, write_facts
from aiinfra.model.pinning import pin
from aiinfra.spec.reading import load

_DECLARATIONS = (".yaml", ".yml", ".json", ".py")


@dataclass(frozen=True, slots=True)
class Inspected:
    """A model's facts, and where they are written."""

    facts: ModelFacts
    model: Path
    declaration: Path | None

    def write(self) -> tuple[Path, tuple[str, ...]]:
        """Write ``MODEL.facts.json``, and the model's keys in the declaration; the facts file and the changed keys.

        Raises:
            BadInput: ``model-not-servable``, ``declaration-not-editable``.
        """
        changed = pin(self.declaration, self.facts) if self.declaration is not None else ()
        return write_facts(self.facts, self.model), changed


def inspect(target: Path, shapes: Iterable[str] = ()) -> Inspected:
    """Read the facts of ``target``: an ONNX file, or a declaration (a file, or a folder that holds one).

    ``shapes`` are texts like ``x=1x16000``.

    Raises:
        BadInput: ``shape-invalid``, and what reading the model or the declaration raises.
    """
    given = dict(_shape(text) for text in shapes)
    if not target.is_dir() and target.suffix not in _DECLARATIONS:
        return Inspected(read_facts(target, given), target, None)
    declaration = load(target)
    return Inspected(read_facts(declaration.model_file, given), declaration.model_file, declaration.file)


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, equals, sizes = text.rpartition("=")
    if not equals or not name or not re.fullmatch(r"[0-9]{1,9}(x[0-9]{1,9})*", sizes):
        raise BadInput("shape-invalid", f"{text!r} is not a shape", "write INPUT=SIZExSIZE, like --shape x=1x16000")
    return name, tuple(int(size) for size in sizes.split("x"))
