"""Every way a release folder can be wrong has its own code; the folder as signed is the only one that passes."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_signing import hashing, signing

from aiinfra.errors import AiinfraError
from aiinfra.release.sign import dev_key, public_key, sign
from aiinfra.release.verify import verify


def refused(release, *signers):
    with pytest.raises(AiinfraError) as caught:
        verify(release, signers)
    assert "\n" not in caught.value.message
    return caught.value.code


def flip(file: Path, index: int = -1):
    content = bytearray(file.read_bytes())
    content[index] ^= 1
    file.write_bytes(content)


def test_what_was_signed_passes(release, signer, tmp_path):
    other = public_key(dev_key(tmp_path / "other"))
    verified = verify(release, [other, signer])
    assert (verified.folder, verified.signer) == (release, signer)
    assert (verified.manifest.name, verified.manifest.version) == ("line-vibration", "3")
    assert verified.model.read_bytes() == (release / "model.onnx").read_bytes()


def test_a_moved_folder_still_passes(release, signer, tmp_path):
    shutil.copytree(release, tmp_path / "elsewhere" / "9")
    assert verify(tmp_path / "elsewhere" / "9", [signer]).manifest.version == "3"


def test_verified_by_the_library_itself(release, signer):
    """Another implementation reads our signatures: the command line of model-signing."""
    line = [sys.executable, "-m", "model_signing", "verify", "key", "--public_key", str(signer),
            "--signature", str(release / "model.sig"), str(release)]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_signed_by_the_library_itself(release, key, signer):
    """Its defaults also leave git's files out; that is accepted, but such a file in the folder is not."""
    (release / "model.sig").unlink()
    files = hashing.Config().set_ignored_paths(paths=["model.sig"])
    signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(files).sign(
        release, release / "model.sig"
    )
    verify(release, [signer])
    (release / ".gitignore").write_text("*")
    assert refused(release, signer) == "release-file-extra"


@pytest.mark.parametrize("name", ["model.onnx", "release.json", "golden/test_data_set_0/input_0.pb"])
def test_one_changed_byte(release, signer, name):
    flip(release / name)
    assert refused(release, signer) == "release-changed"


def test_a_missing_file(release, signer):
    (release / "golden/test_data_set_0/output_0.pb").unlink()
    assert refused(release, signer) == "release-file-missing"


@pytest.mark.parametrize("name", ["extra.bin", "golden/test_data_set_0/input_9.pb", ".hidden", "model.sig.new"])
def test_an_extra_file(release, signer, name):
    (release / name).write_bytes(b"")
    assert refused(release, signer) == "release-file-extra"


def test_a_file_replaced_by_a_link(release, signer, tmp_path):
    (release / "model.onnx").rename(tmp_path / "model.onnx")
    (release / "model.onnx").symlink_to(tmp_path / "model.onnx")
    assert refused(release, signer) == "release-linked"
    (release / "model.onnx").unlink()
    os.link(tmp_path / "model.onnx", release / "model.onnx")
    assert refused(release, signer) == "release-linked"


def test_a_folder_replaced_by_a_link_and_a_pipe(release, signer, tmp_path):
    (release / "golden").rename(tmp_path / "golden")
    (release / "golden").symlink_to(tmp_path / "golden")
    assert refused(release, signer) == "release-linked"
    (release / "golden").unlink()
    os.mkfifo(release / "golden")
    assert refused(release, signer) == "release-linked"


def test_no_such_release(tmp_path, signer):
    assert refused(tmp_path / "absent", signer) == "release-missing"


def test_a_stripped_signature(release, signer):
    (release / "model.sig").unlink()
    assert refused(release, signer) == "release-unsigned"


def test_a_foreign_key(release, tmp_path, signer):
    sign(release, dev_key(tmp_path / "stranger"))
    assert refused(release, signer) == "release-foreign-key"
    assert refused(release) == "release-foreign-key"


def test_a_foreign_key_under_a_known_name(release, tmp_path, signer):
    """The hint is not trusted: a stranger's signature with our key's name on it does not verify."""
    ours = json.loads((release / "model.sig").read_text())["verificationMaterial"]
    sign(release, dev_key(tmp_path / "stranger"))
    bundle = json.loads((release / "model.sig").read_text())
    bundle["verificationMaterial"] = ours
    (release / "model.sig").write_text(json.dumps(bundle))
    assert refused(release, signer) == "release-signature-invalid"


def test_another_releases_signature(release, source, key, signer, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "other.txt").write_text("signed by us, but something else")
    sign(tmp_path / "b", key)
    shutil.copy(tmp_path / "b" / "model.sig", release / "model.sig")
    assert refused(release, signer) == "release-file-missing"


def resign(release: Path, key: Path, change):
    """A statement of our own choice, signed rightly: what a signer gone wrong could make."""
    bundle = json.loads((release / "model.sig").read_text())
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    change(payload)
    raw = json.dumps(payload).encode()
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(raw), raw)
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(raw).decode()
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(
        private.sign(signed, ec.ECDSA(hashes.SHA256()))
    ).decode()
    (release / "model.sig").write_text(json.dumps(bundle))


def test_resigning_in_these_tests_is_done_right(release, key, signer):
    resign(release, key, lambda payload: None)
    verify(release, [signer])


@pytest.mark.parametrize("path", ["extra.bin", ".", "golden", "../.."])
def test_widened_ignore_paths(release, key, signer, path):
    (release / "extra.bin").write_bytes(b"code")

    def widen(payload):
        payload["predicate"]["serialization"]["ignore_paths"].append(path)

    resign(release, key, widen)
    assert refused(release, signer) == "release-ignores-files"


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["predicate"]["serialization"].update(allow_symlinks=True),
        lambda p: p["predicate"]["serialization"].update(hash_type="blake2b"),
        lambda p: p["predicate"]["serialization"].update(method="shards"),
        lambda p: p.update(predicateType="https://model_signing/Digests/v0.1"),
        lambda p: p["predicate"].pop("resources"),
        lambda p: p["predicate"]["resources"].append(p["predicate"]["resources"][0]),
        lambda p: p["subject"][0]["digest"].update(sha256="0" * 64),
        lambda p: p["predicate"]["serialization"].update(ignore_paths=[7]),
    ],
)
def test_statements_of_another_kind(release, key, signer, change):
    resign(release, key, change)
    assert refused(release, signer) == "release-signature-invalid"


def test_a_signed_manifest_about_another_model(release, key, signer):
    manifest = json.loads((release / "release.json").read_text())
    manifest["digest"] = "sha256:" + "0" * 64
    (release / "release.json").write_text(json.dumps(manifest))
    sign(release, key)
    assert refused(release, signer) == "release-invalid"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"verificationMaterial": null}'])
def test_garbage_for_a_signature(release, signer, content):
    (release / "model.sig").write_bytes(content)
    assert refused(release, signer) == "release-signature-invalid"


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_other_signature_file_passes(release, signer, data):
    good = (release / "model.sig").read_bytes()
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(32, 126))
    try:
        (release / "model.sig").write_bytes(bad)
        try:
            verify(release, [signer])
        except AiinfraError as error:
            assert error.code.startswith("release-")  # noqa: PT017
        else:
            same = json.loads(bad)["dsseEnvelope"], json.loads(good)["dsseEnvelope"]
            assert same[0]["payload"] == same[1]["payload"]
    finally:
        (release / "model.sig").write_bytes(good)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_signer_that_is_no_key(release, tmp_path, content):
    if content is not None:
        (tmp_path / "k.pub").write_bytes(content)
    assert refused(release, tmp_path / "k.pub") == "signer-invalid"


def test_importing_costs_nothing():
    """The library brings all of Sigstore: it is loaded when something is verified, not before."""
    script = "import sys, aiinfra.release.verify, aiinfra.release.sign, aiinfra.release.trial\n"
    script += "heavy = {'model_signing', 'sigstore', 'cryptography', 'onnxruntime'}\n"
    script += "sys.exit(bool(heavy & {m.split('.')[0] for m in sys.modules}))"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
