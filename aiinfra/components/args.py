"""What callers hand to components, one TypedDict a spec. Written by ``tools/generate_args.py``; do not edit.

Keys that stand for the same thing as a spec's field have its name and its words; the spec says what a value must be.
"""

from typing import Any, NotRequired, TypedDict

import pulumi


class TagsArgs(TypedDict):
    """Required of every deployment; they become tags and labels of every resource."""

    owner: str
    """Team that answers for it."""
    cost_center: str
    """Where the money comes from; text, so write ``"4711"`` in quotes."""
    data_class: str
    """How sensitive the data is."""
    more: NotRequired[dict[str, str]]
    """Further tags, as they are."""


class CapacityArgs(TypedDict):
    """Where the instances come from; empty: on demand."""

    reservation: NotRequired[str]
    """Capacity reservation or Capacity Block by id."""
    spot: NotRequired[bool]
    """Take spot capacity, which can be reclaimed with two minutes' notice."""
    block: NotRequired[bool]
    """The reservation is a Capacity Block, which machines must ask for in another way."""
    purchase: NotRequired[bool]
    """Allow ``up`` to buy the Capacity Block of ``offering``. That money is spent at once."""
    offering: NotRequired[str]
    """Capacity Block to buy, by the id of its offer, which AWS holds for a short time; empty: none is bought."""


class AcceleratorNodesArgs(TypedDict):
    """Machines that train, all in one zone."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    cluster: str
    """Name of the cluster."""
    role: str
    """ARN of the machines' role."""
    subnet: pulumi.Input[str]
    """Id of the machines' subnet."""
    group: pulumi.Input[str]
    """Id of the machines' security group; EFA needs everything open inside it."""
    key: pulumi.Input[str]
    """ARN of the key that encrypts their disks."""
    tags: TagsArgs
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: str
    """EC2 instance type."""
    nodes: int
    """How many. They are bought as the cluster is made."""
    capacity: NotRequired[CapacityArgs]
    """Where they come from; on demand by default."""
    disk: NotRequired[int]
    """GiB of each machine's root disk; its own disks come on top."""


class GuardArgs(TypedDict):
    """Trail, threat detection, configuration records, budget. Made once an account, by one deployment in it."""

    existing: NotRequired[bool]
    """A landing zone has them already: nothing is made. They are made by default, where a guard is declared."""
    budget: NotRequired[str]
    """Alarm when the whole account spends more; none: no budget. In USD."""
    anomalies: NotRequired[str]
    """Alarm when a service's spending differs from its habit by more than this a day; none: no such alarm. In
    USD."""
    organization: NotRequired[bool]
    """This account administers threat detection for its organization: every member is watched. Not by default; the
    management account must have said so (``aws guardduty enable-organization-admin-account``)."""


class AccountArgs(TypedDict):
    """What is made once an account."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """The account."""
    region: str
    """Region that records are kept in."""
    name: str
    """Name of the deployment that makes it."""
    tags: TagsArgs
    """Who owns it; recorded, and applied through the provider's default tags."""
    administrators: NotRequired[list[str]]
    """Roles that read records from outside the account's networks."""
    guard: NotRequired[GuardArgs]
    """What is made."""
    mails: NotRequired[list[str]]
    """Addresses that get alarms."""
    keep_records: NotRequired[int]
    """Days that records cannot be deleted."""


class AlarmsArgs(TypedDict):
    """Where alarms go."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    mails: NotRequired[list[str]]
    """Addresses that get them, each after it has said yes; none: whoever subscribes to the topic."""


class ClosedBucketArgs(TypedDict):
    """A bucket whose objects are read and written from networks of the account only."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in. Changing it replaces the bucket."""
    key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key that encrypts it; empty: S3's own key, the only one that S3 delivers access logs under."""
    log_to: NotRequired[str]
    """Bucket that its access log goes to; empty: none is kept."""
    logged: NotRequired[list[str]]
    """Buckets whose access logs are delivered here; none by default."""
    administrators: NotRequired[list[str]]
    """Roles that reach objects from outside of the networks; none by default."""
    keep_old_versions: NotRequired[int]
    """Days an overwritten or deleted object can still be had back."""
    keep: NotRequired[int]
    """Days objects are kept; 0: until somebody deletes them."""
    writer: NotRequired[str]
    """AWS's service that writes its records here; empty: none does."""
    elsewhere: NotRequired[bool]
    """It is in another region than the provider works in. It is not by default."""
    lock: NotRequired[int]
    """Days objects can neither be overwritten nor deleted (object lock, governance mode); 0: no lock. Only a new
    bucket can be given one."""


class ClusterArgs(TypedDict):
    """An EKS cluster with a private API, and nothing in it yet."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    version: NotRequired[str]
    """Kubernetes version; the newest of the version matrix by default. One step at a time, never back."""
    subnets: list[pulumi.Input[str]]
    """Ids of the control plane's subnets, in two zones at least."""
    group: pulumi.Input[str]
    """Id of the control plane's security group."""
    zones: list[str]
    """Ids of the zones that pods have subnets in."""
    pod_subnets: list[pulumi.Input[str]]
    """Ids of the pods' subnets, one for each zone, in the order of ``zones``."""
    nodes_group: pulumi.Input[str]
    """Id of the security group of machines and pods."""
    key: pulumi.Input[str]
    """ARN of the key that encrypts what the cluster keeps."""
    key_alias: str
    """Alias of that key, or its ARN; policies name it by this."""
    logs_key: pulumi.Input[str]
    """ARN of the key that encrypts its logs."""
    administrators: list[str]
    """Roles that administer it. Nobody else gets in, whoever made it included."""
    public_cidrs: NotRequired[list[str]]
    """Public ranges that reach the API: an opening. None by default."""
    keep_logs: NotRequired[int]
    """Days that its logs are kept."""
    remote_nodes: NotRequired[list[str]]
    """Addresses of machines that join from outside (EKS Hybrid Nodes); none by default."""
    remote_pods: NotRequired[list[str]]
    """Addresses of pods on these; none by default."""


class DisksArgs(TypedDict):
    """What makes encrypted disks for pods, and mounts the file system."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    cluster: str
    """Name of the cluster."""
    key_alias: str
    """Alias, or ARN, of the key that encrypts disks."""
    files: NotRequired[bool]
    """Whether there is a file system to mount. None by default."""


class FileSystemArgs(TypedDict):
    """A parallel file system (Lustre) in one zone."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    size: str
    """What it must hold."""
    throughput: str
    """What all its clients together must be able to read."""
    vpc: pulumi.Input[str]
    """Id of the network."""
    subnet: pulumi.Input[str]
    """Id of the subnet it is in."""
    clients: pulumi.Input[str]
    """Id of the security group of the machines that use it."""
    key: pulumi.Input[str]
    """ARN of the KMS key that encrypts it."""
    datasets: NotRequired[str]
    """Bucket whose objects it shows as files below ``/datasets``, as they come, change and go; empty: none."""


class HybridNodesArgs(TypedDict):
    """What machines of sites need in AWS to join a cluster: an authority, a role, an entry in the cluster."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    cluster: str
    """Name of the cluster."""
    authority: str
    """PEM text of the authority that signs the machines' certificates."""


class ImageRepositoriesArgs(TypedDict):
    """OCI repositories for images and charts."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account they belong to."""
    region: str
    """Region they are in."""
    prefix: str
    """What comes before the names, with a slash."""
    names: list[str]
    """Their names, as in ``images.lock``."""
    keep_untagged: NotRequired[int]
    """Days that an image stays which no tag names."""


class InferenceNodesArgs(TypedDict):
    """Machines that serve, all of one type, spread over the zones."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    cluster: str
    """Name of the cluster."""
    role: str
    """ARN of the machines' role."""
    subnets: list[pulumi.Input[str]]
    """Ids of the machines' subnets."""
    group: pulumi.Input[str]
    """Id of the machines' security group."""
    key: pulumi.Input[str]
    """ARN of the key that encrypts their disks."""
    tags: TagsArgs
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: str
    """EC2 instance type."""
    count: int
    """How many there are."""
    disk: NotRequired[int]
    """GiB of each machine's root disk; its own disks come on top."""


class TensorArgs(TypedDict):
    """One input or output."""

    name: str
    """As in the model file."""
    dtype: str
    """Element type."""
    shape: list[int]
    """Sizes; -1 where the caller decides (a leading -1 is the batch)."""


class OutputArgs(TypedDict):
    """One output."""

    name: str
    """As in the model file."""
    dtype: str
    """Element type."""
    shape: list[int]
    """Sizes; -1 where the caller decides (a leading -1 is the batch)."""
    labels: NotRequired[list[str]]
    """What the last dimension's values stand for, in words; none: numbers are shown as they are."""


class LanguageModelArgs(TypedDict):
    """As in the model's configuration file and model card."""

    parameters: float
    """Parameters. The formulas are for dense models, where every token uses all of them."""
    layers: int
    """Decoder layers."""
    hidden: int
    """Size of the hidden state."""
    kv_heads: int
    """Heads that keys and values have."""
    head_size: int
    """Size of one head."""
    weights: NotRequired[str]
    """Element type the weights are stored in; bf16 by default."""
    prompt: NotRequired[int]
    """Tokens a request brings, on average; 512 by default."""
    answer: NotRequired[int]
    """Tokens a request gets, on average; 256 by default."""


class OriginArgs(TypedDict):
    """What a release says of how its model was made; written by whoever trains it, nothing by default."""

    data: NotRequired[str]
    """Digest of the training data; empty: not stated. What notices drift knows by it which data a release saw."""
    code: NotRequired[str]
    """Revision of the training code; empty: not stated."""
    run: NotRequired[str]
    """The training run; empty: not stated."""


class ModelArgs(TypedDict):
    """What is served. ``digest``, ``inputs`` and ``outputs`` are written by ``aiinfra model inspect --write``."""

    file: str
    """ONNX file, relative to the declaration."""
    digest: NotRequired[str]
    """SHA-256 of the file; empty: not pinned, which compile and review report."""
    inputs: NotRequired[list[TensorArgs]]
    """The tensors it takes; empty: not known until the file is inspected."""
    outputs: NotRequired[list[OutputArgs]]
    """The tensors it gives."""
    golden: NotRequired[str]
    """Folder in ONNX's test-data layout (``test_data_set_0/input_0.pb``): inputs, and what the framework that
    trained the model answered. Empty: none, and a release records its own, labelled ``self-recorded``."""
    language: NotRequired[LanguageModelArgs]
    """Architecture of a language model, for the estimate; none: the work is read from the file."""
    origin: NotRequired[OriginArgs]
    """Where it comes from: training data, code, run; nothing stated by default."""
    card: NotRequired[str]
    """Model card beside the declaration (``card.yaml``): purpose, metrics, oversight. Empty: none, and a release
    says nothing of what the model is for."""
    version: NotRequired[str]
    """Version to serve; a whole number, as the Open Inference Protocol's clients expect."""
    signer: NotRequired[str]
    """PEM file with the public key that releases are signed with. Empty: none named yet, which compile reports; the
    local plane uses a development key of its own."""


class TierArgs(TypedDict):
    """Names from the catalogue (``aiinfra catalogue list``)."""

    accelerator: str
    """Accelerator, or a CPU tier such as ``cpu-x86-64``."""
    power_mode: NotRequired[str]
    """One of the accelerator's power modes; empty: its default."""
    count: NotRequired[int]
    """Accelerators in one box or replica."""
    cores: NotRequired[int]
    """CPU cores the server may use, on CPU tiers; none: as many as the catalogue says the tier has."""


class EngineArgs(TypedDict):
    """The engine and what is particular to it."""

    kind: NotRequired[str]
    """Which; none: vLLM for a model with ``language``, else the bundled server."""
    context: NotRequired[int]
    """vLLM: most tokens of a prompt and its answer together; none: as many as the model was made for."""
    claim: NotRequired[str]
    """vLLM: PersistentVolumeClaim in the model's namespace that holds the weights; none: the release image does."""


class DemandArgs(TypedDict):
    """Demand for predictions, counted outside of the server: while there is none, no server runs."""

    prometheus: str
    """Prometheus of the cluster that KEDA asks."""
    query: str
    """PromQL whose one value is the demand."""
    each: float
    """Demand that one server takes: one more is started for each."""
    idle: NotRequired[str]
    """Time without demand after which the last server ends."""
    fallback: NotRequired[int]
    """Servers that run while the demand cannot be read."""


class SecretRefArgs(TypedDict):
    """Store, name and key."""

    store: str
    """Where it is kept."""
    name: str
    """Its name there; for ``file`` the path."""
    key: NotRequired[str]
    """Entry inside it, where the store has entries."""


class IssuerArgs(TypedDict):
    """A cert-manager issuer that is there already."""

    name: str
    """Its name."""
    kind: NotRequired[str]
    """What kind it is; in the workload's namespace by default."""
    longest: NotRequired[str]
    """Longest life of a certificate that it signs; none: as long as is asked for."""


class EgressArgs(TypedDict):
    """One way out. Everything not named stays closed."""

    to: str
    """Addresses that may be reached, as a CIDR range."""
    port: int
    """TCP port."""
    why: str
    """The reason, shown first in every review."""


class UpdatesArgs(TypedDict):
    """The site pulls: verifies and tries a release before it serves, watches it, and rolls it back by itself."""

    source: str
    """``HOST/NAME:TAG`` of the artifact that ``aiinfra release push`` made. What the tag points to is taken only
    with the release key's signature; with ``@sha256:...`` only that artifact is."""
    window: NotRequired[str]
    """When a site looks for a release, as systemd writes times (``systemd-analyze calendar``); on a box in its own
    time zone, on Kubernetes in UTC."""
    jitter: NotRequired[str]
    """Sites begin at a moment of their own within this time after the window opens, the same each time."""
    soak: NotRequired[str]
    """How long a new version is watched before it is kept."""
    max_failed: NotRequired[str]
    """Part of the requests that may fail meanwhile."""
    max_p99: NotRequired[str]
    """Longest 99th percentile of the time to an answer meanwhile, as the server measures it; none: not judged."""
    egress: NotRequired[list[EgressArgs]]
    """Ways from the server's pods to the registry (Kubernetes only, where at least one is needed): network policies
    know addresses, not names."""
    credentials: NotRequired[SecretRefArgs]
    """Credentials for the registry (Kubernetes only): a Secret of type ``kubernetes.io/dockerconfigjson`` in the
    server's namespace; none: it is read without."""
    authority: NotRequired[str]
    """PEM text of the authority that signed the registry's certificate (Kubernetes only); empty: a public one."""
    disk: NotRequired[str]
    """Room for releases on Kubernetes: the one that is served, the one before, and the one that arrives."""
    storage_class: NotRequired[str]
    """Storage class of that room (Kubernetes only); none: the cluster's default."""


class RuntimeArgs(TypedDict):
    """How a site runs the model."""

    on: str
    """What it runs on."""
    engine: NotRequired[EngineArgs]
    """What serves the model: the bundled server, KServe with it, or vLLM; by default as the model needs."""
    callers: NotRequired[list[str]]
    """Workloads that may ask for predictions: on Kubernetes by ``app.kubernetes.io/name`` and service account, on a
    box by the name in their certificate. Nobody else can."""
    replicas: NotRequired[int]
    """Servers a site runs; 0: two on EKS, one elsewhere."""
    max_replicas: NotRequired[int]
    """Servers a site may grow to while they are busy (Kubernetes only); 0: it does not grow."""
    demand: NotRequired[DemandArgs]
    """Scale to zero by what waits before the server (KEDA, Kubernetes only); none: servers always run."""
    cores: NotRequired[int]
    """CPU cores one server may use."""
    memory: NotRequired[str]
    """Memory one server may use; past it, it is ended and started again."""
    namespace: NotRequired[str]
    """Kubernetes namespace; none: the deployment's name."""
    kubeconfig: NotRequired[SecretRefArgs]
    """Credentials of the cluster."""
    certificate: NotRequired[SecretRefArgs]
    """The server's TLS certificate, key and client authorities (``tls.crt``, ``tls.key``, ``ca.crt``): a Kubernetes
    Secret, or on a box a folder. None: the Secret ``NAME-server-tls``, or ``/etc/aiinfra/tls``."""
    issuer: NotRequired[IssuerArgs]
    """cert-manager issuer that the server's certificate is asked of; none: the certificate is brought."""
    scraper: NotRequired[str]
    """``NAMESPACE/WORKLOAD`` of the Prometheus that may read metrics, found by a ServiceMonitor; none: metrics stay
    on the pod's or box's own loopback."""
    runtime_wheel: NotRequired[str]
    """onnxruntime wheel to install on a box: a URL, best with ``#sha256=HASH``, or a path on the box. Boards need
    one, since PyPI has no onnxruntime for arm64 that uses an accelerator. Empty: PyPI's."""
    trust_domain: NotRequired[str]
    """SPIFFE trust domain of callers' certificates; empty: the deployment's name."""
    updates: NotRequired[UpdatesArgs]
    """How a site gets new releases by itself; none: the release is brought with the manifests or the bundle."""


class GrowthArgs(TypedDict):
    """What a year adds; an estimate's year view uses it."""

    requests: NotRequired[str]
    """More requests at the busiest time, a year; none by default."""
    sites: NotRequired[str]
    """More sites, a year; none by default."""


class ObjectiveArgs(TypedDict):
    """An aim, judged per site: met, not met, or unproven. It never stops a compile, unless ``require_measured``."""

    p99: NotRequired[str]
    """Latency that 99 of 100 requests stay under; none: no aim."""
    rate: NotRequired[str]
    """Requests at the busiest time; none: no aim."""
    availability: NotRequired[str]
    """Part of the time a site answers; none: no aim."""
    residency: NotRequired[list[str]]
    """Countries (ISO 3166, two letters) data may rest in; empty: anywhere."""
    mean_rate: NotRequired[str]
    """Requests on average over a month, for cost and carbon a request; none: a third of the busiest time."""
    growth: NotRequired[GrowthArgs]
    """What a year adds; nothing by default."""
    require_measured: NotRequired[bool]
    """Stop a compile whose aim is only estimated. Off: an unproven aim compiles and is shown."""


class InferenceRuntimeArgs(TypedDict):
    """The bundled server, serving one model in a namespace that is there already."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace it runs in."""
    model_name: str
    """Name the model is served under."""
    model: ModelArgs
    """What is served."""
    tier: TierArgs
    """What it runs on."""
    runtime: RuntimeArgs
    """How it is run."""
    tags: TagsArgs
    """Become labels."""
    objective: NotRequired[ObjectiveArgs]
    """What serving aims for."""
    offline: NotRequired[str]
    """How long it must go on without its link."""
    images: NotRequired[dict[str, str]]
    """Image name -> reference by digest; a missing one is reported as ``unlocked`` and cannot be pulled."""
    signer: NotRequired[str]
    """PEM text of the public key that releases are signed with; empty: the server refuses every release."""
    machines: NotRequired[list[str]]
    """EC2 instance types of the machines its servers run on; none named: any machine that has what they ask for."""
    zone: NotRequired[str]
    """Site whose machines its servers run on, by the label ``topology.kubernetes.io/zone``; empty: any zone."""
    operator: NotRequired[bool]
    """Whether a Prometheus operator finds what is scraped (ServiceMonitor); else the scraper is told by itself."""


class ExistingSubnetArgs(TypedDict):
    """A subnet that is there already."""

    id: str
    """Its id."""
    cidr: str
    """Its addresses; what must fit into it is counted."""


class ExistingZoneArgs(TypedDict):
    """The subnets of one zone, none of them with a route to the internet."""

    zone: str
    """Availability zone id."""
    services: ExistingSubnetArgs
    """Control plane, endpoints, file system."""
    nodes: NotRequired[ExistingSubnetArgs]
    """Machines; none: there are none in this zone."""
    pods: NotRequired[ExistingSubnetArgs]
    """Pods; none: there are none in this zone, or the cluster is there already and has its own."""


class ExistingNetworkArgs(TypedDict):
    """A VPC that is there already. Security groups in it are made all the same: they are what closes it."""

    vpc: str
    """Its id."""
    zones: list[ExistingZoneArgs]
    """Its subnets, zone by zone: those of ``cloud.zones``, and of ``cloud.control_zone`` where there is one."""
    routes: NotRequired[list[str]]
    """Route tables of these subnets, which the gateway to S3 is entered in; none where ``endpoints`` names one."""
    endpoints: NotRequired[dict[str, str]]
    """Service -> endpoint that is there already. Those that are needed and not named are made."""
    endpoints_group: NotRequired[str]
    """Security group of those endpoints: machines are let into it. Required where ``endpoints`` names any but
    S3's."""
    s3_prefixes: NotRequired[str]
    """AWS's prefix list of S3 in the region (``aws ec2 describe-prefix-lists``). Required with ``endpoints.s3``."""
    recorded: NotRequired[bool]
    """Flow logs and DNS query logs of the VPC are there already. They are made by default."""


class JoinedNetworkArgs(TypedDict):
    """A network that is there already, and what is made in it."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    zones: list[str]
    """Ids of the availability zones with machines. One that is added moves no subnet."""
    control_zone: NotRequired[str]
    """Id of a zone that has a part of the control plane and nothing else; empty: there is none."""
    services: NotRequired[list[str]]
    """AWS services that are reached through endpoints of their own. S3 always is, through a gateway."""
    starts_machines: NotRequired[bool]
    """Whether something inside starts machines through the endpoint of EC2. Nothing does by default."""
    runner: NotRequired[bool]
    """Whether something inside runs projects, and so calls the cluster's API. Nothing does by default."""
    egress: NotRequired[list[EgressArgs]]
    """Ranges that machines may reach; none by default. A route there is made through a transit gateway alone."""
    logs_key: pulumi.Input[str]
    """ARN of the key that encrypts the records of traffic and of name lookups."""
    keep_logs: NotRequired[int]
    """Days that those records are kept."""
    existing: ExistingNetworkArgs
    """Ids of the VPC, its subnets and what else is used of it."""


class ExistingKeysArgs(TypedDict):
    """Keys that are there already, by ARN. Each that is left out is made."""

    cluster: NotRequired[str]
    """Encrypts what the cluster keeps; none: one is made."""
    data: NotRequired[str]
    """Encrypts buckets and file systems; none: one is made."""
    logs: NotRequired[str]
    """Encrypts log groups; none: one is made."""
    volumes: NotRequired[str]
    """Encrypts disks of machines; none: one is made."""


class KeysArgs(TypedDict):
    """Keys of a cluster: one for each kind of data, each used in one way."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account they belong to."""
    region: str
    """Region they are in."""
    log_groups: NotRequired[list[str]]
    """Names of the log groups that are encrypted; ``*`` at the end is allowed. None: there is no key for them."""
    cluster_role: NotRequired[str]
    """ARN of the control plane's role, which may use the cluster's key; empty: there is no such key."""
    data: NotRequired[bool]
    """Whether buckets, a file system or a runner keep something. A key for these is made by default."""
    existing: NotRequired[ExistingKeysArgs]
    """Keys that are there already, and not made; none by default."""


class MachinesArgs(TypedDict):
    """Machines that Karpenter starts for jobs that wait, and ends when they are done."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account they belong to."""
    region: str
    """Region they are in."""
    zone: str
    """Id of the availability zone they are all in."""
    training: str
    """Name of the training component, as its project has it: subnets, groups and keys are found by it."""
    key: NotRequired[str]
    """ARN of the key that encrypts disks, where it was there already; empty: that of the training component."""
    subnet: NotRequired[str]
    """Id of the subnet they are in, where it was there already; empty: that of the training component."""
    group: NotRequired[str]
    """Id of their security group, where the cluster was there already; empty: that of the training component."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    tags: TagsArgs
    """Become tags of machines and disks."""
    instance: str
    """EC2 instance type."""
    nodes: int
    """The most there are at a time."""
    capacity: NotRequired[CapacityArgs]
    """Where they come from; on demand by default."""
    disk: NotRequired[int]
    """GiB of each machine's root disk; its own disks come on top."""


class NetworkArgs(TypedDict):
    """A network that nothing leaves, but to the AWS services that are named."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    zones: list[str]
    """Ids of the availability zones with machines. One that is added moves no subnet."""
    control_zone: NotRequired[str]
    """Id of a zone that has a part of the control plane and nothing else; empty: there is none."""
    services: NotRequired[list[str]]
    """AWS services that are reached through endpoints of their own. S3 always is, through a gateway."""
    starts_machines: NotRequired[bool]
    """Whether something inside starts machines through the endpoint of EC2. Nothing does by default."""
    runner: NotRequired[bool]
    """Whether something inside runs projects, and so calls the cluster's API. Nothing does by default."""
    egress: NotRequired[list[EgressArgs]]
    """Ranges that machines may reach; none by default. A route there is made through a transit gateway alone."""
    logs_key: pulumi.Input[str]
    """ARN of the key that encrypts the records of traffic and of name lookups."""
    keep_logs: NotRequired[int]
    """Days that those records are kept."""
    cidr: str
    """Addresses of machines; /16 to /22."""
    pods: NotRequired[str]
    """Addresses of pods; /16 to /20, apart from the other."""
    queue: NotRequired[bool]
    """Whether a queue of jobs is in the cluster, whose API asks it what waits. There is one by default."""
    transit_gateway: NotRequired[str]
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    remote_nodes: NotRequired[list[str]]
    """Addresses of machines that join from outside and call the API; none by default."""
    remote_pods: NotRequired[list[str]]
    """Addresses of pods on these; none by default."""


class ObservabilityArgs(TypedDict):
    """Managed Prometheus for one cluster, its alarms, and Grafana where it is asked for."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    cluster: str
    """Name of the cluster that is scraped."""
    subnets: list[pulumi.Input[str]]
    """Ids of the subnets that the scraper gets addresses in."""
    group: pulumi.Input[str]
    """Id of the scraper's security group: that of the machines, whose pods it reads."""
    topic: pulumi.Input[str]
    """ARN of the topic that alarms go to."""
    logs_key: pulumi.Input[str]
    """ARN of the key that encrypts its log."""
    exporters: NotRequired[list[str]]
    """Operators in the cluster that tell of its accelerators: ``dcgm``; none by default."""
    grafana: NotRequired[bool]
    """Make a Grafana workspace, whose users come from IAM Identity Center. None by default: it is paid by user."""
    keep_logs: NotRequired[int]
    """Days that its log is kept."""


class OperatorsArgs(TypedDict):
    """Operators of a training cluster, each a chart of the pinned table."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    cluster: str
    """Name of the cluster."""
    instance: str
    """EC2 instance type of the machines that train: which device plugins there are follows from it."""
    namespace: str
    """Namespace of training jobs; every job in it waits in its queue."""
    scale_to_zero: NotRequired[bool]
    """Machines come and go with the jobs: Karpenter is among the operators. They stay by default."""
    watched: NotRequired[bool]
    """Exporters of the accelerators are among the operators: metrics are kept. Not by default."""
    existing: NotRequired[list[str]]
    """Those that the cluster has already, which are not installed; none by default."""
    images: NotRequired[dict[str, str]]
    """Name in ``images.lock`` -> reference by digest, charts included; a missing one is reported as
    ``unlocked``."""


class PlatformArgs(TypedDict):
    """Everything inside a training cluster."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    zone: str
    """Id of the zone that accelerators are in."""
    name: str
    """Name of the deployment; also the namespace of its training jobs."""
    training: str
    """Name of the training component, as its project has it."""
    key: NotRequired[str]
    """ARN of the key that encrypts disks, where it was there already; empty: that of the training component."""
    subnet: NotRequired[str]
    """Id of the machines' subnet, where it was there already; empty: that of the training component."""
    group: NotRequired[str]
    """Id of the machines' security group, where the cluster was there already; empty: the training component's."""
    operators: NotRequired[list[str]]
    """Operators that the cluster has already; none by default."""
    cluster: str
    """Name of the cluster."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    tags: TagsArgs
    """Become labels."""
    instance: str
    """EC2 instance type of the machines that train."""
    nodes: int
    """How many there are, or may be."""
    capacity: NotRequired[CapacityArgs]
    """Where they come from."""
    scale_to_zero: NotRequired[bool]
    """Machines come and go with the jobs. They stay by default."""
    watched: NotRequired[bool]
    """Metrics of the cluster are kept, so its accelerators tell theirs. Not by default."""
    preflight: NotRequired[bool]
    """Run the preflight job as the platform is made."""
    files: NotRequired[str]
    """Size of the file system; none: there is none."""
    file_system: NotRequired[pulumi.Input[str]]
    """Id of the file system."""
    dns_name: NotRequired[pulumi.Input[str]]
    """Name that it is mounted by."""
    mount_name: NotRequired[pulumi.Input[str]]
    """Name of its root."""
    images: NotRequired[dict[str, str]]
    """Name in ``images.lock`` -> reference by digest, charts included."""


class PreflightArgs(TypedDict):
    """A job that shows that all accelerators are there and talk to one another as fast as they should."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace it runs in."""
    tags: TagsArgs
    """Become labels."""
    instance: str
    """EC2 instance type of the machines that train."""
    nodes: int
    """Machines that it runs on, all together."""
    image: str
    """Reference of the image it runs: that of training jobs, with PyTorch in it."""


class QueueingArgs(TypedDict):
    """The queue of a training cluster: jobs wait in it until all their pods can start together."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace whose jobs wait in it."""
    tags: TagsArgs
    """Become labels."""
    instance: str
    """EC2 instance type of the machines that train."""
    nodes: int
    """How many there are, or may be."""
    topology: NotRequired[bool]
    """Place a job's pods close together. Needs machines that stay: what is not there yet has no place."""


class ExistingBucketArgs(TypedDict):
    """A bucket of the same account that is there already."""

    bucket: str
    """Its name."""
    key: NotRequired[str]
    """ARN of the KMS key that encrypts it, which training is let use; none: S3's own."""


class ExistingArgs(TypedDict):
    """What is there already, by id: it is used, not made."""

    release_bucket: NotRequired[str]
    """Name of the bucket that releases go to; empty: one is made."""
    key: NotRequired[str]
    """ARN of the KMS key that encrypts the release bucket; empty: one is made."""
    datasets: NotRequired[ExistingBucketArgs]
    """Bucket of training data; none: one is made where ``storage.datasets`` says a size."""
    checkpoints: NotRequired[ExistingBucketArgs]
    """Bucket of checkpoints; none: one is made where ``storage.checkpoints`` says a size."""


class RegistryArgs(TypedDict):
    """What outlives every cluster: where releases are kept."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    name: str
    """Name of the deployment."""
    tags: TagsArgs
    """Who owns it; recorded, and applied through the provider's default tags."""
    prefix: NotRequired[str]
    """What comes before the names of repositories; empty: the deployment's name."""
    images: NotRequired[list[str]]
    """Images and charts that are mirrored, by their names in ``images.lock``; none: no repositories."""
    existing: NotRequired[ExistingArgs]
    """Resources that are there already."""
    replica: NotRequired[str]
    """Region that releases are copied to; none: they are in one region."""


class ReleaseBucketArgs(TypedDict):
    """A bucket that releases are kept in: encrypted, versioned, reached by TLS only."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in. Changing it replaces the bucket."""
    key: NotRequired[str]
    """ARN of the KMS key that encrypts it; empty: one is made, with yearly rotation."""
    keep_old_versions: NotRequired[int]
    """Days an overwritten or deleted object can still be had back."""
    log_to: NotRequired[str]
    """Bucket that its access log goes to; empty: none is kept."""


class SourceBucketArgs(TypedDict):
    """A bucket whose objects are copied."""

    bucket: str
    """Its name."""
    key: NotRequired[str]
    """Alias, or ARN, of the key that encrypts it; none: S3's own."""
    lock: NotRequired[int]
    """Days its objects are locked, and so the copies are; 0: no lock."""
    keep_old_versions: NotRequired[int]
    """Days an overwritten or deleted copy can still be had back."""


class ReplicasArgs(TypedDict):
    """Copies of buckets in another region."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account that both belong to."""
    region: str
    """Region of the copies."""
    home: str
    """Region of the buckets that are copied."""
    administrators: NotRequired[list[str]]
    """Roles that reach the copies from outside of the networks; none by default."""
    sources: dict[str, SourceBucketArgs]
    """What for -> bucket that is copied."""


class MonitoringArgs(TypedDict):
    """Metrics of a site on Kubernetes: of the server, of its accelerator, of the machine."""

    by: NotRequired[str]
    """Who collects; the site's own Prometheus by default."""
    remote: NotRequired[str]
    """Where metrics are sent on to (Prometheus remote write); empty: they stay at the site."""
    certificate: NotRequired[SecretRefArgs]
    """Kubernetes Secret (``tls.crt``, ``tls.key``, ``ca.crt``) shown to ``remote``; none: the scraper's own."""
    keep: NotRequired[str]
    """How long the site keeps metrics (``local``)."""
    disk: NotRequired[str]
    """Disk for what is kept, and for as much again that waits to be sent."""
    exporters: NotRequired[str]
    """Namespace that the machine's and accelerator's exporters run in."""
    runbook: NotRequired[str]
    """Address of the runbook that alarms point into."""


class CapsArgs(TypedDict):
    """Hard limits. A cap on a figure nobody knows fails closed."""

    power: NotRequired[str]
    """Most watts under load; none: no cap."""
    cost: NotRequired[str]
    """Most money over time; none: no cap."""
    scope: NotRequired[str]
    """What they count; each site by default."""


class SiteMonitoringArgs(TypedDict):
    """Alarms, dashboards and the collector of one runtime, in its namespace."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace of the runtime."""
    class_name: str
    """Class the site belongs to."""
    site: str
    """Name of the site; a label of all it sends on."""
    model_name: str
    """Name the model is served under."""
    model: ModelArgs
    """What is served."""
    tier: TierArgs
    """What it runs on; decides which exporters are read."""
    engine: NotRequired[EngineArgs]
    """What serves it; decides which series there are."""
    monitoring: MonitoringArgs
    """How metrics are kept and sent on."""
    tags: TagsArgs
    """Become labels."""
    objective: NotRequired[ObjectiveArgs]
    """What serving aims for; alarms ring where it is missed."""
    caps: NotRequired[CapsArgs]
    """Limits; an alarm rings above the watts."""
    offline: NotRequired[str]
    """How long it must go on without its link."""
    secret: str
    """Secret with the certificate that metrics are read with."""
    issued: NotRequired[bool]
    """Whether cert-manager renews the certificates."""
    images: NotRequired[dict[str, str]]
    """Image name -> reference by digest."""


class StateArgs(TypedDict):
    """Where the state of all stacks is kept: made before the first ``up``, by hand (docs/first-apply.md)."""

    bucket: str
    """Name of the bucket, in the same account."""
    key: str
    """Alias of the key that encrypts the bucket and the secrets in the state."""


class RunnerArgs(TypedDict):
    """A CodeBuild project in the network, which runs what needs the cluster's API."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    deployment: str
    """Name of the deployment; its compiled projects are looked for by it."""
    cluster: str
    """Name of the cluster that it administers."""
    vpc: pulumi.Input[str]
    """Id of the network."""
    subnets: list[pulumi.Input[str]]
    """Ids of the subnets that it gets addresses in."""
    group: pulumi.Input[str]
    """Id of its security group."""
    key: pulumi.Input[str]
    """ARN of the key that encrypts what it keeps while it runs."""
    logs_key: pulumi.Input[str]
    """ARN of the key that encrypts its log."""
    state: StateArgs
    """Where the state of stacks is."""
    image: str
    """Reference of its image by digest: Pulumi's CLI with its plugins, the AWS CLI, this package."""
    projects: NotRequired[list[str]]
    """Folders of the compiled projects that it may run; without being told which, the first."""
    stack: NotRequired[str]
    """Stack that it runs."""
    keep_logs: NotRequired[int]
    """Days that its log is kept."""


class ScalingArgs(TypedDict):
    """The AWS half of machines that come and go with jobs."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    cluster: str
    """Name of the cluster."""
    training: str
    """Name of the training component; the machines' profile is named after it."""
    role: str
    """Name of the machines' role."""
    key_alias: str
    """Alias, or ARN, of the key that encrypts their disks."""
    placed: NotRequired[bool]
    """Whether machines are put close together. They are not by default."""


class ServingPlatformArgs(TypedDict):
    """What a cluster that serves needs inside, before sites come."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    serving: str
    """Name of the serving component, as its project has it."""
    cluster: str
    """Name of the cluster."""
    tags: TagsArgs
    """Become labels."""
    instances: NotRequired[list[str]]
    """EC2 instance types of the machines that serve: which device plugins there are follows from them."""
    issuer: NotRequired[str]
    """``ClusterIssuer`` to make; none: no certificate is signed by the cluster's own authority, and cert-manager is
    not installed."""
    disks: NotRequired[bool]
    """Whether pods get encrypted disks. They do not by default."""
    images: NotRequired[dict[str, str]]
    """Name in ``images.lock`` -> reference by digest, charts included."""


class MachineGroupArgs(TypedDict):
    """Machines of the cluster that are alike, spread over the zones."""

    instance: str
    """EC2 instance type."""
    count: NotRequired[int]
    """How many there are, and are paid; two by default, so that one can be replaced."""


class ServingArgs(TypedDict):
    """The AWS side of a cluster that serves."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    zones: list[str]
    """Availability zone ids that machines are in. Those that train, and the file system, are in the first."""
    control_zone: NotRequired[str]
    """Id of a zone that has a part of the control plane and nothing else, where ``zones`` names one; empty: there
    is none."""
    name: str
    """Name of the deployment."""
    tags: TagsArgs
    """Who owns it; recorded, and applied through the provider's default tags."""
    egress: NotRequired[list[EgressArgs]]
    """Ranges that machines may reach; none by default."""
    transit_gateway: NotRequired[str]
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    administrators: list[str]
    """Roles that administer the cluster, and reach what it keeps from outside."""
    public_cidrs: NotRequired[list[str]]
    """Public ranges that reach the cluster's API: an opening. None by default."""
    version: NotRequired[str]
    """Kubernetes version; the newest of the version matrix by default."""
    state: NotRequired[StateArgs]
    """Where the state of stacks is, for a runner inside; none: there is no runner."""
    runner_image: NotRequired[str]
    """Reference of the runner's image by digest; empty: there is no runner."""
    stack: NotRequired[str]
    """Stack that a runner runs."""
    cidr: str
    """Addresses of machines; /16 to /22."""
    pods: NotRequired[str]
    """Addresses of pods."""
    machines: NotRequired[list[MachineGroupArgs]]
    """What servers run on."""
    disks: NotRequired[bool]
    """Whether pods get disks, which a site's own metrics need. They do not by default."""
    remote_nodes: NotRequired[list[str]]
    """Addresses of machines that join from outside; none by default."""
    remote_pods: NotRequired[list[str]]
    """Addresses of pods on these; none by default."""
    authority: NotRequired[str]
    """PEM text of the authority that signs certificates of machines that join; empty: none join."""
    projects: NotRequired[list[str]]
    """Folders of the compiled projects that a runner may run."""


class SigningKeyArgs(TypedDict):
    """The key that releases are signed with."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""


class WindowArgs(TypedDict):
    """When a site may be upgraded."""

    days: list[str]
    """Days of the week, at the site."""
    start: str
    """From; the time at the site."""
    end: str
    """To; upgrades begin before it."""
    timezone: NotRequired[str]
    """Of both, by its IANA name; UTC by default."""


class K3sArgs(TypedDict):
    """How the machines of a k3s site are set up. Compiling makes their files; upgrades come with the manifests."""

    version: str
    """Release of k3s."""
    mirror: NotRequired[str]
    """``HOST[:PORT]`` of a registry at the site that every image is pulled from, and none from elsewhere; none:
    images come from where their reference says."""
    window: NotRequired[WindowArgs]
    """When machines are upgraded to ``version`` (system-upgrade-controller); none: they are upgraded by hand."""
    dns: NotRequired[list[str]]
    """Name servers at the site; none: those the machine has."""
    time: NotRequired[list[str]]
    """Time servers at the site; none: the machine keeps its time as it does."""
    volumes: NotRequired[str]
    """Folder of each machine that local volumes are made in."""


class AnswersArgs(TypedDict):
    """Where what the model said of a reading is published."""

    broker: str
    """MQTT broker."""
    at: str
    """Its address, as a range."""
    topic: str
    """Topic."""


class StreamArgs(TypedDict):
    """One stream of readings."""

    name: str
    """Its name."""
    kind: str
    """How the sensor speaks."""
    address: str
    """Broker, controller or camera."""
    at: str
    """Its address, as a range: the bridge may leave for it, and for nothing else."""
    read: NotRequired[list[str]]
    """What is read: MQTT topics, or OPC UA node ids (``ns=2;s=Spindle.Vibration``). Not for cameras."""
    into: NotRequired[str]
    """Input of the model that a reading fills; empty: its only input."""
    each: NotRequired[int]
    """Readings that make one request: 1 where a message is the whole row, else one number each."""
    answers: NotRequired[AnswersArgs]
    """Where answers go; none: nowhere, and only the server's own log has them."""
    credentials: NotRequired[SecretRefArgs]
    """Kubernetes Secret with ``tls.crt``, ``tls.key``, ``ca.crt`` (MQTT), or ``username``, ``password`` (OPC UA,
    cameras); none: the bridge's own certificate."""
    gateway: NotRequired[str]
    """Cameras: the workload in the model's namespace that decodes pictures and asks the model."""


class SiteArgs(TypedDict):
    """One site: its namespace and the runtime in it."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    class_name: str
    """Class the site belongs to."""
    site: str
    """Name of the site."""
    model_name: str
    """Name the model is served under; also the namespace, unless ``runtime.namespace`` names one."""
    model: ModelArgs
    """What is served."""
    tier: TierArgs
    """What it runs on."""
    runtime: RuntimeArgs
    """How it is run."""
    tags: TagsArgs
    """Become labels."""
    objective: NotRequired[ObjectiveArgs]
    """What serving aims for."""
    caps: NotRequired[CapsArgs]
    """Limits that must not be passed."""
    offline: NotRequired[str]
    """How long it must go on without its link."""
    egress: NotRequired[list[EgressArgs]]
    """Ways out of the namespace; none by default."""
    k3s: NotRequired[K3sArgs]
    """How its machines are set up; with a window they are upgraded in it."""
    monitoring: NotRequired[MonitoringArgs]
    """How its metrics are kept; none: by nobody of ours."""
    streams: NotRequired[list[StreamArgs]]
    """Sensors whose readings become requests; none by default."""
    values: NotRequired[dict[str, str]]
    """What else is particular to this site; becomes a ConfigMap."""
    images: NotRequired[dict[str, str]]
    """Image name -> reference by digest."""
    signer: NotRequired[str]
    """PEM text of the public key that releases are signed with."""
    machines: NotRequired[list[str]]
    """EC2 instance types of the machines its servers run on; none named: any machine that has what they ask for."""
    zone: NotRequired[str]
    """Label ``topology.kubernetes.io/zone`` of its machines; empty: any zone."""


class SpendingArgs(TypedDict):
    """Who is told when money goes."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    topic: pulumi.Input[str]
    """ARN of the topic that is told."""
    budget: NotRequired[str]
    """Alarm when a month costs more, and when it will; none: no budget."""
    tag: NotRequired[str]
    """Count what carries this tag alone, as ``KEY=VALUE``; empty: everything. The account must have it as a cost
    allocation tag."""
    anomalies: NotRequired[str]
    """Alarm when a service's spending differs by more than this a day; none: no such alarm."""


class StorageArgs(TypedDict):
    """What training reads and writes."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    key: pulumi.Input[str]
    """ARN of the KMS key that encrypts it."""
    administrators: NotRequired[list[str]]
    """Roles that reach objects from outside of the networks; none by default."""
    datasets: NotRequired[bool]
    """Whether there is a bucket for training data."""
    checkpoints: NotRequired[bool]
    """Whether there is a bucket for checkpoints."""
    replica: NotRequired[str]
    """Region that datasets and records are copied to; none: they are in one region."""
    key_name: NotRequired[str]
    """Alias, or ARN, of the key: what copies objects names it by this. Required with ``replica``."""
    existing: NotRequired[dict[str, str]]
    """``datasets`` or ``checkpoints`` -> name of a bucket that is there already, and not made; none by default."""
    keep_records: NotRequired[int]
    """Days that what is in the audit bucket cannot be changed, and that access logs are kept."""


class StreamsArgs(TypedDict):
    """Sensor streams into one runtime, from its namespace."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace of the runtime."""
    model_name: str
    """Name the model is served under."""
    model: ModelArgs
    """What is served; its inputs are what readings fill."""
    tier: TierArgs
    """What the runtime runs on; the bridge runs on the same architecture."""
    runtime: RuntimeArgs
    """How it is run; names the trust domain."""
    streams: list[StreamArgs]
    """What is read."""
    issuer: IssuerArgs
    """Signs the bridge's certificate."""
    tags: TagsArgs
    """Become labels."""
    offline: NotRequired[str]
    """How long it must go on without its link."""
    delivered: NotRequired[bool]
    """Whether Flux fills placeholders in on the way."""
    images: NotRequired[dict[str, str]]
    """Image name -> reference by digest."""


class SystemNodesArgs(TypedDict):
    """The machines that a cluster's own services run on."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account they belong to."""
    region: str
    """Region they are in."""
    version: NotRequired[str]
    """Kubernetes version of the cluster."""
    cluster: str
    """Name of the cluster."""
    subnets: list[pulumi.Input[str]]
    """Ids of the machines' subnets."""
    group: pulumi.Input[str]
    """Id of the machines' security group."""
    key: pulumi.Input[str]
    """ARN of the key that encrypts their disks."""
    tags: TagsArgs
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: NotRequired[str]
    """EC2 instance type, x86-64."""
    nodes: NotRequired[int]
    """How many: two at least, so that one can be replaced."""
    disk: NotRequired[int]
    """GiB of each machine's disk."""


class TrainingJobsArgs(TypedDict):
    """What training jobs are made of: their namespace, their identity, their runtime."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Namespace they run in."""
    tags: TagsArgs
    """Become labels."""
    instance: str
    """EC2 instance type of the machines they run on; each pod takes one whole."""
    nodes: int
    """Pods of a job, unless it says otherwise."""
    image: str
    """Reference of the image that jobs run, unless they name one."""
    files: NotRequired[bool]
    """Whether the file system is mounted at ``/data``. Not by default."""


class ExistingClusterArgs(TypedDict):
    """An EKS cluster that is there already. Machines that train join it; nothing else of it is touched."""

    cluster: str
    """Its name."""
    endpoint: str
    """Address of its API."""
    certificate_authority: str
    """Certificate that its API is known by, PEM in base 64 (``aws eks describe-cluster``)."""
    node_role: str
    """ARN of the role that its machines have: those that train have it too."""
    nodes_group: str
    """Security group of its machines and pods; EFA needs everything open inside it."""
    operators: NotRequired[list[str]]
    """Operators of the table (docs/existing.md) that it has already. Those that are needed and not named are
    installed."""


class FilesArgs(TypedDict):
    """A parallel file system that feeds the accelerators; it shows the datasets' objects as files."""

    size: str
    """What it must hold at a time."""
    throughput: str
    """What all nodes together must be able to read."""


class MetricsArgs(TypedDict):
    """Metrics of the cluster, kept and watched by AWS."""

    grafana: NotRequired[bool]
    """Make a Grafana workspace; its users come from IAM Identity Center, and each is paid for. None by default."""


class TrainingArgs(TypedDict):
    """The AWS side of a cluster that trains."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    zones: list[str]
    """Availability zone ids that machines are in. Those that train, and the file system, are in the first."""
    control_zone: NotRequired[str]
    """Id of a zone that has a part of the control plane and nothing else, where ``zones`` names one; empty: there
    is none."""
    name: str
    """Name of the deployment."""
    tags: TagsArgs
    """Who owns it; recorded, and applied through the provider's default tags."""
    egress: NotRequired[list[EgressArgs]]
    """Ranges that machines may reach; none by default."""
    transit_gateway: NotRequired[str]
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    administrators: list[str]
    """Roles that administer the cluster, and reach what it keeps from outside."""
    public_cidrs: NotRequired[list[str]]
    """Public ranges that reach the cluster's API: an opening. None by default."""
    version: NotRequired[str]
    """Kubernetes version; the newest of the version matrix by default."""
    state: NotRequired[StateArgs]
    """Where the state of stacks is, for a runner inside; none: there is no runner."""
    runner_image: NotRequired[str]
    """Reference of the runner's image by digest; empty: there is no runner."""
    stack: NotRequired[str]
    """Stack that a runner runs."""
    cidr: NotRequired[str]
    """Addresses of machines; /16 to /22. None where the network is there already."""
    existing_network: NotRequired[ExistingNetworkArgs]
    """The network, where it is there already; none: one is made."""
    existing_cluster: NotRequired[ExistingClusterArgs]
    """The cluster, where it is there already; none: one is made."""
    existing_keys: NotRequired[ExistingKeysArgs]
    """Keys that are there already; all are made by default."""
    existing_buckets: NotRequired[dict[str, ExistingBucketArgs]]
    """``datasets`` or ``checkpoints`` -> a bucket that is there already; none by default."""
    replica: NotRequired[str]
    """Region that datasets and records are copied to; none: they are in one region."""
    datasets: NotRequired[str]
    """Training data; none: no bucket for it."""
    checkpoints: NotRequired[str]
    """Checkpoints; none: no bucket for them."""
    files: NotRequired[FilesArgs]
    """File system that feeds the accelerators; none: they read the buckets."""
    instance: str
    """EC2 instance type of the machines that train."""
    nodes: int
    """How many of them."""
    capacity: NotRequired[CapacityArgs]
    """Where they come from; on demand by default."""
    scale_to_zero: NotRequired[bool]
    """Machines that train come and go with the jobs, at most ``nodes`` of them. They stay by default."""
    budget: NotRequired[str]
    """Alarm when a month costs more, and when it will; none: no alarm. In USD."""
    mails: NotRequired[list[str]]
    """Addresses that get alarms."""
    observability: NotRequired[MetricsArgs]
    """Managed Prometheus for the cluster; none: no metrics are kept."""


class TrustedNamespaceArgs(TypedDict):
    """A namespace closed by default: nothing enters, nothing leaves but name lookups, pods are restricted."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    namespace: str
    """Name of the namespace."""
    tags: TagsArgs
    """Become labels."""
    egress: NotRequired[list[EgressArgs]]
    """Ways out; none by default."""
    cores: NotRequired[int]
    """CPU cores all its pods may use together."""
    memory: NotRequired[str]
    """Memory all its pods may use together."""
    pods: NotRequired[int]
    """Pods it may hold."""
    signer: NotRequired[str]
    """PEM text of the public key that releases are signed with; empty: no pod may mount a release."""


class VolumesArgs(TypedDict):
    """Volumes: encrypted disks on demand, and the file system where there is one."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account they belong to."""
    region: str
    """Region they are in."""
    key_alias: str
    """Alias, or ARN, of the key that encrypts disks."""
    namespace: str
    """Namespace that mounts the file system."""
    tags: TagsArgs
    """Become labels."""
    size: NotRequired[str]
    """Size of the file system; none: there is none."""
    file_system: NotRequired[pulumi.Input[str]]
    """Id of the file system."""
    dns_name: NotRequired[pulumi.Input[str]]
    """Name that it is mounted by."""
    mount_name: NotRequired[pulumi.Input[str]]
    """Name of its root."""


class WorkloadRoleArgs(TypedDict):
    """What one workload may do in AWS: read some buckets, write others."""

    overrides: NotRequired[dict[str, dict[str, Any]]]
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""
    account: str
    """Account it belongs to."""
    region: str
    """Region it is in."""
    cluster: str
    """Name of the cluster."""
    namespace: str
    """Namespace of the workload."""
    service_account: str
    """Its service account."""
    key_alias: str
    """Alias, or ARN, of the key that encrypts the buckets."""
    reads: NotRequired[list[str]]
    """Buckets it reads; none by default."""
    writes: NotRequired[list[str]]
    """Buckets it reads and writes; none by default."""
    keys: NotRequired[list[str]]
    """ARNs of other keys that encrypt some of them; none by default."""
