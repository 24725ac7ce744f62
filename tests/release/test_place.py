from pathlib import Path

import pytest

from aiinfra.errors import BadInput
from aiinfra.release.place import Kind, Place, parse_place

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "host", "name", "tag", "digest"),
    [
        ("registry.example.com/models/line:4", "registry.example.com", "models/line", "4", ""),
        ("localhost:5000/line", "localhost:5000", "line", "", ""),
        ("box:5000/line:a_b.c", "box:5000", "line", "a_b.c", ""),
        (f"oci://r.example/x/y/z@{DIGEST}", "r.example", "x/y/z", "", DIGEST),
        (f"127.0.0.1:5000/x:1@{DIGEST}", "127.0.0.1:5000", "x", "1", DIGEST),
        ("[::1]:5000/x:1", "[::1]:5000", "x", "1", ""),
    ],
)
def test_a_registry(text, host, name, tag, digest):
    assert parse_place(text) == Place(Kind.REGISTRY, text, host, name, tag=tag, digest=digest)


@pytest.mark.parametrize(
    ("text", "path", "tag", "digest"),
    [
        ("oci:out", "out", "", ""),
        ("oci:/a/b:4", "/a/b", "4", ""),
        (f"oci:a:4@{DIGEST}", "a", "4", DIGEST),
    ],
)
def test_a_layout(text, path, tag, digest):
    assert parse_place(text) == Place(Kind.LAYOUT, text, path=Path(path), tag=tag, digest=digest)


@pytest.mark.parametrize(
    ("text", "path", "digest"),
    [("./a", "a", ""), ("/media/usb", "/media/usb", ""), ("dir:a:b", "a:b", ""), (f"../x@{DIGEST}", "../x", DIGEST)],
)
def test_a_folder(text, path, digest):
    assert parse_place(text) == Place(Kind.FOLDER, text, path=Path(path), digest=digest)


@pytest.mark.parametrize(
    "text",
    ["", "line", "models/line:4", "https://r.example/x", "r.example/UPPER", "r.example/x:", "r.example/x@sha256:1"],
)
def test_neither(text):
    with pytest.raises(BadInput) as caught:
        parse_place(text)
    assert caught.value.code == "place-invalid"


def test_a_folder_that_is_there_is_offered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "releases").mkdir()
    with pytest.raises(BadInput, match=r"a folder is written ./releases"):
        parse_place("releases")
