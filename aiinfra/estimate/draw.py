"""Writes the picture of tiers to a file, one a class of sites."""

from collections.abc import Sequence
from pathlib import Path

from aiinfra.errors import BadInput
from aiinfra.estimate.picture import html, png, svg
from aiinfra.estimate.read import Choice

SUFFIXES = (".svg", ".png", ".html")


def write(file: Path, choices: Sequence[Choice]) -> list[Path]:
    """Write ``file``, or with several classes ``NAME-CLASS.SUFFIX`` for each; the paths written.

    Raises:
        BadInput: ``picture-suffix``.
        AiinfraError: ``picture-needs-extra``.
    """
    if file.suffix not in SUFFIXES:
        raise BadInput("picture-suffix", f"{file.name}: no such kind of picture", f"end it in {', '.join(SUFFIXES)}")
    written = []
    for choice in choices:
        target = file if len(choices) == 1 else file.with_name(f"{file.stem}-{choice.class_name}{file.suffix}")
        arguments = (choice.deployment, choice.class_name, choice.found, choice.as_of)
        if file.suffix == ".png":
            target.write_bytes(png(svg(*arguments)))
        else:
            target.write_text(html(*arguments) if file.suffix == ".html" else svg(*arguments), encoding="utf-8")
        written.append(target)
    return written
