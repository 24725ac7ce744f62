"""A declaration reads the same from YAML, JSON and Python, and says everything that is wrong at once."""

import json
from pathlib import Path

import pytest

from aiinfra import load
from aiinfra.errors import BadInput
from aiinfra.spec import yaml
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import parse
from aiinfra.spec.site import Place, Row

DATA = Path(__file__).parent.parent / "data" / "declarations"


def test_yaml_json_and_python_are_the_same_object(tmp_path: Path) -> None:
    whole = load(DATA / "whole.yaml").whole
    (tmp_path / "sites.csv").write_text((DATA / "sites.csv").read_text())
    (tmp_path / "deployment.json").write_text(json.dumps(whole.plain()))
    (tmp_path / "deployment.py").write_text(
        f"from aiinfra import Deployment\ndeployment = Deployment.model_validate({whole.plain()!r})\n"
    )
    (tmp_path / "deployment.yaml").write_text(yaml.write(whole.plain()))
    for name in ("deployment.json", "deployment.py", "deployment.yaml"):
        assert load(tmp_path / name).whole == whole
        assert load(tmp_path / name).rows == load(DATA / "whole.yaml").rows


def test_round_trips_to_the_letter() -> None:
    whole = load(DATA / "whole.yaml").whole
    again = Deployment.model_validate(whole.plain())
    assert again == whole
    assert again.plain() == whole.plain()
    assert again.plain()["objective"] == {
        "p99": "20 ms",
        "rate": "50/s",
        "availability": "99.9 %",
        "residency": ["US"],
    }


def test_on_is_a_word_not_a_boolean() -> None:
    assert load(DATA / "whole.yaml").deployment.site("press-line").runtime.on is Place.K3S
    assert yaml.read("on: k3s\noff: no\nt: 12:30\no: 0777\nn: ~\nf: 1.5\nb: true", "x").data == {
        "on": "k3s",
        "off": "no",
        "t": "12:30",
        "o": 777,
        "n": None,
        "f": 1.5,
        "b": True,
    }


def test_rows_come_from_csv_and_a_class_without_rows_is_one_site() -> None:
    rows = load(DATA / "whole.yaml").rows
    assert rows["press-line"] == (
        Row(name="hall-1", context="k3s-hall-1", values={"line": "A"}),
        Row(name="hall-2", values={"line": "B"}),
    )
    assert rows["cabinet"] == (Row(name="cabinet"),)


def test_an_environment_is_a_patch() -> None:
    declaration = load(DATA / "whole.yaml", "staging")
    assert declaration.deployment.training is None
    assert [site.class_name for site in declaration.deployment.sites] == ["press-line"]
    assert declaration.rows == {"press-line": (Row(name="lab-1"),)}
    assert declaration.deployment.site("press-line").tier.power_mode == "15W"
    assert declaration.prefix == "line-vibration-staging"
    assert load(DATA / "whole.yaml").prefix == "line-vibration"


def test_every_problem_at_once_with_line_and_fix() -> None:
    with pytest.raises(BadInput) as caught:
        load(DATA / "bad.yaml")
    said = caught.value.render().replace(str(DATA), "DIR")
    expected = (DATA / "bad.txt").read_text()
    assert said + "\n" == expected


def test_a_broken_environment_is_named() -> None:
    data = load(DATA / "whole.yaml").whole.plain()
    data["environments"] = {"staging": {"objective": {"p99": "20"}, "sites": [{"class": "new"}]}}
    with pytest.raises(BadInput) as caught:
        parse(data)
    assert sorted(finding.path for finding in caught.value.findings) == [
        "environments.staging.objective.p99",
        "environments.staging.sites[2].runtime",
        "environments.staging.sites[2].tier",
    ]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("a: [1", "yaml-invalid", "deployment.yaml:1:6: expected ',' or ']'"),
        ("a: 1\na: 2\n", "yaml-twice", "deployment.yaml:2: 'a' is there twice"),
        ("- 1\n", "declaration-invalid", "deployment.yaml has 1 problem"),
        ("", "declaration-invalid", "deployment.yaml has 3 problems"),
        ("x: !!python/object:os.system {}\n", "yaml-invalid", "could not determine a constructor"),
    ],
)
def test_bad_files_are_told_not_thrown(tmp_path: Path, text: str, code: str, says: str) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        load(file)
    assert caught.value.code == code
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("context\nx\n", "rows-invalid", ":1: no column 'name'"),
        ("name\na\na\n", "rows-invalid", ":3: site 'a' is there twice"),
        ("name\nA b\n", "rows-invalid", "has 1 problems"),
    ],
)
def test_bad_rows_name_their_line(tmp_path: Path, text: str, code: str, says: str) -> None:
    data = load(DATA / "whole.yaml").whole.plain()
    (tmp_path / "deployment.json").write_text(json.dumps(data))
    (tmp_path / "sites.csv").write_text(text)
    with pytest.raises(BadInput) as caught:
        load(tmp_path)
    assert caught.value.code == code
    assert says in caught.value.message


def test_a_python_declaration_that_fails_names_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "deployment.py"
    file.write_text("x = 1\nraise RuntimeError('no such plant')\n")
    with pytest.raises(BadInput) as caught:
        load(file)
    assert caught.value.message == f"{file}:2: RuntimeError: no such plant"


def test_missing_file_stack_and_private_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        load(tmp_path / "nothing.yaml")
    with pytest.raises(BadInput, match="holds no declaration"):
        load(tmp_path)
    with pytest.raises(BadInput, match="has no environment 'stagin'; did you mean 'staging'"):
        load(DATA / "whole.yaml", "stagin")
    data = load(DATA / "whole.yaml").whole.plain()
    data["model"]["signer"] = "key.pem"
    (tmp_path / "sites.csv").write_text("name\na\n")
    (tmp_path / "deployment.json").write_text(json.dumps(data))
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nMIG\n")
    with pytest.raises(BadInput) as caught:
        load(tmp_path)
    assert caught.value.code == "signer-private"
    assert "MIG" not in caught.value.render()
