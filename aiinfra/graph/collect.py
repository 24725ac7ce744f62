"""``collect``: run a Pulumi program in this process and get the graph of what it registers."""

import gc
import inspect
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError
from aiinfra.findings import Finding
from aiinfra.graph import urn, wire
from aiinfra.graph.assuming import assuming
from aiinfra.graph.callbacks import Callbacks, Engine
from aiinfra.graph.existing import Existing
from aiinfra.graph.failure import failure_of
from aiinfra.graph.isolation import environment_hidden, inside, sdk_warnings_ignored
from aiinfra.graph.monitor import Invoke, Monitor, References
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.notes import Notes
from aiinfra.graph.places import Places
from aiinfra.graph.program import DEFAULT_NAME, Configuration, find
from aiinfra.graph.program import Program as ProgramFile
from aiinfra.graph.run import Setting, run

Program = Callable[[], Awaitable[None] | None]
TIMEOUT: Final = 300.0
"""Seconds a program may take."""
LARGE: Final = 500
"""Resources from which on a run's memory is given back at once."""

_ONE_AT_A_TIME = threading.RLock()
_INSIDE: ContextVar[bool] = ContextVar("aiinfra_inside_a_program", default=False)


def collect(
    program: Program | str | Path,
    *,
    project: str | None = None,
    stack: str = "production",
    mode: Mode = Mode.SYMBOLIC,
    config: Mapping[str, str] | None = None,
    secret_config: Collection[str] = (),
    references: Mapping[str, Graph] | References | None = None,
    invoke: Invoke | None = None,
    stand_ins: bool = False,
    assume_config: bool = False,
    fingerprint_key: bytes | None = None,
    existing: Mapping[str, Existing] | None = None,
    root: Path | None = None,
    timeout: float = TIMEOUT,
) -> Graph:
    """Run ``program`` and return every resource it registers, without an engine, a cloud or credentials.

    The result is the same to the byte on every run, whatever the order resources were made in, and nothing is seen of
    earlier runs in the process. Variables that the SDKs read defaults from (``PULUMI_*``, ``AWS_*``) are hidden.

    Args:
        program: A Pulumi project's folder, a Python file, or what would stand in ``__main__.py`` as a function or a
            coroutine function.
        project: The Pulumi project's name, part of every URN; by default what ``Pulumi.yaml`` says, or ``project``.
        stack: The stack's name, part of every URN; a project's ``Pulumi.STACK.yaml`` is read.
        mode: ``SYMBOLIC``: every output has a stand-in (``"NAME.PROPERTY"``, ids ``"NAME_id"``), so nothing is unknown
            and every ``apply`` runs. ``PREVIEW``: what an engine would not know before it has created something stays
            unknown, and ids of all but providers are empty.
        config: Configuration by key (``"aws:region"``; ``"size"`` is ``"PROJECT:size"``), values as text; on top of
            the project's files.
        secret_config: The keys of ``config`` that are secret.
        references: Graphs of upstream stacks, by ``"ORGANIZATION/PROJECT/STACK"``, ``"PROJECT/STACK"`` or
            ``"PROJECT"``, or a function of the reference's name. Outputs of one that is missing are unknown.
        invoke: Answers provider functions such as ``aws.get_region``; without it, or where it returns None, such a call
            is an error, unless ``stand_ins`` says otherwise.
        stand_ins: Answer other provider functions with what ``aiinfra.graph.functions`` makes up; each is a finding.
        assume_config: Run the program again with a stand-in for each configuration key that it finds missing; each is
            a finding.
        fingerprint_key: With it, secrets carry a keyed hash that tells "changed" from "same"; without it, nothing.
        existing: Ids and outputs of resources that are there already, by URN, instead of stand-ins or unknowns.
        root: What source positions are relative to; the folder of the program's file by default.
        timeout: Seconds after which the program is stopped.

    Raises:
        AiinfraError: ``program-failed``, ``program-timeout``, ``duplicate-urn``, ``invoke-unanswered``,
            ``call-refused``, or the program's own error where that is one of ours.
        BadInput: ``program-missing``, ``project-invalid``, ``yaml-invalid``, ``config-missing``, ``config-type``.
    """
    if assume_config:
        return assuming(
            collect,
            config=config or {},
            secret_config=secret_config,
            program=program,
            project=project,
            stack=stack,
            mode=mode,
            references=references,
            invoke=invoke,
            stand_ins=stand_ins,
            fingerprint_key=fingerprint_key,
            existing=existing,
            root=root,
            timeout=timeout,
        )
    file = find(program) if isinstance(program, str | Path) else None
    body: Program = program if file is None and callable(program) else _body(file)
    base = (root or (file.root if file is not None else _root_of(program))).resolve()
    name = project or (file.name if file is not None else DEFAULT_NAME)
    configuration = file.configuration(stack) if file is not None else Configuration()
    configuration = configuration.with_values(config or {}, secret_config, name)
    setting = Setting(
        project=name,
        stack=stack,
        dry_run=mode is Mode.PREVIEW,
        config=configuration.values,
        secret_keys=configuration.secret,
        root_directory=str(base),
    )
    places, notes, decoder = Places(base), Notes(), wire.Decoder(fingerprint_key, base)
    for key in setting.secret_keys & setting.config.keys():
        decoder.remember(setting.config[key])
    monitor = Monitor(
        project=setting.project,
        stack=stack,
        mode=mode,
        decoder=decoder,
        places=places,
        notes=notes,
        invoke=invoke,
        references=_resolver(references),
        stand_ins=stand_ins,
        config=setting.config,
        existing=existing,
    )
    callbacks, engine = Callbacks(notes, places), Engine(notes, places)
    failure: AiinfraError | None = None
    here = inside(file.folder, file.main) if file is not None else nullcontext()
    with _alone(), environment_hidden(), sdk_warnings_ignored(), here:
        try:
            run(_marked(body), setting, monitor, callbacks=callbacks, engine=engine, timeout=timeout)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the user's own code may raise anything
            failure = _freed(failure_of(monitor.error or error, places, decoder.scrub, file, stack))
        if failure is not None or len(monitor.nodes) > LARGE:
            gc.collect()
    if failure is not None:
        raise failure
    return _graph(monitor, _notes(monitor, notes, decoder), setting, mode)


def _freed(failure: AiinfraError) -> AiinfraError:
    """``failure`` without its past, whose frames hold the whole run in memory."""
    failure.__cause__ = failure.__context__ = None
    return failure.with_traceback(None)


def _marked(body: Program) -> Program:
    """``body``, and what it calls, knows that it is a program being recorded."""

    def marked() -> Awaitable[None] | None:
        _INSIDE.set(True)
        return body()

    return marked


@contextmanager
def _alone() -> Iterator[None]:
    """One program at a time in a process; one that is recorded by another (an upstream) comes in between."""
    if _INSIDE.get():
        yield
        return
    with _ONE_AT_A_TIME:
        yield


def _notes(monitor: Monitor, notes: Notes, decoder: wire.Decoder) -> tuple[Finding, ...]:
    """The findings, without secrets; one about a resource has the line that made it where it has none of its own."""
    found: list[Finding] = []
    for finding in notes.sorted():
        node = monitor.nodes.get(finding.urn)
        source = finding.source or (node.source if node is not None else "")
        found.append(replace(finding, source=source, message=decoder.scrub(finding.message)))
    return tuple(found)


def _graph(monitor: Monitor, findings: tuple[Finding, ...], setting: Setting, mode: Mode) -> Graph:
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
        findings=findings,
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


def _body(file: ProgramFile | None) -> Program:
    if file is None:
        raise TypeError("a program is a folder, a Python file or a function")
    return file


def _root_of(program: Any) -> Path:
    """The folder of the file that defines ``program``."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(program))
    except TypeError:
        file = None
    return Path(file).resolve().parent if file else Path.cwd()
