"""One loaded model: an onnxruntime session, what it takes and gives, and the call itself.

Importing this module imports onnxruntime, so it is imported when the first model is loaded. A session is opened from a
path and in a thread: opening from bytes holds the interpreter's lock while they are copied.
"""

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aiinfra.errors import AiinfraError, did_you_mean
from aiinfra.onnx_runtime import onnxruntime
from aiinfra.server.config import Fallback, ModelSettings
from aiinfra.server.datatypes import BY_ONNX
from aiinfra.server.ports import Port
from aiinfra.server.refusal import Kind, Refusal, bad

_BF16_ONNX = 16
"""``TensorProto.BFLOAT16``."""


class Session:
    """A model that can be called from any thread."""

    def __init__(self, handle: Any, version: str) -> None:
        self._handle = handle
        self._call = handle._sess.run  # noqa: SLF001 - the wrapper's checks cost 1.5 us a call; ours came before
        self.inputs = tuple(_port(value) for value in handle.get_inputs())
        self.outputs = tuple(_port(value) for value in handle.get_outputs())
        self.by_input = {port.name: port for port in self.inputs}
        self.by_output = {port.name: port for port in self.outputs}
        self.output_names = [port.name for port in self.outputs]
        self.providers: tuple[str, ...] = tuple(handle.get_providers())
        self.runtime = f"onnxruntime {version}"
        self._bf16 = any(port.datatype.name == "BF16" for port in self.inputs + self.outputs)

    def run(self, feed: Mapping[str, np.ndarray], names: list[str], options: Any = None) -> list[np.ndarray]:
        """Call the model.

        Raises:
            Refusal: the model refused these inputs, or was told to stop (kind ``DEADLINE``).
        """
        try:
            return self._run_values(feed, names, options) if self._bf16 else self._call(names, feed, options)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises classes of its own for every status
            raise _refusal(error) from None

    def _run_values(self, feed: Mapping[str, np.ndarray], names: list[str], options: Any) -> list[np.ndarray]:
        """numpy has no bfloat16: such tensors go in and come out as onnxruntime's own values."""
        values = {}
        for port in self.inputs:
            array = feed[port.name]
            if port.datatype.name == "BF16":
                values[port.name] = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
                    np.ascontiguousarray(array), _BF16_ONNX
                )
            else:
                values[port.name] = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        answers = self._handle.run_with_ort_values(names, values, options)
        return [
            _bits(answer) if self.by_output[name].datatype.name == "BF16" else answer.numpy()
            for name, answer in zip(names, answers, strict=True)
        ]

    @staticmethod
    def new_run_options() -> Any:
        """Options of one call; setting ``terminate`` on them stops the call at its next operator."""
        return onnxruntime.RunOptions()


def _bits(value: Any) -> np.ndarray:
    shape = tuple(value.shape())
    size = int(np.prod(shape, dtype=np.int64)) * 2
    return np.frombuffer(ctypes.string_at(value.data_ptr(), size) if size else b"", np.dtype("<u2")).reshape(shape)


def _port(value: Any) -> Port:
    datatype = BY_ONNX.get(value.type)
    if datatype is None:
        raise AiinfraError(
            "model-unsupported",
            f"{value.name!r} is a {value.type}: the protocol carries tensors only",
            "export the model with plain tensor outputs (skl2onnx: options={'zipmap': False})",
        )
    shape = tuple(dimension if isinstance(dimension, int) and dimension >= 0 else None for dimension in value.shape)
    symbols = tuple(dimension if isinstance(dimension, str) else "" for dimension in value.shape)
    return Port(value.name, datatype, shape, symbols)


def _refusal(error: Exception) -> Refusal:
    text = str(error)
    if "terminate flag" in text:
        return Refusal(Kind.DEADLINE, "the deadline passed while the model ran")
    if "bad_alloc" in text or "Failed to allocate" in text:
        return Refusal(Kind.TOO_LARGE, "the model needs more memory for these inputs than there is")
    return bad("the model refused these inputs: their shapes or values do not fit its operators")


def choose_providers(settings: ModelSettings, available: Sequence[str], name: str) -> list[str]:
    """The execution providers to ask for: the configured ones, or CPU alone where ``fallback`` allows it.

    Raises:
        AiinfraError: ``provider-absent``: one that was asked for is not in this onnxruntime build.
    """
    absent = [provider for provider in settings.execution_providers if provider not in available]
    if not absent:
        return list(settings.execution_providers)
    if settings.fallback is Fallback.CPU:
        present = [provider for provider in settings.execution_providers if provider in available]
        return present or ["CPUExecutionProvider"]
    raise AiinfraError(
        "provider-absent",
        f"models.{name}.execution_providers asks for {absent[0]!r}, this onnxruntime has {', '.join(available)}"
        + did_you_mean(absent[0], available),
        "install the onnxruntime build of this hardware, or set fallback = 'cpu'",
    )


def open_session(model: Path, settings: ModelSettings, name: str, *, threads: int = 1) -> Session:
    """Load ``model`` (a path to an ONNX file). Takes tens of milliseconds or more: call it in a thread.

    Raises:
        AiinfraError: ``model-corrupt``, ``model-unsupported``, ``provider-absent`` or ``provider-failed``.
    """
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = choose_providers(settings, onnxruntime.get_available_providers(), name)
    try:
        handle = onnxruntime.InferenceSession(str(model), options, providers=providers)
    except Exception as error:  # noqa: BLE001 - a class of its own for every status
        raise AiinfraError(
            "model-corrupt",
            f"{model} cannot be loaded by onnxruntime {onnxruntime.__version__}: {_first_line(error)}",
            "export the model again, and check it with: aiinfra model inspect",
        ) from None
    if providers[0] not in handle.get_providers() and settings.fallback is Fallback.REFUSE:
        raise AiinfraError(
            "provider-failed",
            f"models.{name}.execution_providers: {providers[0]} did not start, onnxruntime went back to "
            f"{handle.get_providers()[0]}",
            "see what the provider needs (driver, libraries), or set fallback = 'cpu'",
        )
    return Session(handle, onnxruntime.__version__)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
