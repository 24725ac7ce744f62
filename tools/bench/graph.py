"""Recording ten thousand resources, beside the same program under the SDK's stock mocks; and the import of aiinfra.

Each measurement runs in a process of its own. Seconds are wall time from the start of the program to the graph, first
imports of the provider SDKs included; CPU seconds are the whole process's, and megabytes its peak. Targets: 10,000
resources in 20 s and 900 MB (aim 8 s, 500 MB), importing aiinfra in 0.15 s over bare Python.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from importlib import import_module
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000, 10_000)
CHILDREN = 19
"""Resources below each component of the program."""
IMPORTS = 15


def run(out: Path) -> list[dict[str, Any]]:
    """Measure, print a table, and return its rows; ``out`` is where a caller keeps them."""
    del out
    rows: list[dict[str, Any]] = []
    rival: dict[int, float] = {}
    print(f"{'how':12} {'resources':>9} {'seconds':>8} {'cpu s':>7} {'MB':>5} {'times as fast':>14}")
    for size, how in product(SIZES, ("stock mocks", "symbolic", "preview")):
        row = _recording(how, size)
        rival.setdefault(size, row["seconds"])  # the rival comes first
        row["ratio"] = round(rival[size] / row["seconds"], 2)
        rows.append(row)
        figures = f"{row['seconds']:8.2f} {row['cpu']:7.2f} {row['megabytes']:5.0f} {row['ratio']:14.2f}"
        print(f"{row['how']:12} {row['resources']:9} {figures}", flush=True)
    rows.append(_import())
    print(f"import aiinfra: {rows[-1]['seconds'] * 1000:.0f} ms over bare Python ({rows[-1]['bare'] * 1000:.0f} ms)")
    return rows


def _recording(how: str, size: int) -> dict[str, Any]:
    repeats = 3 if size < 5_000 or how == "symbolic" else 1
    found = [_child(how, str(size)) for _ in range(repeats)]
    middle = {key: median(one[key] for one in found) for key in ("resources", "seconds", "cpu", "megabytes")}
    return {"what": "record", "how": how, "runs": repeats, **middle}


def _import() -> dict[str, Any]:
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(IMPORTS):  # taken in turns, so that a noisy moment falls on both
        bare.append(_timed("pass"))
        ours.append(_timed("import aiinfra"))
    return {"what": "import", "bare": median(bare), "seconds": median(ours) - median(bare), "runs": IMPORTS}


def _timed(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return time.perf_counter() - started


def _child(*arguments: str) -> dict[str, float]:
    ran = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def program(components: int) -> None:
    """Components of 8 AWS and 11 Kubernetes resources: providers, secrets, applies, dependencies."""
    k8s: Any = import_module("pulumi_kubernetes")
    provider = k8s.Provider("edge", kubeconfig="{}")
    for index in range(components):
        _component(f"n{index:04d}", provider)


def _component(name: str, provider: Any) -> None:
    # Untyped on purpose: a program written with plain dictionaries.
    pulumi, aws, k8s = (import_module(name) for name in ("pulumi", "pulumi_aws", "pulumi_kubernetes"))
    parent = pulumi.ComponentResource("bench:index:Node", name, {"size": 3})
    here = pulumi.ResourceOptions(parent=parent)
    there = pulumi.ResourceOptions(parent=parent, provider=provider)
    bucket = aws.s3.Bucket(f"{name}-bucket", tags={"owner": "bench"}, opts=here)
    enabled = {"status": "Enabled"}
    aws.s3.BucketVersioning(f"{name}-versioning", bucket=bucket.id, versioning_configuration=enabled, opts=here)
    aws.s3.BucketPublicAccessBlock(f"{name}-block", bucket=bucket.id, block_public_acls=True, opts=here)
    role = aws.iam.Role(f"{name}-role", assume_role_policy="{}", opts=here)
    document = bucket.arn.apply(_document)
    policy = aws.iam.Policy(f"{name}-policy", policy=document, opts=here)
    aws.iam.RolePolicyAttachment(f"{name}-attachment", role=role.name, policy_arn=policy.arn, opts=here)
    rule = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}
    aws.ec2.SecurityGroup(f"{name}-group", vpc_id="vpc-1", ingress=[rule], opts=here)
    aws.kms.Key(f"{name}-key", description="data", opts=here)
    namespace = k8s.core.v1.Namespace(f"{name}-namespace", metadata={"name": name}, opts=there)

    def meta(noun: str) -> dict[str, Any]:
        return {"name": f"{name}-{noun}", "namespace": namespace.metadata["name"], "labels": {"app": name}}

    app = {"match_labels": {"app": name}}
    token = pulumi.Output.secret("token")
    secret = k8s.core.v1.Secret(f"{name}-secret", metadata=meta("secret"), string_data={"k": token}, opts=there)
    k8s.core.v1.ConfigMap(f"{name}-config", metadata=meta("config"), data={"a": "b"}, opts=there)
    k8s.core.v1.ServiceAccount(f"{name}-account", metadata=meta("account"), opts=there)
    k8s.core.v1.ResourceQuota(f"{name}-quota", metadata=meta("quota"), spec={"hard": {"pods": "4"}}, opts=there)
    ports = [{"port": 80, "target_port": 8080}]
    k8s.core.v1.Service(f"{name}-service", metadata=meta("service"), spec={"ports": ports}, opts=there)
    closed: Any = {"pod_selector": {}, "policy_types": ["Ingress"]}
    k8s.networking.v1.NetworkPolicy(f"{name}-network", metadata=meta("network"), spec=closed, opts=there)
    reads = {"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}
    k8s.rbac.v1.Role(f"{name}-reader", metadata=meta("reader"), rules=[reads], opts=there)
    budget = {"min_available": 1, "selector": app}
    k8s.policy.v1.PodDisruptionBudget(f"{name}-budget", metadata=meta("budget"), spec=budget, opts=there)
    claim = {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    k8s.core.v1.PersistentVolumeClaim(f"{name}-claim", metadata=meta("claim"), spec=claim, opts=there)
    container = {"name": "c", "image": "x@sha256:0", "env": [{"name": "B", "value": bucket.arn}]}
    pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    after = pulumi.ResourceOptions(parent=parent, provider=provider, depends_on=[secret])
    spec = {"replicas": 1, "selector": app, "template": pod}
    k8s.apps.v1.Deployment(f"{name}-server", metadata=meta("server"), spec=spec, opts=after)
    parent.register_outputs({"bucket": bucket.arn})


def _document(arn: str) -> str:
    return json.dumps({"Resource": arn})


def _stock_mocks(components: int) -> int:
    """The SDK's own way to test a program: answers every resource with its inputs and an id."""
    mocks: Any = import_module("pulumi.runtime.mocks")

    class Mocks(mocks.Mocks):
        def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
            return f"{args.name}_id", {**args.inputs, "arn": f"{args.name}.arn", "name": args.name}

        def call(self, args: Any) -> tuple[dict[str, Any], None]:
            return args.args, None

    monitor = mocks.MockMonitor(Mocks())
    mocks.set_mocks(Mocks(), monitor=monitor)
    mocks.test(lambda: program(components))()
    return len(monitor.resources)


def _measure(how: str, size: int) -> dict[str, float]:
    components = size // (CHILDREN + 1)
    started = time.perf_counter()
    if how == "stock mocks":
        asyncio.set_event_loop(asyncio.new_event_loop())
        count = _stock_mocks(components)
    else:
        sys.path.insert(0, str(ROOT))
        collect, mode = import_module("aiinfra.graph.collect").collect, import_module("aiinfra.graph.node").Mode(how)
        count = len(collect(lambda: program(components), mode=mode))
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return {
        "resources": count // 100 * 100,
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / unit,
    }


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]))))
