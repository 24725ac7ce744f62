"""Every Kubernetes object of every program, judged by kubeconform, which also refuses keys that stand twice."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.judges.built import built
from tests.judges.schemas import VERSIONS, custom_schemas, objects
from tests.programs import programs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

OWN = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def whole(file: Path) -> str:
    """A schema with its definitions in it: kubernetes-validate's name them by an address of their own."""
    definitions = json.loads(local((file.parent / "_definitions.json").read_text()))
    return json.dumps({**json.loads(local(file.read_text())), "$id": str(file), **definitions})


def local(text: str) -> str:
    return text.replace('"/api/_definitions.json#/', '"#/').replace('"_definitions.json#/', '"#/')


@pytest.fixture(scope="module")
def locations(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The API server's schemas and those of the definitions, under the names that kubeconform asks for."""
    folder = tmp_path_factory.mktemp("schemas")
    for (version, kind), schema in custom_schemas().items():
        group, _, name = version.partition("/")
        file = folder / group / f"{kind.lower()}_{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(schema))
    kinds = {item["kind"].lower() for program in programs() for item in objects(program.graph())}
    for version in VERSIONS:
        place = folder / version
        place.mkdir()
        for file in (OWN / f"v{version}.0-local-strict").glob("*.json"):
            if file.stem.partition("-")[0] in kinds:
                (place / file.name).write_text(whole(file))
    return [
        f"{folder}/VERSION/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        f"{folder}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
    ]


def judged(items: list[dict[str, Any]], version: str, locations: list[str], folder: Path) -> dict[str, list[str]]:
    """Status -> what it was said of: kind, name and message."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    file = folder / "objects.json"
    file.write_text(text)
    places = [f"-schema-location={place.replace('VERSION', version)}" for place in locations]
    ran = subprocess.run(
        [
            built("kubeconform"),
            "-strict",
            "-verbose",
            "-output=json",
            f"-kubernetes-version={version}.0",
            *places,
            file,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, list[str]] = {}
    for one in json.loads(ran.stdout)["resources"]:
        found.setdefault(one["status"], []).append(f"{one['kind']} {one['name']}: {one.get('msg', '')}")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(version: str, locations: list[str], tmp_path: Path) -> None:
    items = [item for program in programs() for item in objects(program.graph())]
    found = judged(items, version, locations, tmp_path)
    assert {status: said for status, said in found.items() if status != "statusValid"} == {}
    assert len(found["statusValid"]) == len(items) > 300


def test_it_speaks(locations: list[str], tmp_path: Path) -> None:
    every = [item for program in programs() for item in objects(program.graph())]

    def spoilt(kind: str, **fields: Any) -> dict[str, Any]:
        item = copy.deepcopy(next(one for one in every if one["kind"] == kind))
        item["spec"] = {**item["spec"], **fields}
        return item

    wrong = [spoilt("Deployment", replica=1), spoilt("NodePool", weigth=1), spoilt("Service", type=1)]
    found = judged(wrong, VERSIONS[0], locations, tmp_path)
    assert sorted(said.partition(" ")[0] for said in found["statusInvalid"]) == ["Deployment", "NodePool", "Service"]
    unknown = {"apiVersion": "example.com/v1", "kind": "Nobody", "metadata": {"name": "x"}}
    assert set(judged([unknown], VERSIONS[0], locations, tmp_path)) == {"statusError"}
