"""A release arrives whole or not at all, wherever it travels through, and goes on where it stopped."""

import base64
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError
from aiinfra.release.artifact import pack
from aiinfra.release.place import parse_place
from aiinfra.release.transfer import fetch, open_source, push, resolve
from aiinfra.release.verify import verify
from tests.release.registry_double import registry


@pytest.fixture
def double():
    with registry() as found:
        yield found


@pytest.fixture(autouse=True)
def no_credentials(tmp_path, monkeypatch):
    """What this machine's user logged in to is nobody's business here."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def pull(text: str, staging: Path, **options) -> Path:
    place = parse_place(text)
    source = open_source(place, plain_http=True)
    return fetch(source, resolve(source, place), staging, **{"pause": lambda seconds: None, **options})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def code(call, *arguments, **options) -> str:
    with pytest.raises(AiinfraError) as caught:
        call(*arguments, **options)
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("kind", ["registry", "layout", "folder"])
def test_there_and_back(kind, release, signer, double, tmp_path):
    dest = {
        "registry": f"{double.address}/models/line:wave-1",
        "layout": f"oci:{tmp_path}/layout:wave-1",
        "folder": f"{tmp_path}/usb",
    }[kind]
    told = []
    pushed = push(release, parse_place(dest), plain_http=True, progress=lambda *at: told.append(at))
    assert told[-1] == ("", pushed.size, pushed.size)
    files = pull(dest, tmp_path / "staging")
    assert contents(files) == contents(release)
    assert verify(files, [signer]).manifest.version == "3"
    source = open_source(parse_place(f"{dest}@{pushed.digest}"), plain_http=True)
    assert resolve(source, parse_place(f"{dest}@{pushed.digest}")).digest == pushed.digest
    wrong = parse_place(f"{dest}@sha256:{'0' * 64}")
    assert code(resolve, open_source(wrong, plain_http=True), wrong) in ("artifact-differs", "artifact-missing")


def test_the_version_is_the_tag_where_none_is_named(release, double, tmp_path):
    push(release, parse_place(f"{double.address}/line"), plain_http=True)
    assert set(double.manifests) == {"3", pack(release).artifact.digest}
    push(release, parse_place(f"oci:{tmp_path}/layout"))
    index = json.loads((tmp_path / "layout" / "index.json").read_text())
    assert [e["annotations"] for e in index["manifests"]] == [{"org.opencontainers.image.ref.name": "3"}]
    assert contents(pull(f"oci:{tmp_path}/layout", tmp_path / "staging")) == contents(release)


def test_what_is_there_is_not_sent_again(release, double, tmp_path):
    where = parse_place(f"{double.address}/line:1")
    push(release, where, plain_http=True)
    first = len(double.bodies("PUT"))
    push(release, parse_place(f"{double.address}/line:2"), plain_http=True)
    assert (first, len(double.bodies("PUT"))) == (6, 6)
    layout = parse_place(f"oci:{tmp_path}/layout:1")
    push(release, layout)
    marks = {p: p.stat().st_mtime_ns for p in (tmp_path / "layout" / "blobs").rglob("*") if p.is_file()}
    push(release, parse_place(f"oci:{tmp_path}/layout:2"))
    manifest = pack(release).artifact.digest.removeprefix("sha256:")
    assert {p.name for p, at in marks.items() if p.stat().st_mtime_ns != at} == {manifest}


def test_a_push_that_is_cut_goes_on(release, double):
    where = parse_place(f"{double.address}/line:1")
    double.failing = [404, 202]  # the first blob is not there, and its upload is to go nowhere
    assert code(push, release, where, plain_http=True) == "registry-failed"
    double.failing = [404, 503]
    assert code(push, release, where, plain_http=True) == "link-lost"
    assert double.manifests == {}
    push(release, where, plain_http=True)
    assert "1" in double.manifests


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_link_goes_on_where_it_stopped(ranges, release, double, tmp_path):
    big = release / "model.onnx"
    push(release, parse_place(f"{double.address}/line:1"), plain_http=True)
    double.ranges = ranges
    double.cut_after = [20, 10, 5] if ranges else [20, 30, 35]
    files = pull(f"{double.address}/line:1", tmp_path / "staging")
    assert contents(files) == contents(release)
    asked = [found for _, _, found in double.asked if found]
    assert len(asked) >= 2, "it asked for the rest"
    assert big.stat().st_size > 0


def test_a_link_that_stays_dead_is_given_up_and_the_next_run_finishes(release, double, tmp_path):
    push(release, parse_place(f"{double.address}/line:1"), plain_http=True)
    waits: list[float] = []
    double.cut_after = [20] + [0] * 20
    assert code(pull, f"{double.address}/line:1", tmp_path / "staging", pause=waits.append) == "link-lost"
    assert waits == [1.0, 1.0, 2.0, 4.0, 8.0]  # the first brought something
    assert [p.stat().st_size for p in (tmp_path / "staging" / "partial").iterdir()] == [20]
    double.cut_after = []
    double.asked.clear()
    assert contents(pull(f"{double.address}/line:1", tmp_path / "staging")) == contents(release)
    assert double.asked[1][2] == "bytes=20-"


def test_leftovers_that_are_wrong_are_fetched_again(release, double, tmp_path):
    push(release, parse_place(f"{double.address}/line:1"), plain_http=True)
    partial = tmp_path / "staging" / "partial"
    partial.mkdir(parents=True)
    for file in pack(release).artifact.files:
        (partial / file.hex).write_bytes(b"?" * (7 if file.size % 2 else file.size + 7))
    assert contents(pull(f"{double.address}/line:1", tmp_path / "staging")) == contents(release)


def test_a_changed_blob_is_not_taken(release, double, tmp_path):
    push(release, parse_place(f"{double.address}/line:1"), plain_http=True)
    for digest, content in double.blobs.items():
        double.blobs[digest] = content[:-1] + bytes([content[-1] ^ 1])
    assert code(pull, f"{double.address}/line:1", tmp_path / "staging") == "artifact-differs"
    assert contents(tmp_path / "staging") == {}
    for digest, content in double.blobs.items():
        double.blobs[digest] = content + b"more"
    assert code(pull, f"{double.address}/line:1", tmp_path / "staging") == "artifact-differs"


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_credentials_are_dockers(scheme, release, double, tmp_path):
    double.scheme, double.password = scheme, base64.b64encode(b"me:secret").decode()
    where = f"{double.address}/line:1"
    assert code(push, release, parse_place(where), plain_http=True) == "registry-denied"
    auths = {"auths": {double.address: {"auth": double.password}}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(auths))
    push(release, parse_place(where), plain_http=True)
    assert contents(pull(where, tmp_path / "staging")) == contents(release)


@pytest.mark.parametrize(
    ("failing", "expected"),
    [([404], "artifact-missing"), ([503], "link-lost"), ([400], "registry-failed"), ([403], "registry-denied")],
)
def test_what_a_registry_answers(failing, expected, release, double, tmp_path):
    push(release, parse_place(f"{double.address}/line:1"), plain_http=True)
    double.failing = failing
    assert code(pull, f"{double.address}/line:1", tmp_path / "staging") == expected


def test_no_registry_and_no_tls(double, tmp_path):
    assert code(pull, "127.0.0.1:9/line:1", tmp_path / "staging") == "link-lost"
    place = parse_place(f"{double.address}/line:1")
    assert code(open_source(place).manifest) in ("registry-untrusted", "link-lost")
    assert code(pull, f"{double.address}/line", tmp_path / "staging") == "artifact-missing"


def test_an_unsigned_release_is_not_pushed(release, tmp_path):
    (release / "model.sig").unlink()
    assert code(push, release, parse_place(f"oci:{tmp_path}/layout")) == "release-unsigned"
    assert not (tmp_path / "layout").exists()


def test_a_folder_keeps_what_it_has(release, key, tmp_path):
    from aiinfra.release.sign import sign

    usb = parse_place(f"{tmp_path}/usb")
    push(release, usb)
    push(release, usb)
    before = contents(tmp_path / "usb")
    sign(release, key)  # another signature: another release
    assert code(push, release, usb) == "release-exists"
    assert contents(tmp_path / "usb") == before
    shutil.copytree(tmp_path / "usb" / "line-vibration" / "3", tmp_path / "usb" / "line-vibration" / "4")
    assert code(open_source, usb) == "release-ambiguous"
    assert code(open_source, parse_place(f"{tmp_path}/nothing")) == "release-missing"


@pytest.mark.parametrize("damage", ["index", "blob", "tag"])
def test_a_damaged_layout(damage, release, tmp_path):
    push(release, parse_place(f"oci:{tmp_path}/layout:1"))
    if damage == "index":
        (tmp_path / "layout" / "index.json").write_text("{")
    elif damage == "blob":
        shutil.rmtree(tmp_path / "layout" / "blobs")
    tag = "2" if damage == "tag" else "1"
    assert code(pull, f"oci:{tmp_path}/layout:{tag}", tmp_path / "staging") == "artifact-missing"


def test_too_little_room_is_said_before_a_byte_is_written(release, tmp_path, monkeypatch):
    push(release, parse_place(f"oci:{tmp_path}/layout:1"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    assert code(pull, f"oci:{tmp_path}/layout:1", tmp_path / "staging") == "disk-full"
    assert contents(tmp_path / "staging") == {}


@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
def test_a_disk_that_fills_up_while_writing(release, tmp_path):
    """RLIMIT_FSIZE ends a write as a full disk does; the next run, with room, finishes."""
    push(release, parse_place(f"oci:{tmp_path}/layout:1"))
    program = (
        "import sys; from pathlib import Path; from aiinfra.errors import AiinfraError;"
        "from aiinfra.release.place import parse_place; from aiinfra.release.transfer import *;"
        "p = parse_place(sys.argv[1]); s = open_source(p)\n"
        "try: fetch(s, resolve(s, p), Path(sys.argv[2]))\n"
        "except AiinfraError as error: print(error.code)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, f"oci:{tmp_path}/layout:1", str(tmp_path / "staging")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (run.stdout, run.stderr) == ("disk-full\n", "")
    assert contents(pull(f"oci:{tmp_path}/layout:1", tmp_path / "staging")) == contents(release)
