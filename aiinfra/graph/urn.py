"""URNs, as the engine makes them.

``urn:pulumi:STACK::PROJECT::PARENTTYPE$TYPE::NAME``: the whole chain of parent types, the stack's own type left out.
Source: pulumi ``sdk/go/common/resource/urn/urn.go``.
"""

from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"
STACK_REFERENCE_TYPE: Final = "pulumi:pulumi:StackReference"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; ``parent`` is its parent's URN, or empty."""
    chain = qualified_type(parent) if parent else ""
    qualified = f"{chain}${type_}" if chain and chain != STACK_TYPE else type_
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def qualified_type(urn: str) -> str:
    """The type chain, parents first, joined by ``$``."""
    return urn.split("::", 3)[2]


def name(urn: str) -> str:
    """The logical name, which may itself hold ``::``."""
    return urn.split("::", 3)[3]


def of_reference(reference: str) -> str:
    """The URN in a provider reference (``URN::ID``); empty for an empty one."""
    return reference.rpartition("::")[0]
