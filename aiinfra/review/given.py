"""Reviews of what an engine wrote: its preview, or the state of a stack against a program."""

import os
from dataclasses import replace

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Mode
from aiinfra.graph.program import find
from aiinfra.review.build import Basis, review
from aiinfra.review.credentials import mask_text
from aiinfra.review.digest import read_digest
from aiinfra.review.document import Document
from aiinfra.review.engine import difference
from aiinfra.review.pricing import billed
from aiinfra.review.state import aligned, read_state
from aiinfra.review.versions import Compared, Side, Version


def review_preview(compared: Compared, text: str, name: str) -> Document:
    """The review of an engine's preview (``pulumi preview --json``), with what the program's graph adds to it.

    The stack is the preview's. Where the program cannot be recorded, the review goes without, and says so.

    Raises:
        BadInput: ``preview-invalid``; ``preview-mismatch`` where it is of another project than the program.
    """
    digest = read_digest(text, name)
    file = find(compared.program)
    if file.settings and file.name != digest.project:
        message = f"{name} is of the project {digest.project}, and {compared.program} is {file.name}"
        raise BadInput("preview-mismatch", message, "name the program that was previewed")
    compared = replace(compared, stack=digest.stack)
    side = Side(file.root, "the program", compared.program)
    notes = [f"The preview did not end well: {mask_text(error)}" for error in digest.errors]
    version = Version(side, compared.program, compared, os.urandom(32))
    try:
        program = version.collect(Mode.SYMBOLIC)
    except AiinfraError as error:
        program = None
        notes.append(f"Source lines are missing, since the program could not be recorded: {error.message}")
    found, seen = difference(digest, program)
    words = f"Reads the engine's preview in {name}."
    document = review(found, compared=words, before="the stack", after="the preview", preview=seen, basis=Basis.ENGINE)
    document = billed(document, "", (version, found.before), (version, found.after))
    return replace(document, notes=(*document.notes, *notes))


def review_state(compared: Compared, text: str, name: str) -> Document:
    """The review of what a program would change in a stack, from its export (``pulumi stack export``).

    The stack is the export's. The program runs with the ids and outputs of what is there, so that only what is new is
    unknown until apply.

    Raises:
        BadInput: ``state-invalid``; ``state-mismatch`` where it is of another project than the program.
        AiinfraError: what collecting the program raises.
    """
    state = read_state(text, name)
    file = find(compared.program)
    if file.settings and file.name != state.graph.project:
        message = f"{name} is of the project {state.graph.project}, and {compared.program} is {file.name}"
        raise BadInput("state-mismatch", message, "name the program that the stack was made by")
    compared = replace(compared, stack=state.graph.stack)
    side = Side(file.root, "the program", compared.program)
    version = Version(side, compared.program, compared, None, state.existing)
    program = version.collect(Mode.SYMBOLIC)
    if program is None:
        raise ValueError("the program's path was given")
    found = diff(*aligned(state, program))
    preview, note = version.preview() if found else (None, "")
    words = f"Compares the program with the stack {state.graph.stack}, as {name} holds it."
    document = review(
        found, compared=words, before="the stack", after="the program", preview=preview, basis=Basis.STATE
    )
    document = billed(document, "", (version, found.before), (version, found.after))
    notes = [f"The last update was interrupted: {each}." for each in state.pending]
    return replace(document, notes=(*document.notes, *notes, *((note,) if note else ())))
