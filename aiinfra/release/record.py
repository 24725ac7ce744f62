"""Golden sets for models that came with none: fixed inputs, and what the model itself answers to them.

Such goldens are labelled ``self-recorded`` wherever they show: they prove that a runtime still gives the same answers,
never that the answers are right.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import helper

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.model.dtypes import OF_ONNX
from aiinfra.model.facts import ModelFacts, TensorFacts
from aiinfra.release.golden import GoldenSet
from aiinfra.release.trial import Run

_OF_NAME = {dtype.value: helper.tensor_dtype_to_np_dtype(kind) for kind, dtype in OF_ONNX.items()}


def fixed_inputs(facts: ModelFacts, shapes: Mapping[str, Sequence[int]] | None = None) -> dict[str, np.ndarray]:
    """Inputs that are the same on every machine: one row, values running from 0 to 1 (integers: 0 and 1 in turn).

    ``shapes`` gives whole shapes by input name; without it, open dimensions are 1.
    """
    return {value.name: _values(value, (shapes or {}).get(value.name)) for value in facts.inputs}


def _values(tensor: TensorFacts, shape: Sequence[int] | None) -> np.ndarray:
    if tensor.dtype is None:
        raise BadInput("model-not-servable", f"{tensor.name!r} is {tensor.onnx_type}, which the protocol cannot carry")
    sizes = tuple(shape) if shape is not None else tuple(1 if size < 0 else size for size in tensor.shape or ())
    count = math.prod(sizes)
    if tensor.dtype == "BYTES":
        return np.array([b"text"] * count, dtype=np.object_).reshape(sizes)
    steps = np.arange(count) % 2 if tensor.dtype[:2] not in ("FP", "BF") else np.linspace(0, 1, count)
    return steps.astype(_OF_NAME[tensor.dtype]).reshape(sizes)


def record(facts: ModelFacts, run: Run, shapes: Mapping[str, Sequence[int]] | None = None) -> GoldenSet:
    """Run the model on :func:`fixed_inputs` and keep what it answers.

    Raises:
        AiinfraError: ``golden-failed``: the model does not run on such inputs.
    """
    inputs = fixed_inputs(facts, shapes)
    try:
        answered = run(inputs)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise AiinfraError(
            "golden-failed",
            f"{facts.file} does not run on a row of fixed values: {reason}",
            "give golden inputs: model.golden names a folder with test_data_set_0/input_0.pb and output_0.pb",
        ) from error
    return GoldenSet(
        "test_data_set_0", inputs, {value.name: np.asarray(answered[value.name]) for value in facts.outputs}
    )


def on_cpu(model: Path) -> Run:
    """A :data:`Run` of ``model`` on onnxruntime's CPU provider, in this process.

    Raises:
        BadInput: ``model-corrupt``: onnxruntime does not load it.
    """
    from aiinfra.onnx_runtime import onnxruntime  # noqa: PLC0415 - part of the [server] set, not of the base

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised; written to standard error as well, they would only confuse
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # a C++ extension with exception types of its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise BadInput(
            "model-corrupt", f"onnxruntime does not load {model}: {reason}", "export the model again"
        ) from None
    names = [output.name for output in session.get_outputs()]

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in zip(names, session.run(names, inputs), strict=True)}

    return run
