"""YAML 1.2 core schema through PyYAML, with the line of every key.

PyYAML reads YAML 1.1, where ``on:`` is the boolean true, ``0777`` is octal and ``12:30`` is a number in base 60. A
declaration says ``on: k3s``, so the loader's implicit types are those of the 1.2 core schema. A key that stands there
twice is refused, as is a document whose aliases unfold into more than a million values.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from aiinfra.errors import BadInput

Path = tuple[str | int, ...]

MOST_VALUES: Final = 2_000_000


class _Core(yaml.SafeLoader):
    """SafeLoader with the 1.2 core schema's implicit types."""


_Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))
_Core.yaml_implicit_resolvers.setdefault("", []).append(("tag:yaml.org,2002:null", re.compile(r"^$")))


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


_Core.add_constructor("tag:yaml.org,2002:int", _int)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one YAML file, and the line (from 1) each key or item stands on."""

    data: Any
    lines: dict[Path, int]


def read(text: str, name: str) -> Document:
    """Read one document.

    Raises:
        BadInput: ``yaml-invalid``, with file, line and column; or ``yaml-twice`` for a key that is there twice.
    """
    loader = _Core(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document({}, {})
        lines: dict[Path, int] = {}
        _walk(node, (), lines, name)
        return Document(loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise BadInput("yaml-invalid", f"{place}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput("yaml-invalid", f"{name}: {error}") from None
    except RecursionError:
        raise BadInput("yaml-invalid", f"{name}: nested too deeply") from None
    finally:
        loader.dispose()


def documents(text: str, name: str) -> list[Any]:
    """Every document of a stream; empty ones are None.

    Raises:
        BadInput: ``yaml-invalid``.
    """
    loader = _Core(text)
    found: list[Any] = []
    try:
        while loader.check_data():
            found.append(loader.get_data())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput("yaml-invalid", f"{name}: {error}") from None
    finally:
        loader.dispose()
    return found


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > MOST_VALUES:
        raise BadInput("yaml-invalid", f"{name}: more than {MOST_VALUES} values", "split it; put sites in a CSV file")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            word = str(key.value)
            if word in seen:
                raise BadInput(
                    "yaml-twice", f"{name}:{key.start_mark.line + 1}: {word!r} is there twice", "keep one of the two"
                )
            seen.add(word)
            lines[(*path, word)] = key.start_mark.line + 1
            _walk(value, (*path, word), lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines, name)


class _Plain(yaml.SafeDumper):
    """Block style, keys in the order given, list items indented under their key, never an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001
        super().increase_indent(flow, indentless=False)


_MISREAD: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]")
"""Text that PyYAML, a 1.1 writer, leaves plain though a 1.2 reader takes it for a number (``1e3``, a short digest), or
a reader in Go for a truth (``y``)."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else '"' if not value.isprintable() else "'" if _MISREAD.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Plain.add_representer(str, _text)


def write(data: Any) -> str:
    """YAML that 1.1 and 1.2 readers understand alike: text that either would misread is quoted (``on``, ``1e3``)."""
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)
