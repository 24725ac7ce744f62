"""Certificates that sign releases: issued by an authority the site trusts, for code signing, and valid now.

model-signing's own verifier looks at a certificate as of the moment its validity began, so it never finds one expired,
and takes any that may make digital signatures, a TLS server's included. Both are checked here, before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiinfra.errors import AiinfraError

if TYPE_CHECKING:
    from cryptography import x509

_MOST: Final = 16
_EXPIRED: Final = 10
_NOT_YET: Final = 9
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What came with a signature: the signing certificate and what leads from it to an authority."""

    leaf: "x509.Certificate"
    between: tuple["x509.Certificate", ...]

    @property
    def holder(self) -> str:
        """The signing certificate's subject."""
        return self.leaf.subject.rfc4514_string()


def read_chain(encoded: Sequence[bytes]) -> Chain:
    """A chain from DER, the signing certificate first.

    Raises:
        ValueError: it does not read, or holds none, or too many.
    """
    from cryptography import x509  # noqa: PLC0415  # part of the [server] set, not of the base

    if not 0 < len(encoded) <= _MOST:
        raise ValueError("no certificates, or too many")
    leaf, *between = (x509.load_der_x509_certificate(der) for der in encoded)
    return Chain(leaf, tuple(between))


def authority_of(folder: Path, chain: Chain, authorities: Sequence[Path], *, expired: bool = False) -> Path:
    """The authority's file that ``chain`` leads to.

    ``expired`` takes a chain that was valid once: at a site that restarts after its signer's end.

    Raises:
        AiinfraError: ``release-foreign-certificate``, ``release-expired-certificate``, ``release-wrong-certificate``.
    """
    _check_use(folder, chain)
    now = chain.leaf.not_valid_before_utc if expired else datetime.now(UTC)
    late = ""
    for authority in authorities:
        found, reason = _leads_to(chain, authority, now)
        if found:
            return authority
        late = late or reason
    if late:
        raise AiinfraError(
            "release-expired-certificate",
            f"{folder}: the certificate of {chain.holder} {late}",
            "have the release signed again with a certificate that is valid, and check this machine's clock",
        )
    known = ", ".join(path.name for path in authorities) or "none"
    raise AiinfraError(
        "release-foreign-certificate",
        f"{folder} is signed by {chain.holder}, whom no known authority vouches for (known: {known})",
        "add the authority's certificate to the signers, or have the release signed by one of its holders",
    )


def _leads_to(chain: Chain, authority: Path, now: datetime) -> tuple[bool, str]:
    """Whether the chain ends at the authority; else what time has to do with it, if anything."""
    from cryptography import x509  # noqa: PLC0415
    from OpenSSL import crypto  # noqa: PLC0415

    store = crypto.X509Store()
    for trusted in x509.load_pem_x509_certificates(authority.read_bytes()):
        store.add_cert(crypto.X509.from_cryptography(trusted))
    store.set_time(now)
    leaf, between = crypto.X509.from_cryptography(chain.leaf), [crypto.X509.from_cryptography(c) for c in chain.between]
    try:
        crypto.X509StoreContext(store, leaf, between).verify_certificate()
    except crypto.X509StoreContextError as error:
        code = error.errors[0]
        culprit = error.certificate.to_cryptography()
        whose = "" if culprit == chain.leaf else f" (of {culprit.subject.rfc4514_string()})"
        if code == _EXPIRED:
            return False, f"expired on {culprit.not_valid_after_utc:%Y-%m-%d}{whose}"
        if code == _NOT_YET:
            return False, f"is not valid before {culprit.not_valid_before_utc:%Y-%m-%d %H:%M} UTC{whose}"
        return False, ""
    return True, ""


def _check_use(folder: Path, chain: Chain) -> None:
    """It must say that it signs code: an authority also issues certificates for servers and people."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    def wrong(reason: str) -> AiinfraError:
        return AiinfraError(
            "release-wrong-certificate",
            f"{folder}: the certificate of {chain.holder} {reason}",
            "sign with a certificate for an elliptic-curve key, usage digitalSignature, extended usage codeSigning",
        )

    try:
        usage = chain.leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = chain.leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise wrong("does not say what it is for") from None
    if not usage.digital_signature or ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        raise wrong("is not for signing code")
    if not isinstance(chain.leaf.public_key(), ec.EllipticCurvePublicKey):
        raise wrong("is not for an elliptic-curve key")
