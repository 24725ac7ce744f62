"""Components in programs of other languages, through the plugin folder, under the real engine."""

import json
import shutil
import site
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aiinfra.engine.providers import installed
from aiinfra.engine.rehearsal import UP
from aiinfra.engine.workplace import Workplace
from tests.e2e.conftest import Stage

ROOT = Path(__file__).parent.parent.parent
STACK = ["--stack", "production"]
TAGS = {"owner": "welding", "costCenter": "0815", "dataClass": "internal"}


@pytest.fixture
def plugin(stage: Stage) -> Path:
    """The plugin folder, whose environment is this one: nothing is installed."""
    folder = stage.place.root / "plugin"
    shutil.copytree(ROOT / "plugin", folder)
    (folder / "requirements.txt").write_text("")
    python = folder / "venv" / "bin" / "python"
    subprocess.run(["python3", "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    assert python.exists()
    packages = next((folder / "venv" / "lib").glob("python3*/site-packages"))
    (packages / "this.pth").write_text("\n".join([*site.getsitepackages(), str(ROOT)]) + "\n")
    return folder


def program(stage: Stage, settings: dict[str, Any]) -> Path:
    folder = stage.place.root / "project"
    (folder / "Pulumi.yaml").write_text(json.dumps(settings))
    done(stage.place, ["stack", "select", "--create", "production"])
    return folder


def done(place: Workplace, arguments: list[str]) -> str:
    outcome = place.run(arguments)
    assert outcome.code == 0, outcome.stderr or outcome.stdout
    return outcome.stdout


def resources(place: Workplace) -> dict[str, dict[str, Any]]:
    document = json.loads(done(place, ["stack", "export", *STACK]))
    return {state["urn"].split("::", 2)[2]: state for state in document["deployment"]["resources"]}


def needs(program_: str) -> None:
    if shutil.which(program_) is None:
        pytest.skip(f"{program_}, which is not on PATH")


def test_a_program_in_yaml(stage: Stage, plugin: Path) -> None:
    needs("pulumi-language-yaml")
    digest = f"sha256:{1:064}"
    model = {
        "file": "weld-check.onnx",
        "digest": digest,
        "inputs": [{"name": "image", "dtype": "FP32", "shape": [-1, 3, 224, 224]}],
        "outputs": [{"name": "defect", "dtype": "FP32", "shape": [-1, 2], "labels": ["sound", "defect"]}],
    }
    properties = {
        "className": "hall",
        "site": "hall-3",
        "modelName": "weld-check",
        "model": model,
        "tier": {"accelerator": "cpu-x86-64"},
        "runtime": {"on": "k3s", "callers": ["line-controller"], "replicas": 2},
        "tags": TAGS,
        "images": {name: f"registry.example/{name}@{digest}" for name in ("aiinfra-server", "weld-check-release")},
        "overrides": {"runtime": {"deployment": {"spec": {"revisionHistoryLimit": 10}}}},
    }
    settings: dict[str, Any] = {
        "name": "from-yaml",
        "runtime": "yaml",
        "packages": {"aiinfra": str(plugin)},
        "resources": {
            "releases": {
                "type": "aiinfra:ReleaseBucket",
                "properties": {"account": "111122223333", "region": "eu-central-1", "keepOldVersions": 90},
            },
            "hall": {"type": "aiinfra:Site", "properties": properties},
        },
        "outputs": {"bucket": "${releases.bucket}", "http": "${hall.http}"},
    }
    program(stage, settings)
    done(stage.place, [*UP, *STACK])
    made = resources(stage.place)
    assert made["aiinfra:index:Site::hall"]["inputs"] == properties
    kinds = "aiinfra:index:Site$aiinfra:index:InferenceRuntime$kubernetes:apps/v1:Deployment"
    spec = made[f"{kinds}::hall-runtime-deployment"]["inputs"]["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (2, 10)
    assert made["aiinfra:index:ReleaseBucket$aws:kms/key:Key::releases-key"]["protect"]
    outputs = made["pulumi:pulumi:Stack::from-yaml-production"]["outputs"]
    assert outputs["http"] == "https://weld-check-server.weld-check.svc"
    assert outputs["bucket"].startswith("releases-111122223333-eu-central-1-")
    done(stage.place, [*UP, "--expect-no-changes", *STACK])

    settings["resources"] = {
        "releases": {
            "type": "aiinfra:ReleaseBucket",
            "properties": {"account": "1", "region": "eu-central-1", "keepOldVersions": 3.5},
        }
    }
    settings.pop("outputs")
    program(stage, settings)
    refused = stage.place.run(["preview", *STACK])
    said = "\n".join(refused.events.errors)
    assert refused.code != 0
    assert "ReleaseBucket 'releases' cannot be made:" in said
    assert "property account with value" in said
    assert "property keepOldVersions with value '{3.5}' has a problem: 3.5: input should be a valid integer" in said
    assert "Traceback" not in said
    assert "Exception" not in said

    del properties["images"]
    settings["resources"] = {"hall": {"type": "aiinfra:Site", "properties": properties}}
    program(stage, settings)
    unlocked = stage.place.run([*UP, *STACK])
    assert unlocked.code != 0
    assert "aiinfra-server, weld-check-release not in images.lock" in "\n".join(unlocked.events.errors)


def pretend_installed(place: Workplace) -> None:
    """``package add`` downloads the plugins of what a component is made of; here the stand-ins take their place."""
    for package in installed():
        file = place.root / "home" / "plugins" / f"resource-{package.name}-v{package.version}" / "pulumi-resource-"
        file = file.with_name(f"{file.name}{package.name}")
        file.parent.mkdir(parents=True)
        file.write_text("#!/bin/sh\nexit 1\n")
        file.chmod(0o755)


def test_a_program_in_typescript(stage: Stage, plugin: Path) -> None:
    needs("pulumi-language-nodejs")
    needs("npm")
    place = stage.place
    pretend_installed(place)
    folder = program(stage, {"name": "from-typescript", "runtime": "nodejs"})
    (folder / "package.json").write_text(
        json.dumps(
            {
                "name": "from-typescript",
                "main": "index.ts",
                "dependencies": {"@pulumi/pulumi": "^3.200.0"},
                "devDependencies": {"@types/node": "^20", "typescript": "^5"},
            }
        )
    )
    options = {"strict": True, "target": "es2020", "module": "commonjs", "moduleResolution": "node"}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["index.ts"]}))
    (folder / "index.ts").write_text(
        """
import * as aiinfra from "@pulumi/aiinfra";
const releases = new aiinfra.ReleaseBucket("releases", {
    account: "111122223333", region: "eu-central-1", keepOldVersions: 90,
});
const box = new aiinfra.TrustedNamespace("box", {
    namespace: "weld-check", pods: 12, tags: { owner: "welding", costCenter: "0815", dataClass: "internal" },
});
export const bucket = releases.bucket;
export const inside = box.namespace;
"""
    )
    subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    done(place, ["package", "add", str(plugin)])
    done(place, [*UP, *STACK])
    made = resources(place)
    assert made["aiinfra:index:TrustedNamespace::box"]["inputs"] == {
        "namespace": "weld-check",
        "pods": 12,
        "tags": TAGS,
    }
    quota = made["aiinfra:index:TrustedNamespace$kubernetes:core/v1:ResourceQuota::box-quota"]["inputs"]
    assert quota["spec"]["hard"]["pods"] == "12"
    outputs = made["pulumi:pulumi:Stack::from-typescript-production"]["outputs"]
    assert outputs["inside"] == "weld-check"
