import json

import pytest
from click.testing import CliRunner

from aiinfra.cli.release import command
from aiinfra.errors import AiinfraError
from aiinfra.release.sign import dev_key, public_key
from tests.local.conftest import folder  # noqa: F401 - the local plane's declaration
from tests.release.test_certificates import Holder


@pytest.fixture
def line():
    return lambda *words: CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)


def test_build_sign_verify(line, folder, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    built = line("build", folder, "--out", out, "--version", "4")
    release = out / "press" / "4"
    assert (built.exit_code, built.stdout[: built.stdout.index("sha256")]) == (0, f"wrote {release}\nmodel: ")
    assert built.stdout.endswith("; goldens from: numpy 2\n")
    assert built.stderr == "it has no model card: name one in model.card (purpose, metrics, oversight)\n"
    key = dev_key(tmp_path / "home")
    assert line("sign", release, "--key", key).output == f"wrote {release / 'model.sig'}\n"
    verified = line("verify", release, "--signer", public_key(key))
    said = "press 4 was signed by the key dev-signing.pub; every file is what was signed\nmodel: sha256:"
    assert verified.output.startswith(said)
    envelope = json.loads(line("verify", release, "--signer", public_key(key), "--json").output)
    assert envelope["data"]["release"]["golden"] == {"origin": "numpy 2", "sets": ["test_data_set_0"]}
    assert envelope["data"]["release"]["outputs"][0]["labels"] == ["fine", "worn", "broken"]
    with pytest.raises(AiinfraError) as caught:
        line("build", folder, "--out", out, "--version", "4")
    assert (caught.value.code, caught.value.exit_code) == ("release-exists", 3)
    with pytest.raises(AiinfraError) as caught:
        line("build", folder, "--out", out, "--version", "four")
    assert caught.value.message == "version 'four' is not a whole number"


def test_a_certificates_holder_is_named(line, folder, tmp_path):  # noqa: F811
    authority = Holder(tmp_path, "plant", None, ca=True)
    build = Holder(tmp_path, "build-server", authority)
    line("build", folder, "--out", tmp_path, "--version", "4")
    release = tmp_path / "press" / "4"
    line("sign", release, "--key", build.private, "--certificate", build.file)
    said = line("verify", release, "--signer", authority.file).output.splitlines()[0]
    by = "by CN=build-server, whose certificate comes from plant.crt"
    assert said == f"press 4 was signed {by}; every file is what was signed"


def test_without_goldens_it_says_so(line, folder, tmp_path):  # noqa: F811
    file = folder / "deployment.yaml"
    file.write_text(file.read_text().replace("  golden: golden\n", ""))
    assert line("build", folder, "--out", tmp_path / "out").stdout.endswith("goldens from: self-recorded\n")


def test_another_model_than_the_declared_one(line, folder, tmp_path):  # noqa: F811
    file = folder / "deployment.yaml"
    file.write_text(file.read_text().replace("  file: m.onnx\n", f"  file: m.onnx\n  digest: sha256:{'0' * 64}\n"))
    with pytest.raises(AiinfraError) as caught:
        line("build", folder, "--out", tmp_path / "out")
    assert caught.value.code == "model-differs"
    assert not (tmp_path / "out").exists()
