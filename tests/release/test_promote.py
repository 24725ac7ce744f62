"""Promotions edit a class file's values and nothing else, in the order that waves try things."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.release.class_files import class_file, sites_of_waves, start_class
from aiinfra.release.promote import promote
from aiinfra.spec.class_file import parse_class, read_class
from tests.programs import ROOT

KEY = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"


def digest(version: str) -> str:
    return "sha256:" + f"{int(version):064x}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "key.pem").write_text(KEY)
    return start_class(
        tmp_path, "press-line", "oci://r.example.com/x", tmp_path / "key.pem", ("4", digest("4")), waves=3
    )


def versions(file: Path) -> list[str]:
    return [wave.version for wave in read_class(file).waves.values()]


def test_forward_wave_by_wave_and_back_at_once(file: Path) -> None:
    began = file.read_text()
    assert promote(file, "5", 1, digest("5")).before == {1: "4"}
    assert promote(file, "5", 2).before == {2: "4"}
    assert promote(file, "5", 3).before == {3: "4"}
    assert versions(file) == ["5", "5", "5"]
    back = promote(file, "4", 3)
    assert (back.before, back.back, back.digest) == ({1: "5", 2: "5", 3: "5"}, True, digest("4"))
    assert file.read_text() == began + f'  "5": {digest("5")}\n'
    assert promote(file, "4", 3).before == {}


def test_comments_order_quotes_and_line_ends_stay(file: Path) -> None:
    indented = KEY.rstrip().replace("\n", "\r\n  ")
    text = (
        f"# ours\r\nuri: x  # a stick\r\nwaves:\r\n  2: {{digest: '{digest('4')}', version: '4'}}  # the rest\r\n"
        f'  1:\r\n    version: "4"  # first\r\n    digest: {digest("4")}\r\npublic_key: |\r\n  {indented}\r\n'
    )
    file.write_bytes(text.encode())
    promote(file, "5", 1, digest("5"))
    expected = text.replace(
        f'version: "4"  # first\r\n    digest: {digest("4")}', f'version: "5"  # first\r\n    digest: {digest("5")}'
    )
    known = f'releases:\r\n  "4": {digest("4")}\r\n  "5": {digest("5")}\r\n'
    assert file.read_bytes().decode() == f"{expected}# Every version that a wave had, and its artifact.\r\n{known}"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("5", 2, digest("5")), "wave-skipped"),
        (("5", 4, digest("5")), "wave-unknown"),
        (("5", 1, ""), "digest-needed"),
        (("5", 1, "sha256:5"), "digest-needed"),
        (("4", 1, digest("5")), "digest-differs"),
        (("v5", 1, digest("5")), "version-invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_the_file_kept(file: Path, words: tuple[str, int, str], code: str) -> None:
    before = file.read_bytes()
    with pytest.raises(AiinfraError) as caught:
        promote(file, *words)
    assert (caught.value.code, file.read_bytes()) == (code, before)


def test_where_there_is_no_time_waves_are_skipped(file: Path) -> None:
    promote(file, "5", 3, digest("5"), skip_waves=True)
    assert versions(file) == ["5", "5", "5"]


def test_an_alias_is_left_to_a_person(file: Path) -> None:
    text = file.read_text().replace('  2: {version: "4"', '  2: &x {version: "4"')
    line = next(line for line in text.splitlines() if line.startswith("  3:"))
    file.write_text(text.replace(line, "  3: *x"))
    promote(file, "5", 1, digest("5"))
    before = file.read_bytes()
    with pytest.raises(BadInput) as caught:
        promote(file, "5", 2)
    assert (caught.value.code, file.read_bytes()) == ("class-not-editable", before)
    assert f'2: {{version: "5", digest: {digest("5")}}}' in caught.value.remedy


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 4)), max_size=12))
def test_whatever_is_asked_for_the_file_holds_together(steps: list[tuple[int, int]]) -> None:
    """Each version keeps its one digest, none is forgotten, and nothing new reaches a wave past one that lacks it."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "key").write_text(KEY)
        file = start_class(Path(folder), "c", "x", Path(folder) / "key", ("4", digest("4")), waves=4)
        for version, wave in steps:
            with suppress(Refused):  # a wave skipped; what else it raises fails the test
                before = versions(file)
                promote(file, str(version), wave, digest(str(version)))
                newer = [n for n in range(1, wave) if int(before[n]) < version and int(before[n - 1]) != version]
                assert newer == []
        told = parse_class(file.read_text(), "c")
        assert all(wave.digest == digest(wave.version) for wave in told.waves.values())
        assert {wave.version for wave in told.waves.values()} <= told.releases.keys()


def test_sites_are_counted_where_a_declaration_is_there(tmp_path: Path) -> None:
    data = ROOT / "tests" / "data" / "declarations"
    (tmp_path / "deployment.yaml").write_text((data / "fleet.yaml").read_text())
    (tmp_path / "fleet.csv").write_text("name,wave\na,1\nb,2\nc,2\n")
    (tmp_path / "key").write_text(KEY)
    start_class(tmp_path, "cabinet", "x", tmp_path / "key", ("4", digest("4")), waves=2)
    assert sites_of_waves(tmp_path / "deployment.yaml", "cabinet") == {1: 1, 2: 2}
    with pytest.raises(BadInput, match="did you mean 'cabinet'") as caught:
        class_file(tmp_path, "cabinett")
    assert caught.value.code == "class-file-missing"
    with pytest.raises(BadInput) as caught:
        start_class(tmp_path, "shelf", "x", tmp_path / "key", ("4", digest("4")), waves=2)
    assert caught.value.code == "class-unknown"
    with pytest.raises(AiinfraError) as raised:
        start_class(tmp_path, "cabinet", "x", tmp_path / "key", ("4", digest("4")), waves=2)
    assert raised.value.code == "class-file-exists"
