"""Model cards and bills of materials: valid CycloneDX, the same bytes each time, and honest about people."""

import json

import onnx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from aiinfra.errors import BadInput
from aiinfra.release.build import build_release
from aiinfra.release.card import read_card
from aiinfra.release.declared import source_of
from aiinfra.release.sign import sign
from aiinfra.release.verify import verify
from aiinfra.spec.reading import load
from tests.local.conftest import folder  # noqa: F401 - a declaration with a small model

DATA, CODE, RUN = f"sha256:{'d' * 64}", "4f1c2e9", "trainjob/press-42"
CARD = """\
purpose: Flags presses whose bearings wear, an hour before they seize.
users: [shift lead]
limits: [Not for presses without the vibration sensor.]
affects_people: true
metrics: [{name: recall, value: 0.95, low: 0.9, high: 0.98, data: 80 held-out hours}]
by_group: [{name: recall, value: 0.93, group: night shift, data: 30 held-out hours}]
oversight: {name: Maintenance desk, email: desk@example.com, how: "aiinfra down"}
"""


@pytest.fixture
def declared(folder):  # noqa: F811
    """The declaration with an origin and a card."""
    file = folder / "deployment.yaml"
    origin = f"  card: card.yaml\n  origin: {{data: {DATA}, code: {CODE}, run: {RUN}}}\n"
    file.write_text(file.read_text().replace("  golden: golden\n", f"  golden: golden\n{origin}"))
    (folder / "card.yaml").write_text(CARD)
    return folder


def valid(text):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def test_what_is_declared_is_in_the_release(declared, tmp_path, key, signer):
    release = tmp_path / "out" / "press" / "1"
    manifest = build_release(source_of(load(declared)), release)
    assert manifest.origin.model_dump() == {"data": DATA, "code": CODE, "run": RUN}
    assert [tier.model_dump(mode="json") for tier in manifest.tiers] == [
        {"accelerator": "cpu-x86-64", "execution_providers": ["CPUExecutionProvider"]}
    ]
    document = valid((release / "modelcard.json").read_text())
    model = document["metadata"]["component"]
    assert (model["type"], model["name"], model["version"]) == ("machine-learning-model", "press", "1")
    assert model["hashes"] == [{"alg": "SHA-256", "content": manifest.digest.removeprefix("sha256:")}]
    assert model["modelCard"] == {
        "modelParameters": {
            "datasets": [{"ref": "training-data"}],
            "inputs": [{"format": "x: FP32 [-1, 4]"}],
            "outputs": [{"format": "y: FP32 [-1, 3]"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {
                    "type": "recall",
                    "value": "0.95",
                    "slice": "80 held-out hours",
                    "confidenceInterval": {"lowerBound": "0.9", "upperBound": "0.98"},
                },
                {"type": "recall", "value": "0.93", "slice": "night shift; 30 held-out hours"},
            ]
        },
        "considerations": {
            "useCases": ["Flags presses whose bearings wear, an hour before they seize."],
            "users": ["shift lead"],
            "technicalLimitations": ["Not for presses without the vibration sensor."],
        },
        "properties": [
            {"name": "aiinfra:affects-people", "value": "true"},
            {"name": "aiinfra:oversight:name", "value": "Maintenance desk"},
            {"name": "aiinfra:oversight:email", "value": "desk@example.com"},
            {"name": "aiinfra:oversight:how", "value": "aiinfra down"},
        ],
    }
    bom = valid((release / "bom.cdx.json").read_text())
    assert {"aiinfra", "onnxruntime", "press-training-data"} <= {part["name"] for part in bom["components"]}
    sign(release, key)
    (release / "modelcard.json").write_text((release / "modelcard.json").read_text().replace("0.95", "0.99"))
    with pytest.raises(Exception, match=r"modelcard.json.* is not what was signed"):
        verify(release, [signer])


def test_the_same_inputs_give_the_same_bytes(declared, tmp_path):
    for name in ("a", "b"):
        build_release(source_of(load(declared)), tmp_path / name)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert {"modelcard.json", "bom.cdx.json", "release.json"} <= {str(file) for file in files}
    assert [f for f in files if (tmp_path / "a" / f).read_bytes() != (tmp_path / "b" / f).read_bytes()] == []


def test_external_data_is_in_the_bill(declared, tmp_path):
    model = declared / "m.onnx"
    onnx.save_model(onnx.load(model), model, save_as_external_data=True, location="weights.bin", size_threshold=0)
    bom = valid((build(declared, tmp_path) / "bom.cdx.json").read_text())
    assert ("weights.bin", "data") in {(part["name"], part["type"]) for part in bom["components"]}
    assert "file:weights.bin" in bom["dependencies"][0]["dependsOn"]


def build(declared, tmp_path):
    build_release(source_of(load(declared)), tmp_path / "out")
    return tmp_path / "out"


def test_without_a_card_there_is_none(folder, tmp_path):  # noqa: F811
    release = build(folder, tmp_path)
    assert not (release / "modelcard.json").exists()
    valid((release / "bom.cdx.json").read_text())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("by_group: [{", "# [{"), "measure it for each group of people"),
        (("purpose: ", "aim: "), "purpose: Field required"),
        (("desk@example.com", "desk"), "oversight.email"),
        (("value: 0.95", "value: .nan"), "metrics.0.value"),
        (("affects_people: true\n", ""), "affects_people: Field required"),
        (("users:", "usors:"), "usors"),
    ],
)
def test_a_card_that_does_not_hold(change, words, tmp_path):
    file = tmp_path / "card.yaml"
    file.write_text(CARD.replace(*change))
    with pytest.raises(BadInput) as caught:
        read_card(file)
    assert caught.value.code == "card-invalid"
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_no_card_where_one_is_named(declared):
    (declared / "card.yaml").unlink()
    with pytest.raises(BadInput, match="cannot be read") as caught:
        source_of(load(declared))
    assert caught.value.code == "card-invalid"
