"""The disposable process in which a model file is opened first: ``python -m aiinfra.server.vetting_child``.

Reads one JSON order on standard input, limits itself, reads the graph, runs the model on made-up, large and golden
inputs, and writes one JSON verdict. A crash, a kill or a hang of this process is a verdict too: the parent refuses the
model.
"""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aiinfra.errors import AiinfraError
from aiinfra.server.config import ModelSettings
from aiinfra.server.confine import confine
from aiinfra.server.containment import check_folder
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.vetting import pack
from aiinfra.server.warmup import feed_of

if TYPE_CHECKING:
    from aiinfra.server.graph_facts import GraphFacts

_LARGE_ROWS = 64
_LARGE_ELEMENTS = 1 << 22
"""Shapes that are tried are kept to this many elements a tensor."""


def main() -> int:
    """Read the order, write the verdict."""
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["cpu"], order["cpu"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        verdict = vet(order)
    except AiinfraError as error:
        verdict = {"refused": {"code": error.code, "message": error.message, "remedy": error.remedy}}
    except MemoryError:
        verdict = {
            "refused": {"code": "model-memory", "message": f"{order['file']} needs more memory than vetting has"}
        }
    sys.stdout.write(json.dumps(verdict))
    return 0


def vet(order: dict[str, Any]) -> dict[str, Any]:
    """Verify, read and try one model.

    Raises:
        AiinfraError: why it must not be served.
    """
    file = Path(order["file"])
    folder = file.parent
    if order["signed"]:
        # model-signing takes a second to import, and a parser of untrusted files belongs in this process.
        signers = [Path(signer) for signer in order["signers"]]
        import_module("aiinfra.release.verify").verify(folder, signers, expired=order["expired"])
    facts: GraphFacts = import_module("aiinfra.server.graph_facts").read_graph(file)
    check_folder(folder, facts.external)
    settings = ModelSettings.model_validate(order["settings"])
    confine(readable=None, writable=["/dev/null"], connect=(), listen=False)
    session: Model = import_module("aiinfra.server.session").open_session(file, settings, folder.parent.name)
    golden = _trial(folder, session)
    for rows in (1, _LARGE_ROWS):
        feed = feed_of(session.inputs, rows)
        if all(array.size <= _LARGE_ELEMENTS for array in feed.values()):
            _try(session, feed)
    return {
        "operators": sorted(facts.operators),
        "control_flow": facts.control_flow,
        "sized_by_values": facts.sized_by_values,
        "random": facts.random,
        "external": sorted(facts.external),
        "golden": golden,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _trial(folder: Path, session: Model) -> dict[str, Any]:
    """Run the golden inputs with Release's trial, which compares the answers; returns the first inputs."""
    if not (folder / "golden").is_dir() or not (folder / "release.json").is_file():
        return {}
    seen: list[dict[str, np.ndarray]] = []

    def run(feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(feed)
        return dict(zip(session.output_names, session.run(feed, session.output_names), strict=True))

    import_module("aiinfra.release.trial").try_release(folder, run).require()
    return pack(seen[0]) if seen else {}


def _try(session: Model, feed: dict[str, np.ndarray]) -> None:
    """Call the model; a refusal of made-up inputs is fine, a crash is what is looked for."""
    try:
        session.run(feed, session.output_names)
    except Refusal as refusal:
        if refusal.kind is Kind.TOO_LARGE:
            raise MemoryError from None


if __name__ == "__main__":
    sys.exit(main())
