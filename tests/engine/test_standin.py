"""The stand-in provider, asked over the wire as the engine asks it."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from aiinfra.engine.cloud import Cloud
from aiinfra.engine.faults import Failure, Faults
from aiinfra.engine.providers import Package
from aiinfra.engine.standin import serve
from aiinfra.graph.functions import answer
from aiinfra.graph.wire import SECRET_SIGNATURE, SIGNATURE, UNKNOWN_VALUE
from tests.graphs import own

BUCKET = own("aws:s3/bucket:Bucket", "data")
QUEUE = own("aws:sqs/queue:Queue", "jobs")


class Engine:
    """The side of the protocol that the engine has."""

    def __init__(self, stub: ResourceProviderStub, cloud: Cloud, faults: Faults) -> None:
        self.stub, self.cloud, self.faults = stub, cloud, faults

    def create(self, urn: str, properties: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        answer = self.stub.Create(pb.CreateRequest(urn=urn, properties=struct(properties), preview=preview))
        return answer.id, MessageToDict(answer.properties)

    def diff(self, urn: str, id_: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        request = pb.DiffRequest(urn=urn, id=id_, old_inputs=struct(before), news=struct(after))
        return MessageToDict(self.stub.Diff(request))


def struct(properties: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(properties)
    return made


@pytest.fixture
def engine() -> Iterator[Engine]:
    cloud, faults = Cloud(), Faults()
    with serve([Package("aws", "7.51.1", "pulumi_aws")], cloud, faults) as addresses:
        package, _, port = addresses.partition(":")
        assert package == "aws"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Engine(ResourceProviderStub(channel), cloud, faults)


def test_it_says_the_version_of_the_sdk(engine: Engine) -> None:
    assert engine.stub.GetPluginInfo(Empty()).version == "7.51.1"
    assert engine.stub.Handshake(pb.ProviderHandshakeRequest()).accept_secrets


def test_what_is_made_reads_as_in_the_symbolic_graph(engine: Engine) -> None:
    id_, outputs = engine.create(BUCKET, {"bucket": "data-1", "tags": {"k": "v"}})
    assert id_ == "data_id"
    assert (outputs["bucket"], outputs["arn"], outputs["tags"]) == ("data-1", "data.arn", {"k": "v"})
    assert list(engine.cloud.things) == ["data_id"]


def test_a_preview_makes_nothing_and_says_what_is_unknown(engine: Engine) -> None:
    id_, outputs = engine.create(BUCKET, {"bucket": "data-1"}, preview=True)
    assert (id_, outputs["bucket"], outputs["arn"]) == ("", "data-1", UNKNOWN_VALUE)
    assert engine.cloud.things == {}


def test_a_secret_that_changed_is_seen_and_not_kept(engine: Engine) -> None:
    before, after = ({"value": {SIGNATURE: SECRET_SIGNATURE, "value": word}} for word in ("hunter2", "hunter3"))
    id_, _ = engine.create(own("aws:ssm/parameter:Parameter", "p"), before)
    assert engine.diff(own("aws:ssm/parameter:Parameter", "p"), id_, before, before)["changes"] == "DIFF_NONE"
    assert engine.diff(own("aws:ssm/parameter:Parameter", "p"), id_, before, after)["diffs"] == ["value"]
    assert "hunter2" not in repr(engine.cloud)


def test_a_difference_that_replaces_says_so_and_in_which_order(engine: Engine) -> None:
    id_, _ = engine.create(BUCKET, {"bucket": "a"})
    answer = engine.diff(BUCKET, id_, {"bucket": "a", "forceDestroy": True}, {"bucket": "b", "forceDestroy": False})
    assert answer == {
        "changes": "DIFF_SOME",
        "diffs": ["bucket", "forceDestroy"],
        "replaces": ["bucket"],
        "deleteBeforeReplace": True,
        "hasDetailedDiff": True,
        "detailedDiff": {
            "bucket": {"kind": "UPDATE_REPLACE", "inputDiff": True},
            "forceDestroy": {"kind": "UPDATE", "inputDiff": True},
        },
    }


def test_what_was_there_before_is_taken_to_be_as_the_program_says(engine: Engine) -> None:
    assert engine.diff(BUCKET, "old-bucket", {}, {"bucket": "old-bucket"})["changes"] == "DIFF_NONE"
    read = engine.stub.Read(pb.ReadRequest(id="old-bucket", urn=BUCKET, properties=struct({"region": "eu-west-1"})))
    assert read.id == "old-bucket"
    assert (read.properties["region"], read.properties["arn"]) == ("eu-west-1", "data.arn")


def test_what_was_deleted_is_not_there(engine: Engine) -> None:
    id_, _ = engine.create(QUEUE, {})
    engine.stub.Delete(pb.DeleteRequest(id=id_, urn=QUEUE))
    assert engine.stub.Read(pb.ReadRequest(id=id_, urn=QUEUE)).id == ""
    assert engine.cloud.things == {}
    assert [call.method for call in engine.cloud.calls] == ["create", "delete"]


def test_a_failure_reaches_the_engine_as_a_provider_s_would(engine: Engine) -> None:
    engine.faults.failure = Failure("jobs", message="InternalError: no")
    with pytest.raises(grpc.RpcError) as error:
        engine.create(QUEUE, {})
    assert error.value.details() == "InternalError: no"
    assert engine.cloud.things == {}
    engine.create(QUEUE, {}, preview=True)  # a preview makes nothing that could fail


def test_an_update_keeps_what_was_computed(engine: Engine) -> None:
    id_, before = engine.create(QUEUE, {"tags": {"k": "1"}})
    request = pb.UpdateRequest(id=id_, urn=QUEUE, olds=struct(before), news=struct({"tags": {"k": "2"}}))
    after = MessageToDict(engine.stub.Update(request).properties)
    assert after == {**before, "tags": {"k": "2"}}


def test_what_an_api_server_refuses_to_change_is_refused(engine: Engine) -> None:
    type_ = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
    urn = f"urn:pulumi:s::p::{type_}::first"
    before, after = ({"metadata": {"name": "first"}, "value": value} for value in (1, 2))
    id_, _ = engine.create(urn, before)
    request = pb.UpdateRequest(id=id_, urn=urn, olds=struct(before), news=struct(after))
    with pytest.raises(grpc.RpcError) as error:
        engine.stub.Update(request)
    assert error.value.details() == f"Invalid: {type_} first: value: field is immutable"
    assert engine.cloud.things[id_].inputs["value"] == 1


def test_providers_of_one_package_are_told_apart_by_their_connection(engine: Engine) -> None:
    """Two regions may each hold a thing of one name; and a provider's settings decide what replaces."""
    engine.stub.Configure(pb.ConfigureRequest(urn=own("pulumi:providers:aws", "west"), args=struct({})))
    engine.create(BUCKET, {"bucket": "data"})
    (thing,) = engine.cloud.things.values()
    assert thing.place[1:] == (own("pulumi:providers:aws", "west"), "data")


def test_a_provider_function_is_answered_with_what_it_was_asked_and_stand_ins(engine: Engine) -> None:
    request = pb.InvokeRequest(tok="aws:ec2/getVpc:getVpc", args=struct({"id": "vpc-1"}))
    answer = MessageToDict(getattr(engine.stub.Invoke(request), "return"))
    assert (answer["id"], answer["cidrBlock"]) == ("vpc-1", "172.31.0.0/16")
    unknown = pb.InvokeRequest(tok="nobody:index/get:get", args=struct({"of": "x"}))
    assert MessageToDict(getattr(engine.stub.Invoke(unknown), "return")) == {"of": "x"}


def test_a_provider_function_is_answered_in_the_providers_region_as_a_review_answers_it(engine: Engine) -> None:
    told = struct({"region": "eu-west-1"})
    engine.stub.Configure(pb.ConfigureRequest(urn=own("pulumi:providers:aws", "eu"), args=told))
    request = pb.InvokeRequest(tok="aws:index/getAvailabilityZones:getAvailabilityZones", args=struct({}))
    found = MessageToDict(getattr(engine.stub.Invoke(request), "return"))
    made = answer(request.tok, {}, {"region": "eu-west-1"})
    assert made is not None
    assert found == dict(made.result)
    assert found["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
