"""Signing a release folder with a key file or a certificate (OpenSSF model signing); the local plane's own key."""

import base64
import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.files import list_files
from aiinfra.release.manifest import SIGNATURE

if TYPE_CHECKING:
    from model_signing import signing

_DEV_KEY: Final = "dev-signing.key"


def dev_key(home: Path) -> Path:
    """The private key file of this machine's development signer, made on first use.

    An EC P-256 key in PEM, mode 0600, in ``home`` (made with mode 0700 where absent). Its public half lies beside it
    (:func:`public_key`). It is for the local plane only: nothing else trusts it.

    Raises:
        AiinfraError: ``key-readable`` where others can read the key, or change it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = home / _DEV_KEY
    if not key.exists():
        _make_key(key)
    check_private(key)
    _write_public(key)
    return key


def public_key(private: Path) -> Path:
    """Where the public half of a key made by :func:`dev_key` lies."""
    return private.with_suffix(".pub")


def _make_key(key: Path) -> None:
    """Written whole under another name first, so that nobody ever reads half a key, nor two runs make two."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # part of the [server] set, not of the base
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = key.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    try:
        os.link(draft, key)
    except FileExistsError:
        pass  # another run was first; its key is the key
    finally:
        draft.unlink()


def _write_public(key: Path) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise BadInput("key-invalid", f"{key} is not a private key", "remove it; the next run makes another") from None
    pem = private.public_key().public_bytes(encoding, form)
    public = public_key(key)
    if not public.is_file() or public.read_bytes() != pem:
        draft = public.with_suffix(f".{os.getpid()}.pub.new")
        draft.write_bytes(pem)
        draft.replace(public)


def check_private(key: Path) -> None:
    """Refuse a private key that is not the user's alone.

    Raises:
        AiinfraError: ``key-readable``.
        BadInput: ``key-missing``, ``key-invalid`` (a public key).
    """
    try:
        state = key.stat()
    except OSError as error:
        raise BadInput("key-missing", f"cannot read {key}: {error.strerror}", "name the private key's file") from None
    if not stat.S_ISREG(state.st_mode):
        raise BadInput("key-missing", f"{key} is not a file", "name the private key's file")
    if b"PUBLIC KEY" in key.read_bytes()[:64]:
        raise BadInput("key-invalid", f"{key} is a public key, and signing takes the private one", "name that")
    if os.name == "posix" and (state.st_mode & 0o077 or state.st_uid not in (os.geteuid(), 0)):
        raise AiinfraError(
            "key-readable",
            f"{key} is not yours alone (mode {stat.S_IMODE(state.st_mode):04o})",
            f"chmod 600 {key}; where others could read it, make a new key",
        )


def sign(folder: Path, key: Path, *, certificate: Path | None = None, chain: Sequence[Path] = ()) -> Path:
    """Sign every file of a release folder with the private key in ``key``; the signature's path.

    An earlier signature is replaced. The key is an unencrypted PEM file, elliptic curve P-256, P-384 or P-521. With
    ``certificate``, the key's own, the signature carries it and the ``chain`` between it and an authority, and whoever
    trusts the authority trusts the signature.

    Raises:
        AiinfraError: ``key-readable``, ``release-linked``.
        BadInput: ``key-missing``, ``key-invalid``, ``certificate-invalid``, ``release-missing``.
    """
    check_private(key)
    list_files(folder)
    from model_signing import signing  # noqa: PLC0415  # imports all of Sigstore

    try:
        config = signing.Config().use_elliptic_key_signer(private_key=key)
    except (ValueError, TypeError, AttributeError):
        raise BadInput(
            "key-invalid",
            f"{key} is not an unencrypted elliptic-curve private key in PEM",
            "make one: openssl ecparam -genkey -name prime256v1 -noout -out release.key",
        ) from None
    if certificate is None:
        return write_signature(folder, config)
    material = certified(public_pem(key), certificate, chain)

    def change(draft: Path) -> None:
        bundle: dict[str, Any] = json.loads(draft.read_bytes())
        bundle["verificationMaterial"] = material
        draft.write_text(json.dumps(bundle), encoding="utf-8")

    return write_signature(folder, config, change)


def public_pem(key: Path) -> bytes:
    """PEM of the public half of a private key's file."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return serialization.load_pem_private_key(key.read_bytes(), password=None).public_key().public_bytes(encoding, form)


def certified(public: bytes, certificate: Path, chain: Sequence[Path]) -> dict[str, Any]:
    """What a bundle carries instead of a key's name: the key's certificate and the chain above it.

    (The library's own signer for certificates fails without a chain.)

    Raises:
        BadInput: ``certificate-invalid``: they do not read, or the certificate is another key's.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    def wrong(reason: str) -> BadInput:
        return BadInput(
            "certificate-invalid",
            f"{certificate} cannot be signed with: {reason}",
            "name the certificate of this very key, and the chain above it, in PEM",
        )

    try:
        found = [c for path in (certificate, *chain) for c in x509.load_pem_x509_certificates(path.read_bytes())]
    except (OSError, ValueError) as error:
        raise wrong((str(error).splitlines() or [""])[0][:200]) from None
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    if found[0].public_key().public_bytes(encoding, form) != public:
        raise wrong("it is another key's")
    encoded = [base64.b64encode(c.public_bytes(serialization.Encoding.DER)).decode() for c in found]
    return {"x509CertificateChain": {"certificates": [{"rawBytes": text} for text in encoded]}, "tlogEntries": []}


def write_signature(folder: Path, config: "signing.Config", change: Callable[[Path], None] | None = None) -> Path:
    """Sign with ``config`` over every file; ``change`` may rewrite the signature before it takes its place."""
    from model_signing import hashing  # noqa: PLC0415

    draft = folder / f"{SIGNATURE}.new"
    draft.unlink(missing_ok=True)
    files = hashing.Config().use_file_serialization(hashing_algorithm="sha256")
    files.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    try:
        config.set_hashing_config(files).sign(folder, draft)
        if change is not None:
            change(draft)
        signature = folder / SIGNATURE
        draft.replace(signature)
    finally:
        draft.unlink(missing_ok=True)
    return signature
