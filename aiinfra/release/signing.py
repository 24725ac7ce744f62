"""Signing a release with a key file or with KMS, whichever is named."""

from collections.abc import Sequence
from pathlib import Path

from aiinfra.errors import BadInput
from aiinfra.release.sign import public_pem, sign


def sign_release(
    folder: Path,
    *,
    key: Path | None = None,
    kms: str | None = None,
    certificate: Path | None = None,
    chain: Sequence[Path] = (),
    public: Path | None = None,
) -> Path:
    """Sign every file of a release folder; the signature's path. ``public``: where to write the public key.

    Raises:
        BadInput: ``key-missing`` (not exactly one key is named), and what the two ways to sign raise.
    """
    if (key is None) == (kms is None):
        raise BadInput("key-missing", "name one key to sign with", "write --key FILE, or --kms KEY")
    if kms is not None:
        from aiinfra.release.kms import KmsKey, sign_with_kms  # noqa: PLC0415  # boto3

        far = KmsKey(kms)
        signature, pem = sign_with_kms(folder, far, certificate=certificate, chain=chain), far.public_pem
    else:
        near = key or Path()
        signature = sign(folder, near, certificate=certificate, chain=chain)
        pem = public_pem(near)
    if public is not None:
        public.write_bytes(pem)
    return signature
