import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.sign import dev_key, public_key, sign


def test_the_development_key_is_made_once_and_is_private(tmp_path):
    home = tmp_path / "a" / "home"
    key = dev_key(home)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    pem = key.read_bytes()
    assert dev_key(home).read_bytes() == pem
    private = serialization.load_pem_private_key(pem, None)
    assert isinstance(private.curve, ec.SECP256R1)
    public = serialization.load_pem_public_key(public_key(key).read_bytes())
    assert public == private.public_key()
    assert {f.name for f in home.iterdir()} == {key.name, public_key(key).name}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_use_is_refused(tmp_path, release, mode):
    key = dev_key(tmp_path / "home")
    key.chmod(mode)
    for use in (lambda: dev_key(tmp_path / "home"), lambda: sign(release, key)):
        with pytest.raises(AiinfraError) as caught:
            use()
        assert caught.value.code == "key-readable"


def _key_file(path, pem):
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


def test_keys_that_cannot_sign(tmp_path, release):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    plain, locked = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"x")
    pems = [
        b"not a key",
        ed25519.Ed25519PrivateKey.generate().private_bytes(*form, plain),
        ec.generate_private_key(ec.SECP256K1()).private_bytes(*form, plain),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(*form, locked),
    ]
    for pem in pems:
        with pytest.raises(BadInput) as caught:
            sign(release, _key_file(tmp_path / "k.pem", pem))
        assert caught.value.code == "key-invalid"
    with pytest.raises(BadInput) as caught:
        sign(release, public_key(dev_key(tmp_path / "home")))
    assert "is a public key" in caught.value.message
    with pytest.raises(BadInput) as caught:
        sign(release, tmp_path / "absent")
    assert caught.value.code == "key-missing"


def test_a_folder_with_a_link_is_not_signed(release, key):
    (release / "second.onnx").symlink_to("model.onnx")
    with pytest.raises(AiinfraError) as caught:
        sign(release, key)
    assert caught.value.code == "release-linked"
