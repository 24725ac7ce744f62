"""Verdicts are kept for exactly what they judged, and only where nobody else can write them."""

from dataclasses import replace
from pathlib import Path

import pytest

from aiinfra.server import loading, vetting
from aiinfra.server.vetting import Verdict, Verdicts
from tests.server.conftest import affine, configuration, running

VERDICT = Verdict(("Mul",), False, False, False, (), 1, {})


def test_a_verdict_is_kept_and_spares_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    repository = {"dir": str(tmp_path / "models"), "allow_unsigned": True, "verdicts": str(tmp_path / "verdicts")}
    config = configuration(tmp_path / "models", repository=repository)
    tried = []
    real = vetting.vet

    async def counted(*arguments: object) -> Verdict:
        tried.append(1)
        return await real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "vet", counted)
    for _ in range(2):
        with running(config):
            pass
    assert len(tried) == 1
    affine(tmp_path / "models/m/1/model.onnx", 3)
    with running(config):
        pass
    assert len(tried) == 2


def test_a_key_is_of_files_signers_and_settings(tmp_path: Path) -> None:
    file = affine(tmp_path / "m/1/model.onnx")
    signer = tmp_path / "key.pub"
    signer.write_text("one")

    def key(settings: str = "", signed: bool = True) -> str:
        return Verdicts.key(file.parent, (str(signer),), settings, signed=signed)

    first = key()
    assert first == key()
    others = {key("other"), key(signed=False)}
    signer.write_text("two")
    others.add(key())
    (file.parent / "extra").write_text("")
    others.add(key())
    assert len(others | {first}) == 5


def test_a_verdict_that_others_could_have_written_is_no_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "verdicts"
    verdicts = Verdicts(folder)
    assert verdicts.get("k") is None
    verdicts.put("k", VERDICT)
    assert verdicts.get("k") == VERDICT
    folder.chmod(0o777)
    assert verdicts.get("k") is None
    folder.chmod(0o700)
    (folder / "k.json").write_text("{}")
    assert verdicts.get("k") is None
    verdicts.put("k", replace(VERDICT, peak_bytes=2))
    assert verdicts.get("k") == replace(VERDICT, peak_bytes=2)
