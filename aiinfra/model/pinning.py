"""Writing what a model file says into its declaration, and leaving every other character as a person wrote it.

The places come from the YAML parser's own marks; only the text of values that change is replaced. The result is read
back and compared: where anything but the model's three keys would change (an alias that others share), nothing is
written.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml as pyyaml

from aiinfra.errors import BadInput
from aiinfra.model.facts import ModelFacts, TensorFacts
from aiinfra.spec import yaml

KEYS: Final = ("digest", "inputs", "outputs")


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def pin(declaration: Path, facts: ModelFacts) -> tuple[str, ...]:
    """Write digest, inputs and outputs into a YAML or JSON declaration; the keys that changed (none: it was right).

    Labels of outputs are kept by name.

    Raises:
        BadInput: ``model-not-servable``; ``declaration-not-editable`` for a Python file, or where the text cannot be
            changed without changing something else: what to write by hand is then in the remedy.
    """
    wanted = {"digest": facts.digest, "inputs": _plain(facts.inputs), "outputs": _plain(facts.outputs)}
    if declaration.suffix == ".py":
        raise _by_hand(declaration, "it is a program", wanted)
    text = declaration.read_bytes().decode("utf-8")
    new = edited(text, wanted, str(declaration))
    if new == text:
        return ()
    before, after = yaml.read(text, str(declaration)).data, yaml.read(new, str(declaration)).data
    if _without(before) != _without(after) or not _says(after, wanted):
        raise _by_hand(declaration, "its text cannot be changed without changing something else", wanted)
    draft = declaration.with_name(f".{declaration.name}.new")
    draft.write_text(new, encoding="utf-8", newline="")
    draft.chmod(declaration.stat().st_mode & 0o777)
    draft.replace(declaration)
    return tuple(key for key in KEYS if before["model"].get(key) != after["model"].get(key))


def _plain(tensors: Sequence[TensorFacts]) -> list[dict[str, Any]]:
    for tensor in tensors:
        if tensor.dtype is None or tensor.shape is None:
            reason = f"is {tensor.onnx_type}" if tensor.dtype is None else "has no number of dimensions"
            message = f"{tensor.name!r} {reason}, which the Open Inference Protocol cannot carry"
            raise BadInput("model-not-servable", message, "export with plain tensors (scikit-learn: zipmap=False)")
    return [{"name": t.name, "dtype": str(t.dtype), "shape": list(t.shape or ())} for t in tensors]


def _by_hand(declaration: Path, reason: str, wanted: dict[str, Any]) -> BadInput:
    lines = "; ".join(f"{key}: {_flow(value, quoted=False)}" for key, value in wanted.items())
    return BadInput(
        "declaration-not-editable", f"{declaration} was not changed: {reason}", f"write into model: {lines}"
    )


def _without(data: Any) -> Any:
    rest = copy.deepcopy(data)
    for key in KEYS:
        rest["model"].pop(key, None)
    return rest


def _says(data: Any, wanted: dict[str, Any]) -> bool:
    model = copy.deepcopy(data["model"])
    for tensor in model["outputs"]:
        tensor.pop("labels", None)
    return all(model[key] == wanted[key] for key in KEYS)


def edited(text: str, wanted: dict[str, Any], name: str) -> str:
    """``text`` with the model's digest, inputs and outputs as ``wanted`` says.

    Raises:
        BadInput: ``declaration-not-editable``: there is no ``model`` that is a mapping with a ``file``.
    """
    root = pyyaml.compose(text, Loader=pyyaml.SafeLoader)
    model = _value(root, "model") if isinstance(root, pyyaml.MappingNode) else None
    if not isinstance(model, pyyaml.MappingNode) or _value(model, "file") is None:
        raise BadInput(
            "declaration-not-editable", f"{name} has no model with a file", "write model: {file: MODEL.onnx}"
        )
    quoted = text.lstrip().startswith("{")  # JSON, or YAML that is written like it
    edits: list[_Edit] = []
    missing: list[str] = []
    for key in KEYS:
        node = _value(model, key)
        if node is None:
            missing.append(key)
        else:
            edits += _edits(node, wanted[key], quoted=quoted)
    if missing:
        edits.append(_insertion(model, {key: wanted[key] for key in missing}, quoted=quoted))
    newline = "\r\n" if "\r\n" in text else "\n"
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text.replace("\n", newline) + text[edit.end :]
    return text


def _value(mapping: pyyaml.MappingNode, key: str) -> pyyaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _edits(node: pyyaml.Node, wanted: Any, *, quoted: bool) -> Iterator[_Edit]:
    if isinstance(wanted, str):
        if node.value != wanted:
            yield _Edit(node.start_mark.index, _end(node), _lead(node) + _flow(wanted, quoted=quoted))
    elif isinstance(node, pyyaml.SequenceNode) and _names(node) == [tensor["name"] for tensor in wanted]:
        for item, tensor in zip(node.value, wanted, strict=True):
            yield from _tensor_edits(item, tensor, quoted=quoted)
    else:
        yield _Edit(node.start_mark.index, _end(node), _lead(node) + _rewritten(node, wanted, quoted=quoted))


def _names(node: pyyaml.SequenceNode) -> list[str]:
    named = [_value(item, "name") if isinstance(item, pyyaml.MappingNode) else None for item in node.value]
    return [str(name.value) if name is not None else "" for name in named]


def _tensor_edits(item: pyyaml.MappingNode, tensor: dict[str, Any], *, quoted: bool) -> Iterator[_Edit]:
    for key in ("dtype", "shape"):
        node = _value(item, key)
        if node is None:
            after = _value(item, "name")
            assert after is not None  # noqa: S101 - its name was just compared
            yield _Edit(_end(after), _end(after), _member(item, key, tensor[key], quoted=quoted))
        elif _data(node) != tensor[key]:
            yield _Edit(node.start_mark.index, _end(node), _flow(tensor[key], quoted=quoted))


def _data(node: pyyaml.Node) -> Any:
    if isinstance(node, pyyaml.SequenceNode):
        return [int(item.value) if item.value.lstrip("-").isdigit() else item.value for item in node.value]
    return node.value


def _rewritten(node: pyyaml.Node, tensors: list[dict[str, Any]], *, quoted: bool) -> str:
    """All tensors anew, in the style of ``node``; the labels of those that were there are kept."""
    labels: dict[str, list[str]] = {}
    if isinstance(node, pyyaml.SequenceNode):
        for name, item in zip(_names(node), node.value, strict=True):
            kept = _value(item, "labels") if name else None
            if isinstance(kept, pyyaml.SequenceNode):
                labels[name] = [str(label.value) for label in kept.value]
    full = [{**t, "labels": labels[t["name"]]} if t["name"] in labels else t for t in tensors]
    if not isinstance(node, pyyaml.SequenceNode) or node.flow_style:
        return _flow(full, quoted=quoted)
    indent = "\n" + " " * node.start_mark.column
    return indent.join(f"- {_flow(tensor, quoted=quoted)}" for tensor in full)


def _insertion(model: pyyaml.MappingNode, wanted: dict[str, Any], *, quoted: bool) -> _Edit:
    """New keys after ``file``, which every model has."""
    file = _value(model, "file")
    assert file is not None  # noqa: S101 - looked at before
    after = _end(file)
    return _Edit(after, after, "".join(_member(model, key, value, quoted=quoted) for key, value in wanted.items()))


def _member(mapping: pyyaml.MappingNode, key: str, value: Any, *, quoted: bool) -> str:
    written = _flow(value, quoted=quoted)
    if mapping.flow_style:
        return f", {json.dumps(key) if quoted else key}: {written}"
    indent = "\n" + " " * mapping.value[0][0].start_mark.column
    if isinstance(value, list) and value and isinstance(value[0], dict):
        items = "".join(f"{indent}  - {_flow(item, quoted=quoted)}" for item in value)
        return f"{indent}{key}:{items}"
    return f"{indent}{key}: {written}"


def _end(node: pyyaml.Node) -> int:
    """Where a node's own text ends. The parser lets a block end where the next thing begins, comments included."""
    if isinstance(node, pyyaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, pyyaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    if isinstance(node, pyyaml.ScalarNode) and node.style in ("|", ">"):
        return len((node.end_mark.buffer or "")[: node.end_mark.index].rstrip())
    return node.end_mark.index


def _lead(node: pyyaml.Node) -> str:
    """A space where nothing stands after the colon yet."""
    return " " if node.start_mark.index == node.end_mark.index else ""


def _flow(value: Any, *, quoted: bool) -> str:
    """One line of YAML, or of JSON."""
    if quoted:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item, quoted=False)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item, quoted=False) for item in value) + "]"
    if isinstance(value, str):
        return _scalar(value)
    return str(value)


def _scalar(value: str) -> str:
    """A text, quoted where plain text would read as something else or end early."""
    plain = value and all(c.isalnum() or c in "_./-" or (c == ":" and value.startswith("sha256:")) for c in value)
    if plain and value[0].isalpha() and yaml.read(f"a: {value}", "").data == {"a": value}:
        return value
    return json.dumps(value, ensure_ascii=False)
