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
from aiinfra.release.certificates import Chain, authority_of, read_chain
from aiinfra.release.files import digest_of, list_files
from aiinfra.release.manifest import MODEL, SIGNATURE, ReleaseManifest

_IGNORABLE: Final = frozenset({SIGNATURE, ".git", ".gitattributes", ".github", ".gitignore"})
"""What model-signing's own defaults leave out of a statement. Such a file in the folder is still refused as extra."""

_SIGNER: Final = "name a PEM file with an elliptic-curve public key (P-256, P-384, P-521) or an authority's certificate"
_LARGEST_SIGNATURE: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release whose every file was signed by ``signer`` when it was checked.

    Whoever may write the folder may change it afterwards: read the model once, and compare its digest.
    """

    folder: Path
    manifest: ReleaseManifest
    signer: Path
    """The public key, or the authority's certificate, that verified it."""
    fingerprint: str
    """``sha256:`` and 64 hex digits of the key that signed."""
    holder: str = ""
    """Subject of the certificate that signed; empty: a plain key did."""

    @property
    def model(self) -> Path:
        """The model file."""
        return self.folder / MODEL


@dataclass(frozen=True, slots=True)
class _Statement:
    key: str
    """Hex SHA-256 of the signing key, as the bundle claims; empty where it brings certificates."""
    chain: Chain | None
    """The certificates that came with the signature."""
    digests: dict[str, str]
    ignored: tuple[str, ...]


def verify(folder: Path, signers: Sequence[Path], *, expired: bool = False) -> VerifiedRelease:
    """Check that ``folder`` holds exactly what one of ``signers`` signed. Uses no network.

    ``signers`` are PEM files: elliptic-curve public keys (P-256, P-384, P-521), or certificate authorities. ``expired``
    takes a signing certificate that was valid once.

    Raises:
        BadInput: ``release-missing``, ``release-invalid``, ``signer-invalid``.
        AiinfraError: ``release-unsigned``, ``release-linked``, ``release-foreign-key``,
            ``release-foreign-certificate``, ``release-expired-certificate``, ``release-wrong-certificate``,
            ``release-ignores-files``, ``release-file-missing``, ``release-file-extra``, ``release-changed``,
            ``release-signature-invalid``.
    """
    files = set(list_files(folder))
    if SIGNATURE not in files:
        raise AiinfraError(
            "release-unsigned", f"{folder} has no signature ({SIGNATURE})", "sign it: aiinfra release sign"
        )
    authorities = [signer for signer in signers if is_authority(signer)]
    keys = {fingerprint(signer): signer for signer in signers if signer not in authorities}
    signature = _read_signature(folder)
    statement = _statement(folder, signature)
    if statement.chain is not None:
        signer = authority_of(folder, statement.chain, authorities, expired=expired)
        signed_by, holder = fingerprint_of(statement.chain.leaf.public_key()), statement.chain.holder
    else:
        signer, signed_by, holder = _known(folder, statement.key, keys), statement.key, ""
    _check_names(folder, files - {SIGNATURE}, statement)
    _check_content(folder, signer, signature, statement)
    manifest = ReleaseManifest.read(folder)
    _check_manifest(folder, manifest, statement)
    return VerifiedRelease(folder, manifest, signer, f"sha256:{signed_by}", holder)


def _known(folder: Path, key: str, keys: dict[str, Path]) -> Path:
    signer = keys.get(key)
    if signer is None:
        known = ", ".join(f"{path.name} ({found[:12]})" for found, path in keys.items()) or "none"
        raise AiinfraError(
            "release-foreign-key",
            f"{folder} is signed by the key {key[:12]}, which is not a known signer (known: {known})",
            "add the public key to the signers, or have the release signed by one of them",
        )
    return signer


def is_authority(signer: Path) -> bool:
    """Whether the file holds certificates, not a key.

    Raises:
        BadInput: ``signer-invalid``: it cannot be read, or holds a certificate that is no authority's.
    """
    from cryptography import x509  # noqa: PLC0415

    try:
        content = signer.read_bytes()
    except OSError as error:
        raise BadInput("signer-invalid", f"cannot read {signer}: {error.strerror}", _SIGNER) from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        return False
    try:
        found = x509.load_pem_x509_certificates(content)
        authority = all(c.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for c in found)
    except (ValueError, x509.ExtensionNotFound):
        authority = False
    if not authority:
        raise BadInput("signer-invalid", f"{signer} holds a certificate that is not an authority's", _SIGNER)
    return True


def fingerprint(signer: Path) -> str:
    """Hex SHA-256 of a public key's PEM form, which is how a bundle names the key it was made with.

    Raises:
        BadInput: ``signer-invalid``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # part of the [server] set, not of the base
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    try:
        key = serialization.load_pem_public_key(signer.read_bytes())
    except OSError as error:
        raise BadInput("signer-invalid", f"cannot read {signer}: {error.strerror}", _SIGNER) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("signer-invalid", f"{signer} is not a public key", _SIGNER) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadInput("signer-invalid", f"{signer} is not an elliptic-curve key", _SIGNER)
    return fingerprint_of(key)


def fingerprint_of(key: Any) -> str:
    """Hex SHA-256 of the PEM form of a public key."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

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
        key, chain = _material(bundle["verificationMaterial"])
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
    return _Statement(key, chain, digests, ignored)


def _material(said: dict[str, Any]) -> tuple[str, Chain | None]:
    """The key's name, or the certificates."""
    if "x509CertificateChain" not in said:
        return said["publicKey"]["hint"], None
    encoded = [item["rawBytes"] for item in said["x509CertificateChain"]["certificates"]]
    return "", read_chain([base64.b64decode(item, validate=True) for item in encoded])


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
            "release-file-missing",
            f"{folder} lacks {missing[0]!r}, which is signed",
            "fetch the release again; where the change is yours, sign it again",
        )
    extra = sorted(files - set(statement.digests))
    if extra:
        raise AiinfraError(
            "release-file-extra",
            f"{folder} holds {extra[0]!r}, which is not signed",
            "fetch the release again; where the change is yours, sign it again",
        )


def _check_content(folder: Path, signer: Path, signature: bytes, statement: _Statement) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from model_signing import hashing, verifying  # noqa: PLC0415  # imports all of Sigstore

    files = hashing.Config().use_file_serialization(hashing_algorithm="sha256")
    files.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    config = verifying.Config().set_hashing_config(files)
    if statement.chain is None:
        config.use_elliptic_key_verifier(public_key=signer)
    else:
        config.use_certificate_verifier(certificate_chain=[signer])
    try:
        config.verify(folder, folder / SIGNATURE)
    except InvalidSignature:
        who = statement.chain.holder if statement.chain is not None else signer.name
        _refuse(folder, f"the signature was not made by {who}, though it says so")
    except Exception as error:  # noqa: BLE001  # the library raises plain ValueErrors, and others on bundles it cannot read
        for name, digest in sorted(statement.digests.items()):
            if digest_of(folder / name) != digest:
                raise AiinfraError(
                    "release-changed",
                    f"{folder}: {name!r} is not what was signed",
                    "fetch the release again; where the change is yours, sign it again",
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
