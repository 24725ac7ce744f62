"""Environments: a patch over the declaration (JSON Merge Patch, RFC 7396, with one addition for ``sites``)."""

from collections.abc import Mapping
from typing import Any


def merge(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``patch`` laid over it.

    Objects merge key by key, null removes, everything else replaces. The list ``sites`` merges by ``class``: a class
    that is there is patched, a new one is added, and ``{class: NAME, remove: true}`` takes one out.
    """
    result = dict(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif key == "sites" and isinstance(value, list):
            result[key] = _merge_sites(result.get(key, []), value)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _merge_sites(base: Any, patch: list[Any]) -> list[Any]:
    sites = list(base) if isinstance(base, (list, tuple)) else []
    for change in patch:
        named = change.get("class") if isinstance(change, Mapping) else None
        place = next(
            (i for i, site in enumerate(sites) if isinstance(site, Mapping) and site.get("class") == named), None
        )
        if named is None or place is None:
            sites.append(change)
        elif change.get("remove") is True:
            del sites[place]
        else:
            sites[place] = merge(sites[place], change)
    return sites
