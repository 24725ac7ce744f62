"""The key that releases are signed with."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import SigningKeyArgs
from aiinfra.components.aws import registry_policy
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.specs import SigningKeySpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import SIGNING_KEY


class SigningKey(Component):
    """A key on the curve P-256 that never leaves KMS. Children: ``key``, ``alias``.

    A key of this kind is not rotated: sites accept what its public half says. A new one is a new public key, which
    sites get before the first release that is signed with it.
    """

    alias: pulumi.Output[str]
    """Alias that whoever signs names it by."""
    arn: pulumi.Output[str]
    """ARN of the key."""

    def __init__(self, name: str, args: SigningKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(SigningKeySpec, name, args)
        super().__init__(SIGNING_KEY, name, spec, opts)
        made = {
            "description": f"Signs releases: {name}",
            "customer_master_key_spec": registry_policy.CURVE,
            "key_usage": "SIGN_VERIFY",
            "deletion_window_in_days": 30,
            "policy": registry_policy.signing_key(spec.account, find_region(spec.region).partition),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        called = key_alias(name, "key")
        alias = {"name": called, "target_key_id": key.key_id}
        self.child(aws.kms.Alias, "alias", alias, protect=True, delete_before_replace=True)

        self.alias, self.arn = pulumi.Output.from_input(called), key.arn
        self.done({"alias": self.alias, "arn": self.arn})
