"""A starter declaration for a model file: what the file says, and what a person must still decide."""

import os
import re
from pathlib import Path
from typing import Any

from aiinfra.errors import BadInput, Refused
from aiinfra.model.facts import ModelFacts, TensorFacts, read_facts

GOLDEN = "# test_data_set_0/{input,output}_0.pb: inputs, and what the training framework answered"

HEAD = """\
# A deployment of {file}, read by aiinfra. `aiinfra schema --out deployment.schema.json` lets an editor complete it.
# yaml-language-server: $schema=deployment.schema.json
name: {name}
tags: {{owner: me, cost_center: "none", data_class: internal}}   # who answers, who pays, how secret the data is
model:
  file: {path}
  digest: {digest}
  inputs:
{inputs}
  outputs:
{outputs}
{golden}
objective: {{p99: 50 ms, rate: 10/s}}          # an aim, judged per site; caps are the hard limits
sites:
  - class: site
    tier: {{accelerator: cpu-x86-64}}          # aiinfra catalogue list
    runtime: {{on: k3s, callers: []}}          # k3s | eks | hybrid | box; nobody may call until named
"""


def start(model: Path, out: Path, name: str | None = None) -> None:
    """Write a declaration of ``model`` to ``out``.

    Raises:
        BadInput: ``model-missing``, ``model-corrupt``, ``model-unsafe``, or ``model-not-servable`` for a model whose
            tensors have no type in the Open Inference Protocol.
        Refused: ``exists``: ``out`` is there already.
    """
    path = Path(os.path.relpath(model.resolve(), out.resolve().parent)).as_posix()
    text = starter(read_facts(model), path, name, has_golden=(model.parent / "golden").is_dir())
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise Refused("exists", f"{out} is there already", "name another file with --out, or edit that one") from None
    except OSError as error:
        raise BadInput("out-not-writable", f"{out}: {error.strerror}", "name a file in a folder that exists") from None


def starter(facts: ModelFacts, path: str, name: str | None = None, *, has_golden: bool = False) -> str:
    """The declaration's text; ``path`` is the model's, relative to where the text will stand."""
    called = name or re.sub(r"[^a-z0-9]+", "-", Path(facts.file).stem.lower()).strip("-")[:40].strip("-") or "model"
    golden = (Path(path).parent / "golden").as_posix()
    return HEAD.format(
        file=facts.file,
        name=called,
        path=_text(path),
        digest=facts.digest,
        inputs=_tensors(facts.inputs),
        outputs=_tensors(facts.outputs),
        golden=f"  golden: {_text(golden)}" if has_golden else f"  # golden: {golden}   {GOLDEN}",
    )


def _tensors(tensors: tuple[TensorFacts, ...]) -> str:
    return "\n".join(f"    - {{name: {_text(t.name)}, dtype: {_dtype(t)}, shape: {_shape(t)}}}" for t in tensors)


def _dtype(tensor: TensorFacts) -> str:
    if tensor.dtype is None:
        raise BadInput(
            "model-not-servable",
            f"{tensor.name!r} is {tensor.onnx_type}, which the Open Inference Protocol cannot carry",
            "export the model with tensors only (for scikit-learn: the converter's option zipmap=False)",
        )
    return str(tensor.dtype)


def _shape(tensor: TensorFacts) -> str:
    if tensor.shape is None:
        raise BadInput("model-not-servable", f"{tensor.name!r} has no shape, not even a number of dimensions")
    return str(list(tensor.shape))


def _text(value: Any) -> str:
    text = str(value)
    return (
        text if re.fullmatch(r"[A-Za-z_][\w./-]*", text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
