"""A private authority: who it vouches for is believed, while that lasts, and for signing code alone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from aiinfra.errors import AiinfraError
from aiinfra.release.sign import public_key, sign
from aiinfra.release.verify import verify

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


class Holder:
    """A key and its certificate."""

    def __init__(self, folder: Path, name: str, above: "Holder | None", *, ca: bool = False, **changes) -> None:
        self.key = changes.get("key") or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        usage = {
            **dict.fromkeys((*never, "encipher_only", "decipher_only"), False),
            "crl_sign": ca,
            "key_cert_sign": ca,
        }
        usage["digital_signature"] = changes.get("signature", not ca)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above.certificate.subject if above else subject)
            .public_key(changes.get("public") or self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(changes.get("after", NOW - 10 * DAY))
            .not_valid_after(changes.get("until", NOW + 10 * DAY))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
        )
        purpose = changes.get("purpose", ExtendedKeyUsageOID.CODE_SIGNING)
        if not ca and purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        self.certificate = builder.sign((above or self).key, hashes.SHA256())
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.private = folder / f"{name}.key"
        form = serialization.PrivateFormat.PKCS8
        self.private.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        self.private.chmod(0o600)


@pytest.fixture
def pki(tmp_path):
    folder = tmp_path / "pki"
    folder.mkdir()
    return folder


@pytest.fixture
def root(pki):
    return Holder(pki, "root", None, ca=True)


def refused(release, *signers, **options):
    with pytest.raises(AiinfraError) as caught:
        verify(release, signers, **options)
    assert "\n" not in caught.value.message
    return caught.value.code


def test_a_chain_to_a_known_authority(release, pki, root, signer):
    between = Holder(pki, "plant", root, ca=True)
    leaf = Holder(pki, "builder", between)
    sign(release, leaf.private, certificate=leaf.file, chain=[between.file])
    verified = verify(release, [signer, root.file])
    assert (verified.signer, verified.holder) == (root.file, "CN=builder")
    bundle = pki / "both.pem"
    bundle.write_bytes(root.file.read_bytes() + between.file.read_bytes())
    sign(release, leaf.private, certificate=leaf.file)
    assert verify(release, [bundle]).signer == bundle
    assert refused(release, root.file) == "release-foreign-certificate"


def test_an_authority_nobody_named(release, pki, root, signer):
    leaf = Holder(pki, "builder", root)
    sign(release, leaf.private, certificate=leaf.file)
    other = Holder(pki, "other", None, ca=True)
    twin = Holder(pki / ".", "root", None, ca=True)  # the same name, another key
    assert refused(release, other.file) == "release-foreign-certificate"
    assert refused(release, twin.file) == "release-foreign-certificate"
    assert refused(release, signer) == "release-foreign-certificate"
    sign(release, leaf.private)
    assert refused(release, other.file) == "release-foreign-key"


@pytest.mark.parametrize(
    ("leaf", "authority", "words"),
    [
        ({"until": NOW - DAY}, {}, "expired on"),
        ({"after": NOW + DAY}, {}, "is not valid before"),
        ({}, {"until": NOW - DAY}, "(of CN=root)"),
    ],
)
def test_time(release, pki, leaf, authority, words):
    root = Holder(pki, "root", None, ca=True, **authority)
    builder = Holder(pki, "builder", root, **leaf)
    sign(release, builder.private, certificate=builder.file)
    with pytest.raises(AiinfraError, match=r"the certificate of CN=builder") as caught:
        verify(release, [root.file])
    assert caught.value.code == "release-expired-certificate"
    assert words in caught.value.message


def test_an_expired_one_is_taken_only_where_that_is_asked_for(release, pki, root):
    builder = Holder(pki, "builder", root, until=NOW - DAY)
    sign(release, builder.private, certificate=builder.file)
    assert refused(release, root.file) == "release-expired-certificate"
    assert verify(release, [root.file], expired=True).holder == "CN=builder"
    other = Holder(pki, "other", None, ca=True)
    assert refused(release, other.file, expired=True) == "release-foreign-certificate"


@pytest.mark.parametrize(
    "changes", [{"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, {"purpose": None}, {"signature": False}]
)
def test_a_certificate_for_something_else(changes, release, pki, root):
    server = Holder(pki, "server", root, **changes)
    sign(release, server.private, certificate=server.file)
    assert refused(release, root.file) == "release-wrong-certificate"


def test_a_changed_file_and_a_stripped_signature(release, pki, root):
    builder = Holder(pki, "builder", root)
    sign(release, builder.private, certificate=builder.file)
    content = bytearray((release / "model.onnx").read_bytes())
    content[-1] ^= 1
    (release / "model.onnx").write_bytes(content)
    assert refused(release, root.file) == "release-changed"
    (release / "model.sig").unlink()
    assert refused(release, root.file) == "release-unsigned"


def test_a_chain_that_does_not_belong_to_the_signature(release, pki, root):
    """Somebody else's good certificate put over one's own signature."""
    builder, thief = Holder(pki, "builder", root), Holder(pki, "thief", None)
    sign(release, builder.private, certificate=builder.file)
    good = json.loads((release / "model.sig").read_text())
    sign(release, thief.private, certificate=thief.file)
    mixed = json.loads((release / "model.sig").read_text())
    mixed["verificationMaterial"] = good["verificationMaterial"]
    (release / "model.sig").write_text(json.dumps(mixed))
    assert refused(release, root.file) == "release-signature-invalid"


def test_what_cannot_be_signed_with(release, pki, root, key):
    builder = Holder(pki, "builder", root)
    for certificate in (root.file, public_key(key), pki / "none.crt"):
        with pytest.raises(AiinfraError) as caught:
            sign(release, builder.private, certificate=certificate)
        assert caught.value.code == "certificate-invalid"
    assert not (release / "model.sig.new").exists()
    strange = Holder(pki, "strange", root, key=rsa.generate_private_key(65537, 2048))
    with pytest.raises(AiinfraError) as caught:
        sign(release, strange.private, certificate=strange.file)
    assert caught.value.code == "key-invalid"


def test_a_signer_that_is_no_authority(release, pki, root):
    builder = Holder(pki, "builder", root)
    assert refused(release, builder.file) == "signer-invalid"
    broken = pki / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert refused(release, broken) == "signer-invalid"
