"""The release's bills of materials (CycloneDX 1.6): the model with its card, and what it is made of and served by.

Nothing in them depends on time or machine: the serial number is a hash of the content, and what serves the model is the
server's own requirements as they are installed where the release is built, which is where it was tried.
"""

import json
import uuid
from importlib import metadata
from typing import Any, Final

from aiinfra import __version__
from aiinfra.errors import BadInput
from aiinfra.release.card import Card, model_card
from aiinfra.release.manifest import ReleaseManifest

BOM: Final = "bom.cdx.json"
_SPACE: Final = uuid.UUID("5b9c1d4e-0b5e-5d0f-8f0a-6f6d1f1c2a10")
_SERVES: Final = (
    "cryptography",
    "grpcio",
    "httptools",
    "numpy",
    "onnx",
    "onnxruntime",
    "orjson",
    "prometheus-client",
    "protobuf",
    "pydantic",
)
"""What answers requests: the packages that the server imports."""


def card_of(release: ReleaseManifest, card: Card) -> str:
    """``modelcard.json``: an ML-BOM of one component, the model, with its card.

    Raises:
        BadInput: ``card-invalid``: it is not valid CycloneDX 1.6.
    """
    inputs = [f"{tensor.name}: {tensor.dtype} {_shape(tensor.shape)}" for tensor in release.inputs]
    outputs = [f"{tensor.name}: {tensor.dtype} {_shape(tensor.shape)}" for tensor in release.outputs]
    data = _data(release)
    model = {**_model(release), "modelCard": model_card(card, inputs, outputs, data[0]["bom-ref"] if data else "")}
    return _document({"metadata": {"component": model}, **({"components": data} if data else {})})


def bom_of(release: ReleaseManifest) -> str:
    """``bom.cdx.json``: the model, its data files and training data, and the packages that serve it."""
    files = [
        {
            "type": "data",
            "bom-ref": f"file:{file.path}",
            "name": file.path,
            "hashes": [_hash(file.digest)],
        }
        for file in release.external
    ]
    packages = []
    for name in _SERVES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        purl = f"pkg:pypi/{name}@{version}"
        packages.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
    server = {"type": "application", "bom-ref": "aiinfra", "name": "aiinfra", "version": __version__}
    made_of = [item["bom-ref"] for item in (*files, *_data(release))]
    return _document(
        {
            "metadata": {"component": _model(release)},
            "components": [*files, *_data(release), server, *packages],
            "dependencies": [
                {"ref": "model", "dependsOn": [*made_of, "aiinfra"]},
                {"ref": "aiinfra", "dependsOn": [package["bom-ref"] for package in packages]},
            ],
        }
    )


def _model(release: ReleaseManifest) -> dict[str, Any]:
    said = {"aiinfra:origin:code": release.origin.code, "aiinfra:origin:run": release.origin.run}
    properties = [{"name": name, "value": value} for name, value in said.items() if value]
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": release.name,
        "version": release.version,
        "hashes": [_hash(release.digest)],
        **({"properties": properties} if properties else {}),
    }


def _data(release: ReleaseManifest) -> list[dict[str, Any]]:
    if not release.origin.data:
        return []
    return [
        {
            "type": "data",
            "bom-ref": "training-data",
            "name": f"{release.name}-training-data",
            "hashes": [_hash(release.origin.data)],
        }
    ]


def _hash(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}


def _shape(shape: tuple[int, ...] | None) -> str:
    return "any shape" if shape is None else str(list(shape))


def _document(content: dict[str, Any]) -> str:
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, **content}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False)
    whole["serialNumber"] = f"urn:uuid:{uuid.uuid5(_SPACE, text)}"
    text = json.dumps(whole, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    _validate(text)
    return text


def _validate(text: str) -> None:
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415  # the [release] set
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        reason = str(wrong).splitlines()[0][:200]
        raise BadInput("card-invalid", f"the bill of materials is not valid CycloneDX 1.6: {reason}", "mend the card")
