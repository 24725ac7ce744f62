"""Certificates and a configuration with everything on, for the benchmark's TLS run."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, authority, authority, False, False)


def _write(folder: Path, name: str, issuer: Signer | None) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [
        x509.UniformResourceIdentifier(f"spiffe://bench.example/{name}"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(authority=issuer is None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def configuration(folder: Path, repository: Path, http: int, grpc: int, *, everything: bool) -> Path:
    """Write certificates and a configuration file; returns the latter. ``everything``: not TLS alone."""
    authority = _write(folder, "ca", None)
    for name in ("server", "client"):
        _write(folder, name, authority)
    (folder / "audit.jsonl").unlink(missing_ok=True)
    document = {
        "repository": {"dir": str(repository), "allow_unsigned": True},
        "http": {"address": f"127.0.0.1:{http}"},
        "grpc": {"address": f"127.0.0.1:{grpc}"},
        "tls": {
            "certificate": str(folder / "server.pem"),
            "key": str(folder / "server.key"),
            "client_ca": str(folder / "ca.pem"),
            "trust_domain": "bench.example",
        },
        "allow": [{"identity": "spiffe://bench.example/client"}],
    }
    if everything:
        document |= {
            "metrics": {"address": "127.0.0.1:0"},
            "limits": {"rate": "1000000/s"},
            "audit": {"file": str(folder / "audit.jsonl"), "key": str(folder / "server.key")},
        }
    file = folder / "server.toml"
    file.write_text(tomli_w.dumps(document))
    return file


def client_context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    return context
