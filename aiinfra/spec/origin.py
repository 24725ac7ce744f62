"""Where a model comes from."""

from pydantic import Field

from aiinfra.spec.base import Spec


class Origin(Spec):
    """What a release says of how its model was made; written by whoever trains it, nothing by default."""

    data: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """Digest of the training data; empty: not stated. What notices drift knows by it which data a release saw."""
    code: str = Field(default="", max_length=200, examples=["4f1c2e9"])
    """Revision of the training code; empty: not stated."""
    run: str = Field(default="", max_length=200, examples=["trainjob/line-vibration-42"])
    """The training run; empty: not stated."""
