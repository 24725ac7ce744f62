"""Releases that differ by a factor, a registry between folders, and a site to bring them to."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.release.build import ReleaseSource, build_release
from aiinfra.release.golden import GoldenSet
from aiinfra.release.manifest import TierConstraint
from aiinfra.release.place import Place, parse_place
from aiinfra.release.sign import dev_key, public_key, sign
from aiinfra.release.transfer import open_source, push
from aiinfra.rollout.observe import Seen
from aiinfra.rollout.pull import Outcome, Site, pull
from aiinfra.rollout.soak import Clock
from aiinfra.server.config import ServerConfig

X = np.arange(8, dtype=np.float32).reshape(2, 4)


class Factory:
    """Builds, signs and pushes releases of model ``m``: y = x * factor."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.key = dev_key(root / "home")
        self.signer = public_key(self.key)
        self.tiers: tuple[TierConstraint, ...] = ()

    def ship(self, version: str, *, factor: float = 2.0, golden: float | None = None, name: str = "m") -> Place:
        """Push it under the tag ``wave``; the golden outputs may be another factor's."""
        model = self.root / "work" / f"{name}-{version}-{factor}.onnx"
        model.parent.mkdir(exist_ok=True)
        graph = helper.make_graph(
            [helper.make_node("Mul", ["x", "f"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
            [numpy_helper.from_array(np.float32(factor), "f")],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        model.write_bytes(made.SerializeToString(deterministic=True))
        expected = X * np.float32(factor if golden is None else golden)
        golden_set = GoldenSet("test_data_set_0", {"x": X}, {"y": expected})
        source = ReleaseSource(name, version, model, [golden_set], "numpy", tiers=self.tiers)
        folder = self.root / "built" / f"{name}-{version}-{factor}-{golden}"
        if not folder.exists():
            build_release(source, folder)
            sign(folder, self.key)
        place = self.place
        push(folder, place)
        return place

    @property
    def place(self) -> Place:
        return parse_place(f"oci:{self.root / 'registry'}:wave")


class Station:
    """A site without a server: what one would say is given."""

    def __init__(self, root: Path, factory: Factory) -> None:
        self.models = root / "models"
        self.factory = factory
        self.models.mkdir()

    def site(self, *, watch: str | None = None, digest: str = "", **options: object) -> Site:
        config = ServerConfig.model_validate(
            {
                "repository": {"dir": str(self.models), "signers": [str(self.factory.signer)]},
                "models": {"m": {"digest": digest}},
                **({"watch": {"address": watch}} if watch else {}),
            }
        )
        return Site(config, **options)

    def pull(self, place: Place | None = None, *, site: Site | None = None, **options: object) -> Outcome:
        place = place or self.factory.place
        return pull(site or self.site(), place, open_source(place), **options)

    @property
    def current(self) -> str:
        file = self.models / "m" / "current"
        return file.read_text().strip() if file.exists() else ""

    @property
    def versions(self) -> list[str]:
        folder = self.models / "m"
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


@pytest.fixture
def station(tmp_path: Path, factory: Factory) -> Station:
    return Station(tmp_path, factory)


class Timeline:
    """A clock that jumps, and a server that says one thing a look; the last goes on."""

    def __init__(self, *seen: Seen | None) -> None:
        self.seen = list(seen)
        self.time = 0.0
        self.looks = 0

    def look(self) -> Seen | None:
        self.looks += 1
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    @property
    def clock(self) -> Clock:
        def sleep(seconds: float) -> None:
            self.time += seconds

        return Clock(lambda: self.time, sleep)


from tests.server.conftest import serve  # noqa: E402, F401 - a server beside the test
