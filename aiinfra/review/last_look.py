"""The last look over a finished document: every text in it is masked once more, wherever it came from."""

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from aiinfra.review.credentials import mask_text

T = TypeVar("T")

_mask = lru_cache(maxsize=50_000)(mask_text)


def masked(value: T) -> T:
    """``value`` with every text inside it masked: dataclasses, mappings, tuples."""
    result: Any = _masked(value)
    return result


def _masked(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return _mask(value)
    if isinstance(value, dict):
        return {_masked(key): _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_masked(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _masked(getattr(value, field.name)) for field in fields(value)})
    return value
