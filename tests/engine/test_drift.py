"""What another hand changes."""

import pytest
from google.protobuf.struct_pb2 import Struct

from aiinfra.engine.cloud import Thing
from aiinfra.engine.drift import MARK, place_of, put
from aiinfra.engine.providers import load_class
from aiinfra.errors import BadInput
from aiinfra.graph.node import SECRET


def thing(type_: str, **inputs: object) -> Thing:
    load_class(type_)
    return Thing("x_id", f"urn:pulumi:s::p::{type_}::x", type_, inputs, "x")


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (thing("aws:sqs/queue:Queue"), ("tags", MARK)),
        (thing("aws:s3/bucket:Bucket", tags={"a": "b"}), ("tags", MARK)),
        (thing("kubernetes:core/v1:ConfigMap", metadata={"name": "x"}), ("metadata", "annotations", MARK)),
        (thing("aws:s3/bucketPolicy:BucketPolicy", bucket="b", policy="{}"), ("policy",)),
    ],
)
def test_what_is_changed_leaves_the_thing_standing(made: Thing, place: tuple[str, ...]) -> None:
    assert place_of(made) == place


@pytest.mark.parametrize(
    "made",
    [
        thing("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket="b", blockPublicAcls=True),
        thing("aws:sqs/queue:Queue", tags={SECRET: "fingerprint"}),
    ],
)
def test_what_cannot_be_changed_is_refused(made: Thing) -> None:
    with pytest.raises(BadInput) as error:
        place_of(made)
    assert error.value.code == "drift-impossible"


def test_the_rest_of_the_properties_stays() -> None:
    properties = Struct()
    properties.update({"tags": {"a": "b"}, "name": "x"})
    put(properties, ("tags", MARK))
    put(properties, ("metadata", "annotations", MARK))
    assert dict(properties["tags"].items()) == {"a": "b", MARK: MARK}
    assert properties["metadata"]["annotations"][MARK] == MARK
    assert properties["name"] == "x"
