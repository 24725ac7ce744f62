"""How a program reaches a cluster's API: the AWS CLI signs in anew each time, so nothing secret is kept. Pure."""

import json


def kubeconfig(cluster: str, region: str, endpoint: str, certificate_authority: str) -> str:
    """A kubeconfig, JSON; ``endpoint`` and ``certificate_authority`` (PEM in base 64) are the cluster's."""
    sign_in = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"],
        "interactiveMode": "Never",
    }
    reach = {"server": endpoint, "certificate-authority-data": certificate_authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": reach}],
            "users": [{"name": "program", "user": {"exec": sign_in}}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "program"}}],
            "current-context": cluster,
        },
        sort_keys=True,
    )
