"""The model versions that are loaded, by name: what requests are looked up in."""

from dataclasses import dataclass, field
from time import perf_counter_ns

from aiinfra.server.config import ModelSettings
from aiinfra.server.plans import Plans
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.requests import InferRequest, Reply
from aiinfra.server.rest_encode import Encoder
from aiinfra.server.schedule import Call, Lane
from aiinfra.server.statistics import Statistics
from aiinfra.server.warmup import Pace


@dataclass(slots=True, eq=False)
class Served:
    """One loaded version, ready to answer."""

    name: str
    version: str
    digest: str
    """``sha256:...`` of the model file."""
    settings: ModelSettings
    session: Model
    lane: Lane
    statistics: Statistics
    encoder: Encoder
    pace: Pace
    plans: Plans = field(default_factory=Plans)
    answer_head: bytes = field(init=False)
    deadline_ns: int = field(init=False)
    batched: bool = field(init=False)

    def __post_init__(self) -> None:
        self.deadline_ns = int(self.settings.deadline.seconds * 1e9)
        self.batched = self.pace.batch_rows > 1
        self.answer_head = b"aiinfra-model-digest: " + self.digest.encode() + b"\r\n"

    def submit(self, request: InferRequest, reply: Reply, arrived: int) -> Call:
        """Queue a request.

        Raises:
            Refusal: the queue is full, or the first dimensions of a batched model's inputs differ.
        """
        limit = self.deadline_ns
        if request.timeout is not None:
            limit = min(limit, int(request.timeout * 1e9))
        names = request.outputs if request.outputs is not None else self.session.output_names
        rows = 1
        if self.batched:
            given = [array.shape[0] for array in request.feed.values()]
            rows = given[0]
            if len(given) > 1 and given.count(rows) != len(given):
                raise Refusal(Kind.BAD_REQUEST, "the inputs' first dimensions differ")
        call = Call(request.feed, names, reply, rows=rows, arrived=arrived, deadline=arrived + limit)
        self.lane.submit(call)
        return call


class Catalogue:
    """Loaded versions by model name. Only the event loop's thread touches it."""

    def __init__(self) -> None:
        self._models: dict[str, dict[str, Served]] = {}
        self._default: dict[str, Served] = {}

    def find(self, name: str, version: str = "") -> Served:
        """The version asked for, or the model's default.

        Raises:
            Refusal: nothing of that name is loaded (kind ``NOT_FOUND``).
        """
        served = self._models.get(name, {}).get(version) if version else self._default.get(name)
        if served is None:
            what = f"model {name[:128]!r}" + (f" version {version[:128]!r}" if version else "")
            raise Refusal(Kind.NOT_FOUND, f"{what} is not loaded")
        return served

    def put(self, served: Served) -> Served | None:
        """Make ``served`` its model's default; returns the one it takes the place of."""
        before = self._default.get(served.name)
        versions = self._models.setdefault(served.name, {})
        if before is not None:
            del versions[before.version]
        versions[served.version] = served
        self._default[served.name] = served
        return before

    def remove(self, name: str) -> list[Served]:
        """Take every version of a model out; returns them."""
        self._default.pop(name, None)
        return list(self._models.pop(name, {}).values())

    def names(self) -> list[str]:
        """Loaded models, sorted."""
        return sorted(self._default)

    def versions(self, name: str) -> list[str]:
        """Loaded versions of a model."""
        return sorted(self._models.get(name, {}))

    def all(self) -> list[Served]:
        """Every loaded version, by name."""
        return [served for name in self.names() for served in self._models[name].values()]


def now() -> int:
    """The clock of deadlines: nanoseconds, monotonic."""
    return perf_counter_ns()
