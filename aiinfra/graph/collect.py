"""``collect``: run a Pulumi program in this process and get the graph of what it registers."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiinfra.graph import urn, wire
from aiinfra.graph.callbacks import Callbacks, Engine
from aiinfra.graph.failure import failure_of
from aiinfra.graph.monitor import Invoke, Monitor, References
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.notes import Notes
from aiinfra.graph.places import Places
from aiinfra.graph.run import Setting, run

Program = Callable[[], Awaitable[None] | None]
TIMEOUT: Final = 300.0
"""Seconds a program may take."""


def collect(
    program: Program,
    *,
    project: str = "project",
    stack: str = "production",
    mode: Mode = Mode.SYMBOLIC,
    config: Mapping[str, str] | None = None,
    secret_config: Collection[str] = (),
    references: Mapping[str, Graph] | References | None = None,
    invoke: Invoke | None = None,
    fingerprint_key: bytes | None = None,
    root: Path | None = None,
    timeout: float = TIMEOUT,
) -> Graph:
    """Run ``program`` and return every resource it registers, without an engine, a cloud or credentials.

    The result is the same to the byte on every run: sorted by URN, whatever the order resources were made in. Nothing is
    seen of earlier runs in the process.

    Args:
        program: What would stand in ``__main__.py``, as a function or a coroutine function.
        project: The Pulumi project's name; part of every URN.
        stack: The stack's name; part of every URN.
        mode: ``SYMBOLIC``: every output has a stand-in (``"NAME.PROPERTY"``, ids ``"NAME_id"``), so nothing is unknown
            and every ``apply`` runs. ``PREVIEW``: what an engine would not know before it has created something stays
            unknown, and ids of all but providers are empty.
        config: Configuration by full key (``"project:region"``), values as text.
        secret_config: The keys of ``config`` that are secret.
        references: Graphs of upstream stacks, by ``"ORGANIZATION/PROJECT/STACK"``, ``"PROJECT/STACK"`` or
            ``"PROJECT"``, or a function of the reference's name. Outputs of one that is missing are unknown.
        invoke: Answers provider functions such as ``aws.get_region``; without it, or where it returns None, such a call
            is an error.
        fingerprint_key: With it, secrets carry a keyed hash that tells "changed" from "same"; without it, nothing.
        root: What source positions are relative to; the folder of the program's file by default.
        timeout: Seconds after which the program is stopped.

    Raises:
        AiinfraError: ``program-failed``, ``program-timeout``, ``duplicate-urn``, ``invoke-unanswered``,
            ``call-refused``, or the program's own error where that is one of ours.
        BadInput: ``config-missing``, ``config-type``.
    """
    root = _root_of(program) if root is None else root.resolve()
    places, notes, decoder = Places(root), Notes(), wire.Decoder(fingerprint_key, root)
    monitor = Monitor(
        project=project,
        stack=stack,
        mode=mode,
        decoder=decoder,
        places=places,
        notes=notes,
        invoke=invoke,
        references=_resolver(references),
    )
    setting = Setting(
        project=project,
        stack=stack,
        dry_run=mode is Mode.PREVIEW,
        config=config or {},
        secret_keys=frozenset(secret_config),
        root_directory=str(root),
    )
    for key in setting.secret_keys & setting.config.keys():
        decoder.remember(setting.config[key])
    try:
        run(program, setting, monitor, callbacks=Callbacks(notes, places), engine=Engine(notes), timeout=timeout)
    except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
        raise monitor.error or failure_of(error, places, decoder.scrub) from None
    except SystemExit as error:
        raise monitor.error or failure_of(error, places, decoder.scrub) from None
    return _graph(monitor, notes, setting, mode)


def _graph(monitor: Monitor, notes: Notes, setting: Setting, mode: Mode) -> Graph:
    nodes = {
        own: replace(node, outputs=monitor.outputs[own]) if own in monitor.outputs and node.parent else node
        for own, node in sorted(monitor.nodes.items())
    }
    stack = next((own for own, node in nodes.items() if node.type == urn.STACK_TYPE), "")
    return Graph(
        project=setting.project,
        stack=setting.stack,
        mode=mode,
        nodes=nodes,
        outputs=monitor.outputs.get(stack, {}),
        invokes=tuple(sorted(monitor.invokes)),
        findings=notes.sorted(),
    )


def _resolver(references: Mapping[str, Graph] | References | None) -> References | None:
    """A mapping's keys may be ``ORGANIZATION/PROJECT/STACK``, ``PROJECT/STACK`` or, for any stack, ``PROJECT``."""
    if references is None or callable(references):
        return references
    given = references

    def resolve(name: str) -> Graph | None:
        parts = name.split("/")
        keys = [name, "/".join(parts[-2:]), *parts[-2:-1]]
        return next((given[key] for key in keys if key in given), None)

    return resolve


def _root_of(program: Any) -> Path:
    """The folder of the file that defines ``program``."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(program))
    except TypeError:
        file = None
    return Path(file).resolve().parent if file else Path.cwd()
