"""A request for a prediction, after its transport's parser has read it and before the scheduler has run it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aiinfra.server.ports import Model, Port
from aiinfra.server.refusal import Refusal, bad

PARAMETERS_OF_THE_PROTOCOL = frozenset({"binary_data_output", "timeout"})
"""Request parameters that the server acts on; others are echoed."""

_UNSUPPORTED = ("sequence_id", "sequence_start", "sequence_end", "priority")


@dataclass(slots=True)
class InferRequest:
    """One prediction: a feed for the session, and how the answer is to look."""

    feed: dict[str, np.ndarray]
    id: str = ""
    outputs: list[str] | None = None
    """Names of the outputs wanted, in the answer's order; None: all of them."""
    binary: frozenset[str] | bool = False
    """Outputs that travel as binary data: those named, or all, or none."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Echoed in the answer."""
    timeout: float | None = None
    """Seconds the caller is willing to wait."""


def check_ports(session: Model, name: str, shape: list[int], datatype: str, seen: dict[str, np.ndarray]) -> Port:
    """The port that an input goes to.

    Raises:
        Refusal: no such input, given twice, another datatype, or a shape that the model does not take.
    """
    port = session.by_input.get(name)
    if port is None:
        raise bad(f"the model has no input {name!r}; it has {', '.join(repr(p.name) for p in session.inputs)}")
    if name in seen:
        raise bad(f"input {name!r} is given twice")
    if datatype != port.datatype.name:
        raise bad(f"input {name!r}: datatype is {port.datatype.name}, not {datatype!r}")
    if not port.accepts(shape):
        raise bad(f"input {name!r}: shape {shape} does not fit {port.protocol_shape}")
    return port


def check_complete(session: Model, feed: dict[str, np.ndarray]) -> None:
    """Refuse a request that lacks an input."""
    if len(feed) != len(session.inputs):
        missing = next(port.name for port in session.inputs if port.name not in feed)
        raise bad(f"input {missing!r} is missing")


def check_output(session: Model, name: Any, seen: list[str]) -> str:
    """The name of a wanted output; refused where the model lacks it or it is named twice."""
    if type(name) is not str or name not in session.by_output:
        raise bad(f"the model has no output {name!r}; it has {', '.join(repr(p.name) for p in session.outputs)}")
    if name in seen:
        raise bad(f"output {name!r} is asked for twice")
    return name


def read_parameters(parameters: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """What to echo, and the time limit in seconds (``timeout``, microseconds in the protocol).

    Raises:
        Refusal: a parameter that asks for what this server does not do, or a value that is no plain value.
    """
    echo: dict[str, Any] = {}
    timeout: float | None = None
    for key, value in parameters.items():
        if key == "timeout":
            if type(value) is not int or value < 0:
                raise bad("parameter 'timeout' is a whole number of microseconds")
            timeout = value / 1e6 if value else None
        elif key in _UNSUPPORTED and value:
            raise bad(f"parameter {key!r} is not supported: models here keep no state between requests")
        elif type(value) not in (str, int, float, bool):
            raise bad(f"parameter {key!r} must be text, a number, true or false")
        elif key not in PARAMETERS_OF_THE_PROTOCOL:
            echo[key] = value
    return echo, timeout


class Reply:
    """Where the outcome of a request goes. A transport has its own; each is completed exactly once."""

    __slots__ = ()

    def complete(self, outputs: list[np.ndarray]) -> None:
        """Answer with the outputs in the order that was asked for."""
        raise NotImplementedError

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal."""
        raise NotImplementedError
