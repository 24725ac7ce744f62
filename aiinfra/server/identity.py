"""Who a client is, from its certificate: a SPIFFE id under the X.509-SVID rules, or the certificate's subject.

Source of the rules: SPIFFE X.509-SVID standard (github.com/spiffe/spiffe, standards/X509-SVID.md), sections 2 to 5.
"""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography import x509

from aiinfra.server.authority import ANONYMOUS
from aiinfra.server.connections import Client


def identity_of(certificate: x509.Certificate, trust_domain: str) -> str:
    """The identity that a verified ``certificate`` proves; anonymous where it breaks a rule.

    With a ``trust_domain``: exactly one URI name, ``spiffe://trust_domain/path`` with a path, no authority's
    certificate, and a key that may sign data but neither certificates nor revocation lists. Without: the subject.
    """
    if not trust_domain:
        return certificate.subject.rfc4514_string() or ANONYMOUS
    spiffe = _only_uri(certificate)
    if spiffe is None or not _is_leaf(certificate):
        return ANONYMOUS
    parts = urlsplit(spiffe)
    right = parts.scheme == "spiffe" and parts.netloc == trust_domain and len(parts.path) > 1
    return spiffe if right and not parts.query and not parts.fragment and not parts.path.endswith("/") else ANONYMOUS


def _only_uri(certificate: x509.Certificate) -> str | None:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if len(uris) == 1 else None


def _is_leaf(certificate: x509.Certificate) -> bool:
    try:
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature and not usage.key_cert_sign and not usage.crl_sign


def reader(trust_domain: str, *, pem: bool) -> Callable[[bytes | None], Client]:
    """A function from a client's certificate (PEM or DER; None: it sent none) to who it is; results are kept."""
    load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate

    @lru_cache(maxsize=4096)
    def read(certificate: bytes) -> Client:
        try:
            parsed = load(certificate)
            return Client(identity_of(parsed, trust_domain), parsed.not_valid_after_utc.timestamp())
        except ValueError:
            return Client(ANONYMOUS)

    return lambda certificate: read(certificate) if certificate else Client(ANONYMOUS)
