"""Who may do what: one default-deny decision of (identity, model, verb), used by every route of every transport."""

from collections.abc import Iterable

from aiinfra.server.config import Allow, Verb
from aiinfra.server.refusal import Kind, Refusal

LOCAL = "local"
"""Identity of a caller on this machine, on a listener without TLS."""
ANONYMOUS = "anonymous"
"""Identity of a caller that proved none."""

_LOCAL_VERBS = frozenset({Verb.INFER, Verb.READ})


class Authority:
    """The grants of a configuration. ``local`` may infer and read unless a grant names it; nobody else may anything."""

    def __init__(self, grants: Iterable[Allow]) -> None:
        self._grants: dict[str, list[Allow]] = {}
        for grant in grants:
            self._grants.setdefault(grant.identity, []).append(grant)
        self._decided: dict[tuple[str, str, Verb], bool] = {}

    def allows(self, identity: str, model: str, verb: Verb) -> bool:
        """Whether ``identity`` may do ``verb`` to ``model``; an empty model stands for the whole server."""
        key = (identity, model, verb)
        decision = self._decided.get(key)
        if decision is None:
            decision = self._decide(identity, model, verb)
            if len(self._decided) > 10_000:
                self._decided.clear()
            self._decided[key] = decision
        return decision

    def _decide(self, identity: str, model: str, verb: Verb) -> bool:
        grants = self._grants.get(identity)
        if grants is None:
            return identity == LOCAL and verb in _LOCAL_VERBS
        return any(
            verb in grant.verbs and ("*" in grant.models or not model or model in grant.models) for grant in grants
        )

    def require(self, identity: str, model: str, verb: Verb) -> None:
        """Refuse what is not allowed.

        Raises:
            Refusal: kind ``UNAUTHENTICATED`` where the caller proved no identity, else ``FORBIDDEN``. The text is the
                same whether the model exists or not.
        """
        if self.allows(identity, model, verb):
            return
        if identity == ANONYMOUS:
            raise Refusal(Kind.UNAUTHENTICATED, "a client certificate is needed")
        raise Refusal(
            Kind.FORBIDDEN, f"{identity} may not {verb.value} " + (f"model {model[:128]!r}" if model else "here")
        )

    def anyone_may(self, verb: Verb) -> bool:
        """Whether some grant holds ``verb`` at all."""
        return any(verb in grant.verbs for grants in self._grants.values() for grant in grants)
