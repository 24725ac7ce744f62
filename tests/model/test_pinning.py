"""A person's file keeps every character but the values that the model says."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.errors import BadInput
from aiinfra.model.facts import TensorFacts, read_facts
from aiinfra.model.pinning import edited, pin
from aiinfra.spec import yaml

DIGEST = "sha256:" + "ab" * 32


def tensor(name="x", dtype="FP32", shape=(-1, 64)):
    return {"name": name, "dtype": dtype, "shape": list(shape)}


WANTED = {"digest": DIGEST, "inputs": [tensor()], "outputs": [tensor("y", shape=(-1, 8))]}


def edit(text, wanted=None):
    return edited(textwrap.dedent(text), wanted or WANTED, "d.yaml")


def test_missing_keys_come_after_the_file():
    assert edit("""\
        # what this is
        name: a
        model:   # the model
          file: m.onnx   # trained in May

          # goldens from the framework
          golden: g
        sites: []
        """) == textwrap.dedent(f"""\
        # what this is
        name: a
        model:   # the model
          file: m.onnx
          digest: {DIGEST}
          inputs:
            - {{name: x, dtype: FP32, shape: [-1, 64]}}
          outputs:
            - {{name: y, dtype: FP32, shape: [-1, 8]}}   # trained in May

          # goldens from the framework
          golden: g
        sites: []
        """)


def test_only_what_differs_changes():
    before = """\
        model:
            inputs:                      # from the sensor
              - name: x                  # g
                shape: [ -1, 32 ]        # samples
                dtype: FP32
            digest: "sha256:old"         # pinned
            file: m.onnx
            outputs: [ {name: y, dtype: FP32, shape: [-1, 8], labels: [a, b, c, d, e, f, g, h]} ]   # classes
        """
    after = textwrap.dedent(before).replace("[ -1, 32 ]", "[-1, 64]").replace('"sha256:old"', DIGEST)
    assert edit(before) == after


def test_other_names_rewrite_the_list_and_keep_labels():
    wanted = {**WANTED, "outputs": [tensor("z", "INT64", (-1,)), tensor("y", shape=(-1, 2))]}
    text = f"""\
        model:
          file: m.onnx
          digest: {DIGEST}
          inputs: [{{name: x, dtype: FP32, shape: [-1, 64]}}]
          outputs:
          # first
          - {{name: y, dtype: FP32, shape: [-1, 2], labels: [good, "off: bad"]}}
          # end
        other: 1
        """
    assert edit(text, wanted) == textwrap.dedent(f"""\
        model:
          file: m.onnx
          digest: {DIGEST}
          inputs: [{{name: x, dtype: FP32, shape: [-1, 64]}}]
          outputs:
          # first
          - {{name: z, dtype: INT64, shape: [-1]}}
          - {{name: y, dtype: FP32, shape: [-1, 2], labels: [good, "off: bad"]}}
          # end
        other: 1
        """)


@pytest.mark.parametrize(
    "text",
    [
        "model: {file: m.onnx}\n",
        'model: {file: m.onnx, inputs: [], digest: ""}   # flow\n',
        "model:\n  file: m.onnx\n  inputs:\n  digest:   # not yet\n  outputs: []\n",
        "model:\n  inputs:\n  - name: x\n  outputs:\n  - {dtype: FP16, name: y}\n  file: m.onnx",
        '{"model": {"file": "m.onnx"}, "name": "a"}',
        '{\n  "model": {\n    "file": "m.onnx",\n    "inputs": [{"name": "q"}]\n  }\n}\n',
        "name: a\r\nmodel:\r\n  file: m.onnx\r\nsites: []\r\n",
        "model:\n  file: >-\n    m.onnx\n  golden: g\n",
    ],
)
def test_layouts(text):
    data = yaml.read(edited(text, WANTED, "d"), "d").data
    assert {key: data["model"][key] for key in WANTED} == WANTED
    assert edited(edited(text, WANTED, "d"), WANTED, "d") == edited(text, WANTED, "d")


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(
    st.lists(NAMES, min_size=1, max_size=3, unique=True),
    st.sampled_from(["model: {file: m}\n", "model:\n  file: m\n", '{"model": {"file": "m"}}']),
)
def test_any_name_reads_back(names, text):
    wanted = {**WANTED, "inputs": [tensor(name) for name in names]}
    assert yaml.read(edited(text, wanted, "d"), "d").data["model"]["inputs"] == wanted["inputs"]


def declaration(folder: Path, model: str) -> Path:
    file = folder / "deployment.yaml"
    file.write_text(model)
    return file


def test_pin_writes_once_and_says_what(mlp):
    file = declaration(mlp.parent, "model:\n  file: m.onnx  # ours\n")
    facts = read_facts(mlp)
    assert pin(file, facts) == ("digest", "inputs", "outputs")
    assert pin(file, facts) == ()
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n").replace(b"FP32", b"FP64"))
    assert pin(file, facts) == ("inputs", "outputs")
    assert b"FP64" not in file.read_bytes()
    assert file.read_bytes().count(b"\r\n") == file.read_bytes().count(b"\n")
    text = file.read_text()
    file.write_text(text.replace("[-1, 8]", "[-1, 9]"))
    assert pin(file, facts) == ("outputs",)
    assert file.read_text() == text.replace("\r", "")
    assert [f.name for f in mlp.parent.glob(".*")] == []


def test_a_shared_value_is_not_changed_behind_ones_back(mlp):
    text = "shared: &t [{name: x, dtype: FP16, shape: [-1, 64]}]\nmodel: {file: m.onnx, inputs: *t}\n"
    file = declaration(mlp.parent, text)
    with pytest.raises(BadInput) as caught:
        pin(file, read_facts(mlp))
    assert caught.value.code == "declaration-not-editable"
    assert "inputs: [{name: x, dtype: FP32, shape: [-1, 64]}]" in caught.value.remedy
    assert file.read_text() == text


def test_a_program_is_not_edited(mlp):
    with pytest.raises(BadInput) as caught:
        pin(mlp.parent / "deployment.py", read_facts(mlp))
    assert caught.value.code == "declaration-not-editable"


def test_what_the_protocol_cannot_carry(mlp):
    odd = TensorFacts(name="m", dtype=None, shape=None, onnx_type="seq(map(int64,tensor(float)))")
    facts = read_facts(mlp).model_copy(update={"outputs": (odd,)})
    with pytest.raises(BadInput) as caught:
        pin(declaration(mlp.parent, "model: {file: m.onnx}"), facts)
    assert caught.value.code == "model-not-servable"
