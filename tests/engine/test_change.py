"""Changes to rehearse, and what the engine made of them."""

from pathlib import Path

import pytest

from aiinfra.engine.change import change_of, done_to, unexpected
from aiinfra.engine.events import Step
from aiinfra.errors import BadInput
from aiinfra.graph.diff import diff
from aiinfra.graph.program import find
from tests.graphs import graph, node, own

QUEUE = "aws:sqs/queue:Queue"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, project in (("now", "shop"), ("then", "shop"), ("other", "bank")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        (tmp_path / name / "__main__.py").write_text("")
    return tmp_path


def test_another_version_or_another_value(folder: Path) -> None:
    now = find(folder / "now")
    assert change_of(str(folder / "then"), now).program.root == folder / "then"
    assert change_of("size=3=4", now).config == {"shop:size": "3=4"}
    assert change_of("aws:region=eu-central-1", now).config == {"aws:region": "eu-central-1"}


@pytest.mark.parametrize(("words", "code"), [("nowhere", "change-unclear"), ("=3", "change-unclear")])
def test_words_that_mean_nothing(folder: Path, words: str, code: str) -> None:
    with pytest.raises(BadInput) as error:
        change_of(words, find(folder / "now"))
    assert error.value.code == code


def test_another_project_is_no_change(folder: Path) -> None:
    with pytest.raises(BadInput) as error:
        change_of(str(folder / "other"), find(folder / "now"))
    assert error.value.code == "change-other-project"


def test_a_replacement_is_told_as_one_thing() -> None:
    steps = [Step(operation, "a") for operation in ("create-replacement", "replace", "delete-replaced")]
    steps += [Step("delete-replaced", "b"), Step("remove-pending-replace", "b"), Step("same", "c"), Step("update", "d")]
    assert done_to(tuple(steps)) == {"a": "replace", "b": "delete", "c": "same", "d": "update"}


def test_only_what_the_difference_does_not_allow_for_is_told() -> None:
    before = graph(node(QUEUE, "kept"), node(QUEUE, "named", {"name": "a"}), node(QUEUE, "gone"), node(QUEUE, "tagged"))
    after = graph(
        node(QUEUE, "kept"),
        node(QUEUE, "named", {"name": "b"}),
        node(QUEUE, "new"),
        node(QUEUE, "tagged", protect=True),
    )
    predicted = diff(before, after)
    kept, named, gone, new = (own(QUEUE, name) for name in ("kept", "named", "gone", "new"))
    fine = (Step("same", kept), Step("replace", named), Step("delete", gone), Step("create", new))
    assert unexpected(predicted, fine) == []
    wrong = (Step("update", kept), Step("update", named), Step("create", new))
    assert unexpected(predicted, wrong) == [
        (gone, "delete", "same"),
        (kept, "same", "update"),
        (named, "replace", "update"),
    ]
