"""Every example's model: it is the file declared, and it answers as the framework that trained it did."""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from aiinfra.check import check
from aiinfra.model.facts import read_facts
from aiinfra.release.note import read_note
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("factory", "fraud", "hospital", "junction")
LARGEST_MODEL = 2_000_000
TYPES = {"float32": "FP32", "int64": "INT64"}
STAND_IN = "Stand-in: "
NO_STAND_IN = "Nothing in this example is a stand-in: "


@dataclass(frozen=True)
class Example:
    folder: Path

    @cached_property
    def deployment(self) -> Deployment:
        return load(self.folder).deployment

    @property
    def model(self) -> Path:
        return self.folder / self.deployment.model.file

    @cached_property
    def note(self) -> dict[str, Any]:
        return json.loads((self.folder / "golden" / "golden.json").read_text())

    def tensors(self, kind: str) -> dict[str, np.ndarray]:
        """Golden tensors by name, in the order of their files."""
        paths = sorted((self.folder / "golden" / "test_data_set_0").glob(f"{kind}_*.pb"))
        protos = [onnx.TensorProto.FromString(path.read_bytes()) for path in paths]
        return {proto.name: numpy_helper.to_array(proto) for proto in protos}


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest) -> Example:
    return Example(EXAMPLES / request.param)


def test_every_folder_is_tested() -> None:
    assert tuple(sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())) == NAMES


def test_model_is_sound_small_and_the_one_declared(example: Example) -> None:
    content = example.model.read_bytes()
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert len(content) <= LARGEST_MODEL
    assert example.deployment.model.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_declared_tensors_are_the_models(example: Example) -> None:
    model, facts = example.deployment.model, read_facts(example.model)
    for declared, found in ((model.inputs, facts.inputs), (model.outputs, facts.outputs)):
        assert [(t.name, t.dtype.value, t.shape) for t in declared] == [(t.name, t.dtype.value, t.shape) for t in found]


def test_goldens_fit_the_declaration(example: Example) -> None:
    model = example.deployment.model
    for declared, kind in ((model.inputs, "input"), (model.outputs, "output")):
        given = example.tensors(kind)
        assert list(given) == [tensor.name for tensor in declared]
        for tensor in declared:
            array = given[tensor.name]
            assert TYPES[array.dtype.name] == tensor.dtype.value
            assert array.ndim == len(tensor.shape)
            assert all(want in (-1, size) for want, size in zip(tensor.shape, array.shape, strict=True))


def test_runtime_answers_as_the_training_framework_did(example: Example) -> None:
    session = onnxruntime.InferenceSession(example.model)
    wanted = example.tensors("output")
    answers = dict(zip(wanted, session.run(list(wanted), example.tensors("input")), strict=True))
    for name, array in wanted.items():
        np.testing.assert_allclose(answers[name], array, **example.note["tolerance"])
    assert "onnxruntime" not in example.note["framework"]
    assert read_note(example.folder / "golden").origin == f"{example.note['framework']}: {example.note['computed_by']}"


def test_another_answer_would_be_noticed(example: Example) -> None:
    """The tolerance is small beside what the goldens vary: a model that ignored its input would fail."""
    first = next(iter(example.tensors("output").values()))
    assert first.std(axis=0).max() > 100 * example.note["tolerance"]["atol"]


def test_notes_name_the_class_that_the_golden_shows(example: Example) -> None:
    output = example.deployment.model.outputs[0]
    array = example.tensors("output")[output.name]
    samples = example.note["samples"]
    assert len(samples) == len(array)
    labels = example.note.get("labels", list(output.labels))
    for sample, row in zip(samples, array.reshape(len(array), -1), strict=True):
        index = int(row.argmax()) if row.size > 1 else int(row[0] >= 0.5)
        assert sample["framework_says"] == labels[index]
        assert sample["truth"] in labels


def test_readme_says_first_whether_anything_is_a_stand_in(example: Example) -> None:
    title, gap, first = (example.folder / "README.md").read_text().splitlines()[:3]
    assert title.startswith("# ")
    assert gap == ""
    assert first.startswith((STAND_IN, NO_STAND_IN))


def test_readme_is_one_page_and_names_its_licence(example: Example) -> None:
    text = (example.folder / "README.md").read_text()
    assert len(text.splitlines()) <= 70
    assert re.search(r"CC BY|MIT|License", text)
    assert "**Not for" in text


def test_requirements_are_pinned_and_their_own(example: Example) -> None:
    lines = (example.folder / "requirements.txt").read_text().splitlines()
    assert lines
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.+]+( ; .+)?", line) for line in lines)
    assert not any("onnxruntime" in line for line in lines)


def test_the_page_says_how_much_validate_finds(example: Example) -> None:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    page = (example.folder / "README.md").read_text()
    (told,) = re.findall(r"^aiinfra validate examples/\w+ +# (\w+) findings? until", page, re.MULTILINE)
    assert told == words[len(check(load(example.folder)))]


def test_declaration_fits_on_a_page(example: Example) -> None:
    assert 20 <= len((example.folder / "deployment.yaml").read_text().splitlines()) <= 40
