"""A key in a KMS that is not Amazon's signs; everything else verifies as if a file had."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric_utils

from aiinfra.errors import AiinfraError
from aiinfra.release.kms import KmsKey, sign_with_kms
from aiinfra.release.signing import sign_release
from aiinfra.release.verify import verify
from tests.release.test_certificates import Holder

moto = pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")
utils = pytest.importorskip("moto.kms.utils")
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # moto's and botocore's own


HASHES = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}


def signed_digest(key, message, signing_algorithm):
    """MessageType DIGEST as Amazon documents it (API reference, Sign); moto's own docstring says that it lacks it."""
    return key.private_key.sign(message, ec.ECDSA(asymmetric_utils.Prehashed(HASHES[len(message)])))


@pytest.fixture
def client(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(utils.ECDSAPrivateKey, "sign", signed_digest)
    with moto.mock_aws():
        yield boto3.client("kms")


def make(client, spec="ECC_NIST_P256"):
    made = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName="alias/releases", TargetKeyId=made)
    return made


def contents(folder):
    return sorted((p.name, p.read_bytes()) for p in folder.iterdir() if p.is_file())


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_what_kms_signed_is_verified_with_its_public_key(spec, client, release, tmp_path):
    make(client, spec)
    public = tmp_path / "kms.pub"
    before = (release / "model.sig").read_bytes()
    sign_release(release, kms="alias/releases", public=public)
    assert (release / "model.sig").read_bytes() != before
    assert verify(release, [public]).signer == public
    (release / "release.json").write_bytes((release / "release.json").read_bytes() + b" ")
    with pytest.raises(AiinfraError) as caught:
        verify(release, [public])
    assert caught.value.code == "release-changed"


def test_a_certificate_for_the_key_in_kms(client, release, tmp_path):
    """The authority signs the public key that KMS gives out."""
    from cryptography.hazmat.primitives import serialization

    root = Holder(tmp_path, "root", None, ca=True)
    key = KmsKey(make(client), client)
    leaf = Holder(tmp_path, "kms", root, public=serialization.load_pem_public_key(key.public_pem))
    sign_with_kms(release, key, certificate=leaf.file)
    assert verify(release, [root.file]).holder == "CN=kms"
    with pytest.raises(AiinfraError) as caught:
        sign_with_kms(release, key, certificate=root.file)
    assert caught.value.code == "certificate-invalid"


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_SECG_P256K1"])
def test_another_kind_of_key(spec, client):
    with pytest.raises(AiinfraError) as caught:
        KmsKey(make(client, spec), client)
    assert caught.value.code == "key-invalid"


def test_a_key_that_is_not_there(client):
    with pytest.raises(AiinfraError) as caught:
        KmsKey("alias/none", client)
    assert (caught.value.code, "\n" in caught.value.message) == ("kms-refused", False)


def test_a_refusal_while_signing_leaves_the_old_signature(client, release, monkeypatch):
    from botocore.exceptions import ClientError

    key = KmsKey(make(client), client)
    before = contents(release)

    def no(**arguments):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no kms:Sign"}}, "Sign")

    monkeypatch.setattr(client, "sign", no)
    with pytest.raises(AiinfraError, match="no kms:Sign") as caught:
        sign_with_kms(release, key)
    assert caught.value.code == "kms-refused"
    assert contents(release) == before


def test_exactly_one_key_is_named(release):
    for named in ({}, {"key": release / "k", "kms": "alias/x"}):
        with pytest.raises(AiinfraError) as caught:
            sign_release(release, **named)
        assert caught.value.code == "key-missing"
