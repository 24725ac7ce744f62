"""What other languages see of the components."""

import json
from typing import Any

import pulumi
import pytest
from pulumi.errors import InputPropertiesError

from aiinfra.components.hosted import COMPONENTS, Host, schema
from aiinfra.tokens import PUBLISHED, RETIRED
from tests.goldens import check_golden


def test_the_schema_is_the_golden_one(update_golden: bool) -> None:
    check_golden("schema/package.json", json.dumps(schema(), indent=1, sort_keys=True) + "\n", update=update_golden)


def test_every_published_token_is_hosted_and_none_was_ever_dropped() -> None:
    assert set(schema()["resources"]) == set(PUBLISHED)
    assert {f"aiinfra:index:{component.__name__}" for component in COMPONENTS} == set(PUBLISHED)
    assert all(new in PUBLISHED for new in RETIRED.values())


def test_what_a_spec_requires_is_required_of_other_languages() -> None:
    required: dict[str, Any] = {
        token.rpartition(":")[2]: sorted(resource.get("requiredInputs", []))
        for token, resource in schema()["resources"].items()
    }
    assert required == {
        "AcceleratorNodes": ["cluster", "group", "instance", "key", "nodes", "role", "subnet", "tags"],
        "Account": ["account", "name", "region", "tags"],
        "Alarms": ["account", "region"],
        "ClosedBucket": ["account", "region"],
        "Cluster": [
            "account",
            "administrators",
            "group",
            "key",
            "keyAlias",
            "logsKey",
            "nodesGroup",
            "podSubnets",
            "region",
            "subnets",
            "zones",
        ],
        "Disks": ["account", "cluster", "keyAlias", "region"],
        "FileSystem": ["clients", "key", "size", "subnet", "throughput", "vpc"],
        "HybridNodes": ["account", "authority", "cluster", "region"],
        "ImageRepositories": ["account", "names", "prefix", "region"],
        "InferenceNodes": ["cluster", "count", "group", "instance", "key", "role", "subnets", "tags"],
        "InferenceRuntime": ["model", "modelName", "namespace", "runtime", "tags", "tier"],
        "JoinedNetwork": ["account", "existing", "logsKey", "region", "zones"],
        "Keys": ["account", "region"],
        "Machines": ["account", "instance", "nodes", "region", "tags", "training", "zone"],
        "Network": ["account", "cidr", "logsKey", "region", "zones"],
        "Observability": ["account", "cluster", "group", "logsKey", "region", "subnets", "topic"],
        "Operators": ["cluster", "instance", "namespace"],
        "Platform": ["account", "cluster", "instance", "name", "nodes", "region", "tags", "training", "zone"],
        "Preflight": ["image", "instance", "namespace", "nodes", "tags"],
        "Queueing": ["instance", "namespace", "nodes", "tags"],
        "Registry": ["account", "name", "region", "tags"],
        "ReleaseBucket": ["account", "region"],
        "Replicas": ["account", "home", "region", "sources"],
        "Runner": [
            "account",
            "cluster",
            "deployment",
            "group",
            "image",
            "key",
            "logsKey",
            "region",
            "state",
            "subnets",
            "vpc",
        ],
        "Scaling": ["account", "cluster", "keyAlias", "region", "role", "training"],
        "Serving": ["account", "administrators", "cidr", "name", "region", "tags", "zones"],
        "ServingPlatform": ["account", "cluster", "region", "serving", "tags"],
        "SigningKey": ["account", "region"],
        "Site": ["className", "model", "modelName", "runtime", "site", "tags", "tier"],
        "SiteMonitoring": [
            *("className", "model", "modelName", "monitoring", "namespace", "secret", "site", "tags", "tier"),
        ],
        "Spending": ["topic"],
        "Storage": ["account", "key", "region"],
        "Streams": ["issuer", "model", "modelName", "namespace", "runtime", "streams", "tags", "tier"],
        "SystemNodes": ["account", "cluster", "group", "key", "region", "subnets", "tags"],
        "Training": ["account", "administrators", "instance", "name", "nodes", "region", "tags", "zones"],
        "TrainingJobs": ["image", "instance", "namespace", "nodes", "tags"],
        "TrustedNamespace": ["namespace", "tags"],
        "Volumes": ["account", "keyAlias", "namespace", "region", "tags"],
        "WorkloadRole": ["account", "cluster", "keyAlias", "namespace", "region", "serviceAccount"],
    }


def refused(inputs: dict[str, Any]) -> InputPropertiesError:
    with pytest.raises(InputPropertiesError) as caught:
        Host().construct("releases", "aiinfra:index:ReleaseBucket", inputs)
    assert not isinstance(caught.value, pulumi.RunError)  # the SDK would print that one with a traceback
    return caught.value


def test_a_mistake_from_another_language_is_told_at_its_property_in_its_spelling() -> None:
    error = refused({"account": "1", "region": "eu-central-1", "keepOldVersions": 3.5})
    assert error.message == "ReleaseBucket 'releases' cannot be made:"
    assert [item["property_path"] for item in error.errors or ()] == ["account", "keepOldVersions"]


def test_whole_numbers_that_arrive_as_floats_are_integers() -> None:
    error = refused({"account": "1", "region": "eu-central-1", "keepOldVersions": 90.0})
    assert [item["property_path"] for item in error.errors or ()] == ["account"]


def test_an_error_of_ours_keeps_its_code_and_fix() -> None:
    @pulumi.runtime.test
    def construct() -> None:
        pulumi.runtime.set_mocks(Nothing())
        inputs = {"account": "111122223333", "region": "eu-central-1", "overrides": {"buckett": {}}}
        error = refused(inputs)
        assert error.message.startswith("error[override-unknown]: ReleaseBucket 'releases' has no child 'buckett'")
        assert error.errors == []

    construct()


class Nothing(pulumi.runtime.Mocks):
    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        return args.name, dict(args.inputs)
