"""Project folders are read as the Pulumi CLI reads them."""

import sys
from pathlib import Path

import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.program import Configuration, find


def test_main_may_be_a_folder_or_a_file(project, mixed) -> None:
    assert find(mixed).main == mixed / "program" / "__main__.py"
    assert find(mixed).folder == mixed / "program"
    folder = project(
        "", name="a", yaml="main: src/app.py\n", files={"src/app.py": "import pulumi; pulumi.export('x', 1)"}
    )
    assert collect(folder).outputs == {"x": 1}
    assert collect(folder / "Pulumi.yaml").outputs == {"x": 1}


def test_a_python_file_alone_and_one_in_a_project(project, tmp_path) -> None:
    main = "import pulumi; pulumi.export('size', pulumi.Config().get('size'))"
    (tmp_path / "alone.py").write_text(main)
    graph = collect(tmp_path / "alone.py", config={"size": "3"})
    assert (graph.project, graph.outputs) == ("project", {"size": "3"})
    folder = project("", name="a", yaml="config: {size: 4}\n", files={"other.py": main})
    graph = collect(folder / "other.py")
    assert (graph.project, graph.outputs) == ("a", {"size": "4"})


def test_configuration(project) -> None:
    folder = project(
        "",
        yaml="""
config:
  size: 1
  other: {type: string, default: b}
  hidden: {default: c, secret: true}
  aws:region: {value: eu-west-1}
  none: {type: string}
""",
        files={
            "Pulumi.dev.yaml": """
secretsprovider: passphrase
encryptionsalt: v1:AAAA
config:
  small:size: 2
  on: on
  off: false
  ratio: 0.5
  list: [a, {secure: v1:canary}]
  object: {x: 1, y: {z: true}}
  token: {secure: v1:canary}
  empty:
"""
        },
    )
    program = find(folder)
    assert program.stacks == ("dev",)
    assert program.configuration("production") == Configuration(
        {"small:size": "1", "small:other": "b", "small:hidden": "c", "aws:region": "eu-west-1"},
        frozenset({"small:hidden"}),
    )
    dev = program.configuration("dev")
    opaque = "secret-" + "9d29ec5ee5b8"
    assert dev.secret == {"small:hidden", "small:list", "small:token"}
    assert {key: value for key, value in dev.values.items() if key not in ("small:token", "small:list")} == {
        "small:size": "2",
        "small:other": "b",
        "small:hidden": "c",
        "aws:region": "eu-west-1",
        "small:on": "on",
        "small:off": "false",
        "small:ratio": "0.5",
        "small:object": '{"x":1,"y":{"z":true}}',
    }
    assert "canary" not in repr(dev)
    assert dev.values["small:token"].startswith("secret-")
    assert len(dev.values["small:token"]) == len(opaque)


def test_a_value_given_on_top_wins() -> None:
    base = Configuration({"p:a": "1", "p:t": "opaque"}, frozenset({"p:t"}))
    assert base.with_values({"a": "2", "t": "plain", "aws:region": "x"}, ["q:s"], "p") == Configuration(
        {"p:a": "2", "p:t": "plain", "aws:region": "x"}, frozenset({"q:s"})
    )


def test_a_missing_key_names_line_key_and_file(project) -> None:
    main = "import pulumi\n\npulumi.Config().require('zones')\n"
    with pytest.raises(BadInput) as caught:
        collect(project(main, name="a", files={"Pulumi.staging.yaml": "config: {}"}), stack="stagin")
    assert caught.value.code == "config-missing"
    assert caught.value.message == "__main__.py:3: the program needs the configuration key 'a:zones', which is not set"
    assert caught.value.remedy == (
        "add it to Pulumi.stagin.yaml, which is not there yet; there are stacks staging; did you mean 'staging'? "
        "(pulumi config set a:zones VALUE)"
    )


def test_a_value_of_the_wrong_type_is_not_shown(project) -> None:
    main = "import pulumi\npulumi.Config().require_int('size')\n"
    with pytest.raises(BadInput, match="is not a valid int") as caught:
        collect(project(main), config={"size": "canary"}, secret_config=["size"])
    assert caught.value.code == "config-type"
    assert "canary" not in caught.value.render()


@pytest.mark.parametrize(
    ("yaml", "code", "said"),
    [
        ("name: a\nruntime: nodejs\n", "project-invalid", "only python"),
        ("runtime: python\n", "project-invalid", "has no name"),
        ("- a\n", "project-invalid", "not a mapping"),
        ("name: a\nruntime: python\nmain: ../b\n", "project-invalid", "leaves the project"),
        ("name: a\nruntime: python\nmain: nowhere\n", "program-missing", "is not there"),
        ("name: [", "yaml-invalid", "Pulumi.yaml:"),
        ("name: a\nruntime: python\n", "program-missing", "__main__.py is not there"),
    ],
)
def test_what_is_wrong_with_a_project_is_said(tmp_path: Path, yaml: str, code: str, said: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(yaml)
    with pytest.raises(BadInput, match=said) as caught:
        find(tmp_path)
    assert caught.value.code == code


def test_what_is_no_program_is_said(tmp_path: Path) -> None:
    (tmp_path / "platform").mkdir()
    (tmp_path / "notes.txt").write_text("")
    for path, said in [
        ("platfrom", "did you mean 'platform'"),
        ("platform", "holds no Pulumi.yaml"),
        ("notes.txt", "no program"),
    ]:
        with pytest.raises(BadInput, match=said) as caught:
            find(tmp_path / path)
        assert caught.value.code == "program-missing"


def test_a_stack_file_that_is_no_mapping(project) -> None:
    folder = project("", files={"Pulumi.dev.yaml": "config: [a]"})
    with pytest.raises(BadInput, match="config is not a mapping"):
        collect(folder, stack="dev")


def test_two_projects_with_modules_of_one_name_do_not_see_each_other(project) -> None:
    main = "import pulumi, infra, parts.one\npulumi.export('who', infra.WHO + parts.one.WHO)\n"
    folders = {
        name: project(
            main,
            name=name,
            files={"infra.py": f"WHO = '{name}'", "parts/__init__.py": "", "parts/one.py": f"WHO = '{name}'"},
        )
        for name in ("first", "second")
    }
    before = set(sys.modules)
    seen = [collect(folders[name]).outputs["who"] for name in ("first", "second", "first")]
    assert seen == ["firstfirst", "secondsecond", "firstfirst"]
    assert not {"infra", "parts", "parts.one"} & (set(sys.modules) - before)


def test_a_module_loaded_before_is_set_aside_and_comes_back(project, tmp_path, monkeypatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "infra.py").write_text("WHO = 'mine'")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    import infra  # type: ignore[import-not-found]

    folder = project("import infra, pulumi\npulumi.export('who', infra.WHO)\n", files={"infra.py": "WHO = 'theirs'"})
    assert collect(folder).outputs == {"who": "theirs"}
    assert sys.modules["infra"] is infra
    assert infra.WHO == "mine"
    del sys.modules["infra"]


def test_what_a_program_prints_goes_to_standard_error(project, capsys) -> None:
    collect(project("print('hello')"))
    assert capsys.readouterr() == ("", "hello\n")


def test_a_syntax_error_names_its_line(project) -> None:
    with pytest.raises(Exception, match=r"^infra.py:2: SyntaxError: "):
        collect(project("import infra", files={"infra.py": "\nx = = 1\n"}))


def test_a_missing_module_names_the_environment(project) -> None:
    with pytest.raises(Exception, match=r"^__main__.py:1: ModuleNotFoundError: No module named 'nowhere'$") as caught:
        collect(project("import nowhere"))
    assert sys.executable in caught.value.remedy
