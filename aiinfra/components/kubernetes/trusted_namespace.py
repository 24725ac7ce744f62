"""A namespace closed by default."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import TrustedNamespaceArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import admission
from aiinfra.components.kubernetes import namespace_objects as objects
from aiinfra.components.kubernetes.labels import because, metadata
from aiinfra.components.kubernetes.specs import TrustedNamespaceSpec
from aiinfra.tokens import TRUSTED_NAMESPACE


class TrustedNamespace(Component):
    """A namespace in which nothing may be reached and nothing may leave, but for name lookups and what is declared.

    Children: ``namespace``, ``deny-all``, ``allow-dns``, one ``egress-RANGE-PORT`` a declared way out, ``quota``,
    ``limits``, ``default-account``, ``admission``, ``admission-binding``.
    """

    namespace: pulumi.Output[str]
    """Name of the namespace, known when it exists."""

    def __init__(self, name: str, args: TrustedNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(TrustedNamespaceSpec, name, args)
        super().__init__(TRUSTED_NAMESPACE, name, spec, opts)
        core, networking = kubernetes.core.v1, kubernetes.networking.v1

        def inside(suffix: str) -> dict[str, Any]:
            return metadata(suffix, spec.tags, namespace=spec.namespace, workload=spec.namespace)

        namespace = self.child(core.Namespace, "namespace", {"metadata": objects.namespace_metadata(spec)})
        first = {"depends_on": [namespace]}
        self.child(
            networking.NetworkPolicy, "deny-all", {"metadata": inside("deny-all"), "spec": objects.deny_all()}, **first
        )
        self.child(
            networking.NetworkPolicy,
            "allow-dns",
            {"metadata": because(inside("allow-dns"), "names are looked up"), "spec": objects.allow_dns()},
            **first,
        )
        for way in spec.egress:
            noun = objects.egress_noun(way)
            policy = {"metadata": because(inside(noun), way.why), "spec": objects.allow_egress(way)}
            self.child(networking.NetworkPolicy, noun, policy, **first)
        self.child(core.ResourceQuota, "quota", {"metadata": inside("quota"), "spec": objects.quota(spec)}, **first)
        self.child(core.LimitRange, "limits", {"metadata": inside("limits"), "spec": objects.limit_range()}, **first)
        # The cluster makes this account itself, so it can be patched but not created.
        self.child(core.ServiceAccountPatch, "default-account", objects.default_account(spec), **first)
        rules, everywhere = kubernetes.admissionregistration.v1, admission.cluster_metadata(spec)
        policy = {"metadata": everywhere, "spec": admission.policy(spec)}
        policy_first = [self.child(rules.ValidatingAdmissionPolicy, "admission", policy)]
        bound = {"metadata": everywhere, "spec": admission.binding(spec)}
        kind = rules.ValidatingAdmissionPolicyBinding
        self.child(kind, "admission-binding", bound, depends_on=[namespace, *policy_first])

        self.namespace = namespace.metadata.apply(lambda meta: str(meta.name))
        self.done({"namespace": self.namespace})
