"""Verifying a release folder: everything in it is signed by a known key, and nothing else is in it.

The signature is OpenSSF model signing's (a Sigstore bundle over an in-toto statement that lists every file's digest);
its library checks the signature and the digests. Before that, the statement may only lead to a refusal: it says which
error to give, and it must not leave out files (the signer chooses what a signature ignores, so that is restricted
here). The library is imported on use, since it brings all of Sigstore (half a second).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.files import digest_of, list_files
from aiinfra.release.manifest import MODEL, SIGNATURE, ReleaseManifest

_IGNORABLE: Final = frozenset({SIGNATURE, ".git", ".gitattributes", ".github", ".gitignore"})
"""What model-signing's own defaults leave out of a statement. Such a file in the folder is still refused as extra."""

_LARGEST_SIGNATURE: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release whose every file was signed by ``signer`` when it was checked.

    Whoever may write the folder may change it afterwards: read the model once, and compare its digest.
    """

    folder: Path
    manifest: ReleaseManifest
    signer: Path
    """The public key that verified it."""
    fingerprint: str
    """``sha256:`` and 64 hex digits of that key."""

    @property
    def model(self) -> Path:
        """The model file."""
        return self.folder / MODEL


@dataclass(frozen=True, slots=True)
class _Statement:
    key: str
    """Hex SHA-256 of the signing key, as the bundle claims."""
    digests: dict[str, str]
    ignored: tuple[str, ...]


def verify(folder: Path, signers: Sequence[Path]) -> VerifiedRelease:
    """Check that ``folder`` holds exactly what one of ``signers`` signed. Uses no network.

    ``signers`` are PEM files of elliptic-curve public keys (P-256, P-384, P-521).

    Raises:
        BadInput: ``release-missing``, ``release-invalid``, ``signer-invalid``.
        AiinfraError: ``release-unsigned``, ``release-linked``, ``release-foreign-key``, ``release-ignores-files``,
            ``release-file-missing``, ``release-file-extra``, ``release-changed``, ``release-signature-invalid``.
    """
    files = set(list_files(folder))
    if SIGNATURE not in files:
        raise AiinfraError(
            "release-unsigned", f"{folder} has no signature ({SIGNATURE})", "sign it: aiinfra release sign"
        )
    keys = {fingerprint(signer): signer for signer in signers}
    signature = _read_signature(folder)
    statement = _statement(folder, signature)
    signer = keys.get(statement.key)
    if signer is None:
        known = ", ".join(f"{path.name} ({key[:12]})" for key, path in keys.items()) or "none"
        raise AiinfraError(
            "release-foreign-key",
            f"{folder} is signed by the key {statement.key[:12]}, which is not a known signer (known: {known})",
            "add the public key to the signers, or have the release signed by one of them",
        )
    _check_names(folder, files - {SIGNATURE}, statement)
    _check_content(folder, signer, signature, statement)
    manifest = ReleaseManifest.read(folder)
    _check_manifest(folder, manifest, statement)
    return VerifiedRelease(folder, manifest, signer, f"sha256:{statement.key}")


def fingerprint(signer: Path) -> str:
    """Hex SHA-256 of a public key's PEM form, which is how a bundle names the key it was made with.

    Raises:
        BadInput: ``signer-invalid``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # part of the [server] set, not of the base
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    remedy = "name a PEM file with an elliptic-curve public key (P-256, P-384 or P-521)"
    try:
        key = serialization.load_pem_public_key(signer.read_bytes())
    except OSError as error:
        raise BadInput("signer-invalid", f"cannot read {signer}: {error.strerror}", remedy) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("signer-invalid", f"{signer} is not a public key", remedy) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadInput("signer-invalid", f"{signer} is not an elliptic-curve key", remedy)
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(encoding, form)).hexdigest()


def _refuse(folder: Path, reason: str) -> NoReturn:
    raise AiinfraError(
        "release-signature-invalid", f"{folder}: {reason}", "fetch the release again, or have it signed again"
    )


def _read_signature(folder: Path) -> bytes:
    file = folder / SIGNATURE
    if file.stat().st_size > _LARGEST_SIGNATURE:
        _refuse(folder, "the signature file is too large to be one")
    return file.read_bytes()


def _statement(folder: Path, signature: bytes) -> _Statement:
    """What the signature claims; not trusted until the library has checked it."""
    try:
        bundle: Any = json.loads(signature)
        key = bundle["verificationMaterial"]["publicKey"]["hint"]
        payload: Any = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True))
        predicate = payload["predicate"]
        serialization = predicate["serialization"]
        digests = {item["name"]: item["digest"] for item in predicate["resources"]}
        ignored = tuple(serialization.get("ignore_paths", ()))
        plain = (serialization["method"], serialization["hash_type"], serialization["allow_symlinks"])
        if payload["predicateType"] != "https://model_signing/signature/v1.0" or len(digests) != len(
            predicate["resources"]
        ):
            _refuse(folder, "the signature is not a model signature of version 1.0")
        if not all(isinstance(text, str) for text in (key, *digests, *digests.values(), *ignored)):
            _refuse(folder, "the signature's statement does not read")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        _refuse(folder, "the signature does not read")
    if plain != ("files", "sha256", False):
        _refuse(folder, f"the signature lists files in a way that is not accepted: {plain}")
    return _Statement(key, digests, ignored)


def _check_names(folder: Path, files: set[str], statement: _Statement) -> None:
    widened = sorted(set(statement.ignored) - _IGNORABLE)
    if widened:
        raise AiinfraError(
            "release-ignores-files",
            f"{folder}: the signature leaves out {', '.join(map(repr, widened))}",
            "have the whole folder signed: aiinfra release sign",
        )
    missing = sorted(set(statement.digests) - files)
    if missing:
        raise AiinfraError(
            "release-file-missing", f"{folder} lacks {missing[0]!r}, which is signed", "fetch the release again"
        )
    extra = sorted(files - set(statement.digests))
    if extra:
        raise AiinfraError(
            "release-file-extra", f"{folder} holds {extra[0]!r}, which is not signed", "fetch the release again"
        )


def _check_content(folder: Path, signer: Path, signature: bytes, statement: _Statement) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from model_signing import hashing, verifying  # noqa: PLC0415  # imports all of Sigstore

    files = hashing.Config().use_file_serialization(hashing_algorithm="sha256")
    files.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    config = verifying.Config().use_elliptic_key_verifier(public_key=signer).set_hashing_config(files)
    try:
        config.verify(folder, folder / SIGNATURE)
    except InvalidSignature:
        _refuse(folder, f"the signature was not made by {signer.name}, though it says so")
    except Exception as error:  # noqa: BLE001  # the library raises plain ValueErrors, and others on bundles it cannot read
        for name, digest in sorted(statement.digests.items()):
            if digest_of(folder / name) != digest:
                raise AiinfraError(
                    "release-changed", f"{folder}: {name!r} is not what was signed", "fetch the release again"
                ) from None
        _refuse(folder, f"the signature does not hold: {(str(error).splitlines() or ['unreadable'])[0][:200]}")
    if (folder / SIGNATURE).read_bytes() != signature:
        _refuse(folder, "the signature file changed while it was read")


def _check_manifest(folder: Path, manifest: ReleaseManifest, statement: _Statement) -> None:
    """A signed manifest may still be a wrong one: it must describe the model that was signed with it."""
    listed = {MODEL: manifest.digest, **{item.path: item.digest for item in manifest.external}}
    for name, digest in listed.items():
        if statement.digests.get(name) != digest.removeprefix("sha256:"):
            raise BadInput(
                "release-invalid",
                f"{folder}: release.json gives another digest for {name!r}",
                "build the release again",
            )
