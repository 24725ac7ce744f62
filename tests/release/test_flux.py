"""The signature that Flux and cosign look for beside an artifact."""

import base64
import hashlib
import json
import os
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aiinfra.errors import AiinfraError
from aiinfra.release.flux import sign_artifact
from aiinfra.release.place import parse_place
from aiinfra.release.transfer import push
from tests.release.registry_double import registry

COSIGN = shutil.which("cosign")


@pytest.fixture
def place(release, tmp_path, monkeypatch):
    """An artifact in a registry; Flux does not care which kind."""
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry() as double:
        found = parse_place(f"{double.address}/fleet/cabinet:current")
        push(release, found, plain_http=True)
        yield double, found


def test_it_is_where_and_what_cosign_looks_for(place, key, signer):
    double, where = place
    digest = sign_artifact(where, key, plain_http=True)
    assert digest == f"sha256:{hashlib.sha256(double.manifests['current']).hexdigest()}"
    manifest = json.loads(double.manifests[f"{digest.replace(':', '-')}.sig"])
    layer = manifest["layers"][0]
    assert layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json"
    payload = double.blobs[layer["digest"]]
    assert json.loads(payload)["critical"] == {
        "identity": {"docker-reference": f"{where.host}/{where.name}"},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    public = serialization.load_pem_public_key(signer.read_bytes())
    signature = base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"])
    public.verify(signature, payload, ec.ECDSA(hashes.SHA256()))


def test_signing_again_replaces_the_signature(place, key):
    double, where = place
    first = sign_artifact(where, key, plain_http=True)
    before = dict(double.manifests)
    assert sign_artifact(where, key, plain_http=True) == first
    assert [tag for tag in double.manifests if tag.endswith(".sig")] == [f"{first.replace(':', '-')}.sig"]
    assert before["current"] == double.manifests["current"]


def test_what_cannot_be_signed(place, key, tmp_path):
    _, where = place
    strange = tmp_path / "strange.key"
    strange.write_text("no key")
    strange.chmod(0o600)
    for call, code in (
        (lambda: sign_artifact(where, strange, plain_http=True), "key-invalid"),
        (lambda: sign_artifact(parse_place("oci:layout:1"), key), "place-invalid"),
        (lambda: sign_artifact(parse_place(f"{where.host}/none:1"), key, plain_http=True), "artifact-missing"),
    ):
        with pytest.raises(AiinfraError) as caught:
            call()
        assert caught.value.code == code


@pytest.mark.skipif(COSIGN is None, reason="needs cosign")
def test_cosign_itself_agrees(place, key, signer, tmp_path):
    _, where = place
    sign_artifact(where, key, plain_http=True)
    line = [str(COSIGN), "verify", "--key", str(signer), "--insecure-ignore-tlog", "--allow-http-registry", where.text]
    home = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(line, capture_output=True, text=True, check=False, env=home)
    assert ran.returncode == 0, ran.stderr
    other = tmp_path / "other.pub"
    pem = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    other.write_bytes(pem.public_bytes(serialization.Encoding.PEM, form))
    line[3] = str(other)
    assert subprocess.run(line, capture_output=True, check=False, env=home).returncode != 0
