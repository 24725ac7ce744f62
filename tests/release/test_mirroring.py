"""What a closed network needs is copied: images, charts by their version, and what nobody locked yet."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from aiinfra.check.delivery import charts_are_those_of_the_table
from aiinfra.cli.images import command
from aiinfra.errors import BadInput
from aiinfra.release import images
from aiinfra.release.images import Tool
from aiinfra.release.mirroring import mirror, plan
from aiinfra.spec.reading import load, read_lock
from tests.programs import ROOT

SKOPEO = Tool("skopeo")
MANIFEST = json.dumps({"config": {"digest": "x"}, "layers": []}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
CHART = "nvidia-device-plugin"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
OLD = f"sha256:{'1' * 64}"


class Tools:
    """Answers what the programs would; remembers what they were told, and the small files they would read."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.files: dict[str, str] = {}

    def __call__(self, words: Sequence[str]) -> bytes:
        self.asked.append(list(words))
        for word in words:
            if ".json:" in word:
                self.files[Path(word.partition(":")[0]).name] = Path(word.partition(":")[0]).read_text()
        return (
            json.dumps({"architecture": "amd64"}).encode() if "--config" in words and "inspect" in words else MANIFEST
        )


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """A training cluster of NVIDIA machines with EFA, of which two things are locked."""
    text = (ROOT / "tests/data/declarations/whole.yaml").read_text(encoding="utf-8")
    (tmp_path / "deployment.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "sites.csv").write_text((ROOT / "tests/data/declarations/sites.csv").read_text(), encoding="utf-8")
    (tmp_path / "images.lock").write_text(
        f'aiinfra-server: {{reference: "registry.example.com/aiinfra/server:0.1@{OLD}", architectures: [arm64]}}\n'
        f'chart-kueue: {{reference: "registry.example.com/charts/kueue:0.19.2@{OLD}"}}\n',
        encoding="utf-8",
    )
    return tmp_path


def test_charts_and_images_of_operators_come_too_and_the_lock_names_the_mirror(declared: Path) -> None:
    made = plan(declared, "mirror.internal/closed", SKOPEO)
    assert {one.name for one in made.copies} == {
        *("aiinfra-server", "chart-kueue", "kueue-controller", "chart-jobset", "jobset-controller", "chart-trainer"),
        *("trainer-controller", "chart-nvidia", "nvidia-device-plugin", "chart-efa", "efa-device-plugin"),
    }
    assert made.unknown == ("line-vibration-release", "line-vibration-trainer", "platform-runner")
    tools = Tools()
    found = mirror(declared, made, SKOPEO, ask=tools)
    locked = read_lock(declared)
    assert locked == dict(sorted(found.items()))
    assert {name: image.reference for name, image in locked.items() if "kueue" in name or "nvidia" in name} == {
        "chart-kueue": f"mirror.internal/closed/charts/kueue:0.19.2@{OLD}",  # Helm asks for a version
        "kueue-controller": f"mirror.internal/closed/kueue/kueue@{DIGEST}",
        "chart-nvidia": f"mirror.internal/closed/nvidia-device-plugin:0.18.2@{DIGEST}",
        "nvidia-device-plugin": f"mirror.internal/closed/nvidia/k8s-device-plugin@{DIGEST}",
    }
    assert locked["aiinfra-server"].architectures == ("arm64",)
    assert list(charts_are_those_of_the_table(load(declared))) == []
    copied = [words for words in tools.asked if words[:2] == ["skopeo", "copy"]]
    assert [
        "docker://registry.example.com/charts/kueue@" + OLD,
        "docker://mirror.internal/closed/charts/kueue:0.19.2",
    ] in [words[-2:] for words in copied]


def test_a_chart_that_is_in_no_registry_is_fetched_by_helm_and_pushed_under_the_name_wanted(declared: Path) -> None:
    made = plan(declared, "mirror.internal/line-vibration", SKOPEO, by_name=True)
    (chart,) = (one for one in made.copies if one.name == "chart-nvidia")
    push = f"oras push mirror.internal/line-vibration/chart-nvidia:0.18.2 --config charts/{CHART}-0.18.2.json:{CONFIG}"
    assert [str(step) for step in chart.steps] == [
        f"helm pull {CHART} --repo https://nvidia.github.io/k8s-device-plugin --version 0.18.2 --destination charts",
        f"""printf %s '{{"apiVersion":"v2","name":"{CHART}","version":"0.18.2"}}' > charts/{CHART}-0.18.2.json""",
        f"{push} charts/{CHART}-0.18.2.tgz:{CONTENT}",
    ]
    assert made.lines[0] == "mkdir -p charts"
    (own,) = (one for one in plan(declared, "m.internal/x", SKOPEO).copies if one.name == "chart-nvidia")
    assert str(own.steps[-1]) == f"helm push charts/{CHART}-0.18.2.tgz oci://m.internal/x"
    assert own.target == f"m.internal/x/{CHART}:0.18.2"
    tools = Tools()
    mirror(declared, made, SKOPEO, ask=tools)
    assert json.loads(tools.files["nvidia-device-plugin-0.18.2.json"])["version"] == "0.18.2"
    pulled = next(words for words in tools.asked if words[0] == "helm")
    assert not (declared / "charts").exists()
    assert Path(pulled[-1]).is_absolute()
    assert read_lock(declared)["chart-nvidia"].reference.startswith(
        "mirror.internal/line-vibration/chart-nvidia:0.18.2@"
    )


def test_what_is_not_here_is_named_and_nothing_is_done(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "tool", lambda: SKOPEO)
    monkeypatch.setattr("aiinfra.release.mirroring.shutil.which", lambda word: "/x" if word == "skopeo" else None)
    before = read_lock(declared)
    words = ["mirror", "--to", "m.internal", "--deployment", str(declared)]
    ran = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
    assert ran.return_value == 1
    assert "helm is not here, so nothing was done" in ran.stderr
    ran = CliRunner().invoke(command, [*words, "--by-name"], catch_exceptions=False, standalone_mode=False)
    assert "helm and oras are not here, so nothing was done" in ran.stderr
    ran = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
    assert "platform-runner is needed and not locked" in ran.stderr
    assert "skopeo copy --all --preserve-digests docker://registry.k8s.io/kueue/kueue:v0.19.2 " in ran.stdout
    assert read_lock(declared) == before


def test_without_a_lock_what_the_table_knows_is_mirrored(declared: Path) -> None:
    (declared / "images.lock").unlink()
    assert "chart-kueue" in {one.name for one in plan(declared, "m.internal", SKOPEO).copies}
    (declared / "deployment.yaml").unlink()
    with pytest.raises(BadInput) as caught:
        plan(declared, "m.internal", SKOPEO)
    assert caught.value.code == "images-lock-missing"
