"""Documents as text, in one of the forms."""

import json
from collections.abc import Sequence
from typing import Final

from aiinfra import __version__
from aiinfra.review.document import Document
from aiinfra.review.html import to_html
from aiinfra.review.markdown import LONGEST, to_markdown
from aiinfra.review.sarif import to_gitlab, to_sarif
from aiinfra.review.terminal import to_text

ENDINGS: Final = {".md": "markdown", ".html": "html", ".json": "json", ".sarif": "sarif"}
"""What a file's ending says of its form."""


def written(documents: Sequence[Document], form: str, *, full: bool = False) -> str:
    """``terminal``, ``markdown`` (all in one comment), ``html`` (one page), ``json``, ``sarif`` or ``gitlab``."""
    if form == "html":
        return to_html(documents)
    if form in ("sarif", "gitlab"):
        return json.dumps(to_sarif(documents) if form == "sarif" else to_gitlab(documents), indent=2) + "\n"
    if form == "markdown":
        share = LONGEST // max(len(documents), 1)
        return "\n".join(to_markdown(document, longest=share) for document in documents)
    if form == "json":
        data = {
            "schema": "aiinfra.review/1",
            "tool": "aiinfra",
            "version": __version__,
            "data": [document.as_json() for document in documents],
            "findings": [opening.finding.as_json() for document in documents for opening in document.openings],
        }
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(to_text(document, full=full) for document in documents)
