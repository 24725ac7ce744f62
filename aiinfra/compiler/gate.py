"""What stops a compile: an aim that cannot be met, a cap that is broken or whose figure nobody knows."""

from aiinfra.estimate.read import estimate_declaration
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration


def stops(declaration: Declaration, as_of: str = "") -> tuple[Finding, ...]:
    """The failing findings of the estimates of all stacks; empty: nothing stands against compiling.

    ``as_of`` is the day that ages of figures are against, today by default; ages alone stop nothing.
    """
    found: dict[tuple[str, str], Finding] = {}
    for stack in declaration.stacks:
        estimated, strict = estimate_declaration(declaration.file, stack, as_of, None)
        for finding in estimated.findings(require_measured=strict):
            if finding.severity is Severity.ERROR:
                found.setdefault((finding.path, finding.message), finding)
    return tuple(found.values())
