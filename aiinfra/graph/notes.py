"""What a run could not do as the engine would, kept as findings while it runs."""

from aiinfra.findings import Finding, Severity


class Notes:
    """Findings about one run, each once a place."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def add(
        self,
        code: str,
        severity: Severity,
        message: str,
        *,
        urn: str = "",
        path: str = "",
        source: str = "",
        remedy: str = "",
    ) -> None:
        """Keep one; a second with the same code and place is dropped."""
        place = (code, urn or f"{source} {message}")
        self._found.setdefault(place, Finding(code, severity, message, path, urn, remedy, source))

    def sorted(self) -> tuple[Finding, ...]:
        """All, errors first."""
        return tuple(sorted(self._found.values(), key=lambda finding: (finding.sort_key, finding.source)))
