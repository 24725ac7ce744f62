"""Signing with a key that never leaves AWS KMS: the digest goes there, the signature comes back.

model-signing has no signer for KMS and no public way to add one. Its bundle is an open format, though (a DSSE envelope
around an in-toto statement): the library writes one with a key that lives for this call alone, and the envelope's
signature and the key's name are replaced with KMS's.
"""

import base64
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.files import list_files
from aiinfra.release.sign import certified, write_signature

_ALGORITHMS: Final = {
    "secp256r1": ("ECDSA_SHA_256", "sha256"),
    "secp384r1": ("ECDSA_SHA_384", "sha384"),
    "secp521r1": ("ECDSA_SHA_512", "sha512"),
}
"""Curve -> KMS's signing algorithm and its digest, as model-signing pairs them."""


class KmsKey:
    """An asymmetric signing key in AWS KMS. Needs ``kms:GetPublicKey`` and ``kms:Sign``, and nothing else."""

    def __init__(self, key: str, client: Any = None) -> None:
        """``key`` is an id, an ARN, or ``alias/NAME``; ``client`` a boto3 KMS client, else the environment's.

        Raises:
            BadInput: ``key-invalid``: no elliptic-curve signing key.
            AiinfraError: ``kms-refused``, ``extra-missing``.
        """
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        self._key = key
        self._client = client if client is not None else _client()
        said = self._call("get_public_key", KeyId=key)
        public = serialization.load_der_public_key(said["PublicKey"])
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name not in _ALGORITHMS:
            raise BadInput(
                "key-invalid",
                f"{key} is {said.get('KeySpec', 'another kind of key')} in KMS",
                "make a key with spec ECC_NIST_P256 and usage SIGN_VERIFY",
            )
        self._algorithm, self._digest = _ALGORITHMS[public.curve.name]
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        self.public_pem: bytes = public.public_bytes(encoding, form)
        """What sites name as signer."""

    def sign(self, message: bytes) -> bytes:
        """The signature (DER) of ``message``, whose digest alone leaves this machine."""
        digest = hashlib.new(self._digest, message).digest()
        answer = self._call(
            "sign", KeyId=self._key, Message=digest, MessageType="DIGEST", SigningAlgorithm=self._algorithm
        )
        signature: bytes = answer["Signature"]
        return signature

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # the [aws] set

        try:
            answer: dict[str, Any] = getattr(self._client, name)(**arguments)
        except (BotoCoreError, ClientError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise AiinfraError(
                "kms-refused",
                f"KMS does not {name.replace('_', ' ')} with {self._key}: {reason}",
                "check name and rights",
            ) from None
        return answer


def _client() -> Any:
    try:
        import boto3  # noqa: PLC0415
    except ImportError:
        raise AiinfraError(
            "extra-missing", "signing with KMS needs boto3, which is not installed here", "pip install 'aiinfra[aws]'"
        ) from None
    return boto3.client("kms")


def sign_with_kms(folder: Path, key: KmsKey, *, certificate: Path | None = None, chain: Sequence[Path] = ()) -> Path:
    """Sign every file of a release folder with a key in KMS; the signature's path. An earlier one is replaced.

    Raises:
        AiinfraError: ``kms-refused``, ``release-linked``.
        BadInput: ``certificate-invalid`` (not the key's), ``release-missing``.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from model_signing import signing  # noqa: PLC0415  # imports all of Sigstore

    list_files(folder)
    material = _material(key, certificate, chain)
    passing = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    def change(draft: Path) -> None:
        bundle: dict[str, Any] = json.loads(draft.read_bytes())
        envelope = bundle["dsseEnvelope"]
        signature = key.sign(_encoded(envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])))
        envelope["signatures"] = [{"sig": base64.b64encode(signature).decode()}]
        bundle["verificationMaterial"] = material
        draft.write_text(json.dumps(bundle), encoding="utf-8")

    with tempfile.TemporaryDirectory() as folder_of_key:
        file = Path(folder_of_key) / "passing.key"
        file.write_bytes(passing)
        return write_signature(folder, signing.Config().use_elliptic_key_signer(private_key=file), change)


def _encoded(kind: bytes, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding (secure-systems-lab/dsse, protocol.md)."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _material(key: KmsKey, certificate: Path | None, chain: Sequence[Path]) -> dict[str, Any]:
    if certificate is not None:
        return certified(key.public_pem, certificate, chain)
    return {"publicKey": {"hint": hashlib.sha256(key.public_pem).hexdigest()}, "tlogEntries": []}
