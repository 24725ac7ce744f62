"""A model's inputs and outputs, and what the rest of the server needs of a loaded model. Loads no onnxruntime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from aiinfra.server.datatypes import Datatype


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output. A dimension is a number, or None where the caller chooses it."""

    name: str
    datatype: Datatype
    shape: tuple[int | None, ...]
    symbols: tuple[str, ...]
    """The names that the model gives its free dimensions; empty text for fixed and nameless ones."""

    @property
    def protocol_shape(self) -> list[int]:
        """The shape as metadata shows it: -1 where the caller chooses."""
        return [-1 if dimension is None else dimension for dimension in self.shape]

    def accepts(self, shape: Sequence[int]) -> bool:
        """Whether ``shape`` has the rank and the fixed dimensions of this port."""
        own = self.shape
        if len(shape) != len(own):
            return False
        for at, dimension in enumerate(own):  # noqa: SIM110 - `all` costs a generator on every request
            if dimension is not None and dimension != shape[at]:
                return False
        return True


class Model(Protocol):
    """A model that can be called: a session of this process, or one behind a worker process."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    by_input: dict[str, Port]
    by_output: dict[str, Port]
    output_names: list[str]
    providers: tuple[str, ...]
    runtime: str

    def run(self, feed: Mapping[str, np.ndarray], names: list[str], options: Any = None) -> list[np.ndarray]:
        """Call the model."""
        ...
