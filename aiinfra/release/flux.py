"""The signature that Flux checks: cosign's, over an artifact in a registry, made offline with a key file.

Flux verifies that, and nothing else, before it applies a class's manifests; it never sees a model. The format is
sigstore's "simple signing" (cosign's ``specs/SIGNATURE_SPEC.md``): a small JSON that names the
artifact by digest, its signature as an annotation, both kept beside the artifact under the tag ``sha256-HEX.sig``.
"""

import base64
import json
from pathlib import Path
from typing import Final

from aiinfra.errors import BadInput
from aiinfra.release.artifact import LARGEST_MANIFEST, MANIFEST_TYPE, Artifact, Descriptor, blob_digest
from aiinfra.release.place import Kind, Place
from aiinfra.release.sign import check_private

_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_PAYLOAD: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE: Final = "dev.cosignproject.cosign/signature"


def sign_artifact(place: Place, key: Path, *, plain_http: bool = False, ca: Path | None = None) -> str:
    """Sign whatever artifact ``place`` names in its registry; the digest that was signed. An earlier one is replaced.

    Raises:
        BadInput: ``place-invalid`` (no registry), ``key-missing``, ``key-invalid``.
        AiinfraError: ``key-readable``, and what the registry's link raises.
    """
    from aiinfra.release.registry import Registry  # noqa: PLC0415  # requests

    if place.kind is not Kind.REGISTRY:
        raise BadInput("place-invalid", f"{place.text} is no registry", "Flux fetches from registries: HOST/NAME:TAG")
    registry = Registry(place, plain_http=plain_http, ca=ca)
    digest = blob_digest(registry.manifest()[: LARGEST_MANIFEST + 1])
    payload = _payload(f"{place.host}/{place.name}", digest)
    signature = base64.b64encode(_signed(payload, key)).decode()
    config = _compact(
        {
            "architecture": "",
            "config": {},
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [blob_digest(payload)]},
        }
    )
    blobs = [
        (Descriptor(mediaType=_CONFIG, digest=blob_digest(config), size=len(config)), config),
        (Descriptor(mediaType=_PAYLOAD, digest=blob_digest(payload), size=len(payload)), payload),
    ]
    for blob, content in blobs:
        if not registry.has(blob):
            registry.write(blob, content)
    described = [{"mediaType": b.media_type, "size": b.size, "digest": b.digest} for b, _ in blobs]
    manifest = _compact(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": described[0],
            "layers": [{**described[1], "annotations": {_SIGNATURE: signature}}],
        }
    )
    registry.finish(Artifact(manifest, blobs[0][0], ()), f"{digest.replace(':', '-')}.sig")
    return digest


def _payload(reference: str, digest: str) -> bytes:
    critical = {
        "identity": {"docker-reference": reference},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return _compact({"critical": critical, "optional": None})


def _signed(payload: bytes, key: Path) -> bytes:
    """ECDSA over SHA-256, whatever the curve: what cosign and Flux verify a key's signature with."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    check_private(key)
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise BadInput(
            "key-invalid",
            f"{key} is not an unencrypted elliptic-curve private key in PEM",
            "make one: openssl ecparam -genkey -name prime256v1 -noout -out release.key",
        )
    return private.sign(payload, ec.ECDSA(hashes.SHA256()))


def _compact(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
