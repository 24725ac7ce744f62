"""What a review calls things: the path of components to a resource, and the kind of thing it is. Never a URN."""

import re
from typing import Final

from aiinfra.graph import urn
from aiinfra.graph.diff import GraphDiff
from aiinfra.graph.node import Node
from aiinfra.review.credentials import mask_text

_PLAIN: Final = ("", "index", "ec2", "vpc", "ec2transitgateway")
"""AWS modules whose resources everybody knows without the service's name."""
_SERVICES: Final = {
    "cfg": "Config",
    "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDB",
    "guardduty": "GuardDuty",
    "lambda": "Lambda",
    "lb": "",
    "alb": "",
    "opensearch": "OpenSearch",
    "route53": "Route 53",
    "secretsmanager": "Secrets Manager",
}
_ACRONYMS: Final = {
    word.lower(): word
    for word in (
        *("ACL", "API", "CIDR", "CORS", "DHCP", "DNS", "EBS", "ECR", "EFS", "EKS", "IAM", "IP", "IPv4", "IPv6"),
        *("KMS", "NAT", "SNS", "SQS", "SSM", "URL", "VPC"),
    )
}
_SHORT: Final = {"pulumi:pulumi:StackReference": "stack reference"}


def kind(type_: str) -> str:
    """``aws:s3/bucket:Bucket`` -> ``S3 bucket``; ``kubernetes:apps/v1:Deployment`` -> ``Deployment``."""
    if type_ in _SHORT:
        return _SHORT[type_]
    if type_.startswith(urn.PROVIDER_PREFIX):
        return f"{type_.removeprefix(urn.PROVIDER_PREFIX)} provider"
    package, _, rest = type_.partition(":")
    module, _, name = rest.rpartition(":")
    if package != "aws":
        return name or type_
    service = module.partition("/")[0]
    words = [_ACRONYMS.get(word.lower(), word.lower()) for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
    prefix = "" if service in _PLAIN else _SERVICES.get(service, service.upper() if len(service) <= 4 else service)
    if words[0].lower() == service.lower():
        prefix = ""
    return " ".join([prefix, *words]).strip()


class Names:
    """Component paths (``press-line/runtime/deployment``) of the resources of both versions."""

    def __init__(self, diff: GraphDiff) -> None:
        self._diff = diff

    def node(self, own: str) -> Node | None:
        """The resource, of the later version where it is in both."""
        return self._diff.after.nodes.get(own) or self._diff.before.nodes.get(own)

    def chain(self, own: str) -> list[Node]:
        """The resource and the components around it, outermost first; the stack left out."""
        found: list[Node] = []
        node = self.node(own)
        while node is not None and node.type != urn.STACK_TYPE:
            found.append(node)
            node = self.node(node.parent) if node.parent else None
        return found[::-1]

    def path(self, own: str) -> str:
        """Each name without the part it has from its parent, joined by slashes."""
        parts: list[str] = []
        parent = ""
        for node in self.chain(own):
            own_part = node.name
            if parent and own_part.startswith(f"{parent}-"):
                own_part = own_part[len(parent) + 1 :]
            parts.append(own_part)
            parent = node.name
        return mask_text("/".join(parts)) if parts else mask_text(urn.name(own))

    def called(self, own: str) -> str:
        """The path and the kind: what a sentence names a resource by."""
        node = self.node(own)
        return f"{self.path(own)} ({kind(node.type)})" if node else self.path(own)
