"""The audit log: what it holds, and that every kind of tampering shows."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.server.audit_verify import verify_audit
from tests.server.conftest import affine, configuration, floats, running

BODY = {"inputs": [floats(1, 2, 3, 4)]}


def keys(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / "audit.key", folder / "audit.pub"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A log of two runs of a server, and the public key of its checkpoints."""
    root = tmp_path_factory.mktemp("audit")
    private, public = keys(root)
    affine(root / "models/m/1/model.onnx")
    file = root / "audit.jsonl"
    config = configuration(root / "models", audit={"file": str(file), "key": str(private)})
    for _ in range(2):
        with running(config) as server:
            assert server.infer({"id": "secret", "inputs": [floats(0.123456, 2, 3, 4)]})[0] == 200
            server.infer({"inputs": []})
            server.request("POST", "/v2/repository/models/m/unload")
    return file, public


def test_who_what_which_digest_decision_and_time_but_no_contents(log: tuple[Path, Path]) -> None:
    records = [json.loads(line) for line in log[0].read_text().splitlines()]
    assert [record["event"] for record in records] == ["infer", "infer", "unload", "checkpoint"] * 2
    first, failed, denied = records[:3]
    assert (first["identity"], first["model"], first["version"]) == ("local", "m", "1")
    assert first["digest"].startswith("sha256:")
    assert (first["decision"], first["outcome"]) == ("allow", "answered")
    assert first["latency_us"] > 0
    assert failed["outcome"] == "bad_request"
    assert (denied["decision"], denied["outcome"]) == ("deny", "forbidden")
    assert "0.123456" not in log[0].read_text()


def test_an_untouched_log_is_unbroken(log: tuple[Path, Path]) -> None:
    found = verify_audit(*log)
    assert (found.records, found.checkpoints, found.signed, found.unsealed) == (8, 2, 2, 0)


def changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"answered"', b'"busy"'), *lines[1:]]


TAMPERING: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "changed": (changed, 2),
    "removed": (lambda lines: [lines[0], *lines[2:]], 2),
    "added": (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
    "swapped": (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
    "cut at the front": (lambda lines: lines[1:], 1),
    "cut in a line": (lambda lines: [*lines[:-1], lines[-1][:20]], 8),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_shows_with_its_line(log: tuple[Path, Path], tmp_path: Path, how: str) -> None:
    tamper, line = TAMPERING[how]
    copy = tmp_path / "audit.jsonl"
    copy.write_bytes(b"".join(tamper(log[0].read_bytes().splitlines(keepends=True))))
    with pytest.raises(AiinfraError) as caught:
        verify_audit(copy, log[1])
    assert caught.value.code == "audit-broken"
    assert f"{copy}:{line}: " in caught.value.message


def test_a_chain_made_anew_has_no_signature(log: tuple[Path, Path], tmp_path: Path) -> None:
    other = keys(tmp_path)[1]
    with pytest.raises(AiinfraError, match="not signed by this key"):
        verify_audit(log[0], other)


def test_the_command_prints_and_exits_as_documented(log: tuple[Path, Path], tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        program = "from aiinfra.cli import main; main()"
        command = [sys.executable, "-c", program, "audit", "verify", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    assert run(str(log[0]), "--key", str(log[1]))[0] == 0
    broken = tmp_path / "audit.jsonl"
    broken.write_bytes(log[0].read_bytes()[10:])
    code, text = run(str(broken))
    assert (code, text.startswith("error[audit-broken]: ")) == (1, True)
    assert run(str(tmp_path / "absent"))[0] == 2


def test_a_log_that_was_cut_is_not_written_on(log: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "audit.jsonl"
    copy.write_bytes(log[0].read_bytes()[:-5])
    affine(tmp_path / "models/m/1/model.onnx")
    with pytest.raises(BadInput) as caught, running(configuration(tmp_path / "models", audit={"file": str(copy)})):
        pass
    assert caught.value.code == "audit-broken"


def test_nothing_is_served_that_cannot_be_recorded(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    file = tmp_path / "audit.jsonl"
    with running(configuration(tmp_path / "models", audit={"file": str(file)})) as server:
        audit = server.server.service.audit
        assert audit is not None
        whole = audit._file
        with Path("/dev/full").open("ab", buffering=0) as full:
            audit._file = full  # type: ignore[assignment]
            assert [server.infer(BODY)[0] for _ in range(3)] == [200, 503, 503]
        audit._file = whole
        assert server.infer(BODY)[0] == 200
    assert verify_audit(file).records == 5


def test_the_log_is_a_plain_file(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    with pytest.raises(BadInput) as caught, running(configuration(tmp_path / "models", audit={"file": "/dev/full"})):
        pass
    assert caught.value.code == "audit-unwritable"


def test_a_full_file_is_set_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    affine(tmp_path / "models/m/1/model.onnx")
    file = tmp_path / "audit.jsonl"
    audit = {"file": str(file), "key": str(private), "rotate": "4 KiB"}
    for _ in range(2):
        with running(configuration(tmp_path / "models", audit=audit)) as server:
            for _ in range(20):
                assert server.infer(BODY)[0] == 200
    full = sorted(tmp_path.glob("audit.jsonl.*"))
    assert len(full) >= 3
    assert all(4096 <= one.stat().st_size < 6000 for one in full)
    found = verify_audit(file, public)
    assert (found.files, found.unsealed, found.signed) == (len(full) + 1, 0, found.checkpoints)
    assert found.records == 40 + found.checkpoints
    file.unlink()  # all of it set aside: the chain still goes on
    with running(configuration(tmp_path / "models", audit=audit)):
        pass
    assert json.loads(file.read_text().splitlines()[0])["seq"] > 1
    full[1].rename(tmp_path / "elsewhere")
    with pytest.raises(AiinfraError, match="a record is missing or added"):
        verify_audit(file, public)


def test_a_flood_of_refusals_is_a_record_a_second_with_their_number(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    file = tmp_path / "audit.jsonl"
    limits = {"identities": {"local": "1/s"}}
    with running(configuration(tmp_path / "models", audit={"file": str(file)}, limits=limits)) as server:
        statuses = [server.infer(BODY)[0] for _ in range(50)]
    records = [json.loads(line) for line in file.read_text().splitlines()]
    refused = [record for record in records if record.get("outcome") == "too_many"]
    assert sum(record["count"] for record in refused) == statuses.count(429) > 0
    assert len(refused) < statuses.count(429)
    assert verify_audit(file).records == len(records)
