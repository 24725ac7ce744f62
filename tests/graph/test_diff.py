from hypothesis import given
from hypothesis import strategies as st

from aiinfra.graph import urn
from aiinfra.graph.diff import Operation, diff
from tests.graphs import component, graph, node, own

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
MIRROR = {
    Operation.CREATE: Operation.DELETE,
    Operation.DELETE: Operation.CREATE,
    Operation.READ: Operation.FORGET,
    Operation.FORGET: Operation.READ,
}


def told(before, after):
    return [(change.operation.value, urn.name(change.urn)) for change in diff(before, after)]


def test_operations():
    before = graph(
        node(BUCKET, "gone"),
        node(BUCKET, "kept-in-cloud", retain_on_delete=True),
        node(BUCKET, "looked-up", read=True, id="b"),
        node(BUCKET, "same", {"bucket": "s"}),
        node(BUCKET, "tagged", {"tags": {}}),
        node(BUCKET, "renamed", {"bucket": "a"}),
        node(BUCKET, "was-here"),
    )
    after = graph(
        node(BUCKET, "same", {"bucket": "s"}, source="other.py:3"),
        node(BUCKET, "tagged", {"tags": {"a": "b"}}),
        node(BUCKET, "renamed", {"bucket": "b"}),
        node(BUCKET, "adopted", {"bucket": "x"}, id="x"),
        node(BUCKET, "new"),
        node(BUCKET, "found", read=True, id="f"),
        node(BUCKET, "now-here", aliases=(own(BUCKET, "was-here"),)),
    )
    assert told(before, after) == [
        ("import", "adopted"),
        ("read", "found"),
        ("delete", "gone"),
        ("retain", "kept-in-cloud"),
        ("forget", "looked-up"),
        ("create", "new"),
        ("move", "now-here"),
        ("replace", "renamed"),
        ("update", "tagged"),
    ]
    assert diff(before, after).same == 1


def test_replacement_is_carried_on():
    def version(name):
        bucket = node(BUCKET, "data", {"bucket": name})
        return graph(
            bucket,
            node(POLICY, "rules", {"bucket": f"{name}"}, property_dependencies={"bucket": (bucket.urn,)}),
            node(
                "aws:cloudtrail/trail:Trail",
                "trail",
                {"s3BucketName": "s"},
                property_dependencies={"s3BucketName": (bucket.urn,)},
            ),
        )

    found = diff(version("one"), version("two"))
    assert [(c.operation.value, urn.name(c.urn), c.may_replace) for c in found] == [
        ("replace", "data", False),
        ("replace", "rules", False),
    ]
    before = version("one")
    same_name = graph(
        node(BUCKET, "data", {"bucket": "one", "objectLockEnabled": True}),
        *(n for n in before if n.type not in (BUCKET, urn.STACK_TYPE)),
    )
    found = diff(before, same_name)
    rules = found.changes[own(POLICY, "rules")]
    assert (rules.operation, rules.changes, rules.may_replace) == (Operation.UPDATE, (), True)
    assert [(f.path, f.upstream, f.sure) for f in rules.forces] == [("bucket", own(BUCKET, "data"), False)]
    assert own("aws:cloudtrail/trail:Trail", "trail") not in found.changes


def test_a_replaced_provider_replaces_what_it_manages():
    def version(cluster):
        provider = node("pulumi:providers:kubernetes", "edge", {"clusterIdentifier": cluster})
        return graph(provider, node("kubernetes:core/v1:Namespace", "n", provider=provider.urn))

    namespace = diff(version("a"), version("b")).changes[own("kubernetes:core/v1:Namespace", "n")]
    assert (namespace.operation, namespace.forces[0].path) == (Operation.REPLACE, "provider")


def test_a_provider_takes_along_what_it_manages_only_where_that_is_known():
    def version(type_, inputs):
        provider = node(f"pulumi:providers:{type_}", "p", inputs)
        return graph(provider, node(f"{type_}:s3/bucket:Bucket", "data", provider=provider.urn))

    tags = diff(version("aws", {"region": "a"}), version("aws", {"region": "a", "defaultTags": "{}"}))
    assert [(c.operation.value, c.may_replace) for c in tags] == [("update", False)]
    moved = diff(version("aws", {"region": "a"}), version("aws", {"region": "b"}))
    assert [(c.node.name, c.may_replace) for c in moved] == [("data", True), ("p", True)]
    other = diff(version("other", {"zone": "a"}), version("other", {"zone": "b"}))
    assert [(c.node.name, c.may_replace) for c in other] == [("p", True)]


def test_protection():
    kept = node(BUCKET, "data", {"bucket": "a"}, protect=True)
    assert diff(graph(kept), graph()).changes[kept.urn].blocked
    assert diff(graph(kept), graph(node(BUCKET, "data", {"bucket": "b"}, protect=True))).changes[kept.urn].blocked
    let_go = diff(graph(kept), graph(node(BUCKET, "data", {"bucket": "b"}))).changes[kept.urn]
    assert not let_go.blocked
    assert [(o.path, o.before, o.after) for o in let_go.options] == [("protect", True, False)]


def test_ignored_changes_are_no_changes():
    assert (
        not diff(
            graph(node(BUCKET, "data", {"tags": {"a": "1"}})),
            graph(node(BUCKET, "data", {"tags": {"a": "2"}}, ignore_changes=("tags",))),
        )
        .of(Operation.UPDATE)[0]
        .changes
    )


def test_an_upgraded_library_is_told_apart():
    found = diff(graph(node(BUCKET, "data", version="7.50.0")), graph(node(BUCKET, "data", version="7.51.1")))
    assert (list(found), found.versions) == ([], {"aws": ("7.50.0", "7.51.1")})


def test_what_an_unknown_comes_from():
    def version(upstream):
        urns = (own(BUCKET, upstream),)
        return graph(node(POLICY, "p", {"policy": {"$unknown": True}}, property_dependencies={"policy": urns}))

    assert not diff(version("a"), version("a"))
    (change,) = diff(version("a"), version("b"))
    assert [(c.path, c.sure) for c in change.changes] == [("policy", False)]


names = st.sampled_from("abcdef")
bags = st.dictionaries(st.sampled_from(["bucket", "tags", "x"]), st.sampled_from(["1", "2", {"k": "v"}, ["p", "q"]]))
nodes = st.builds(
    lambda type_, name, inputs, read: node(type_, name, inputs, read=read),
    st.sampled_from([BUCKET, POLICY, "other:x/y:Z"]),
    names,
    bags,
    st.booleans(),
)
graphs = st.lists(st.one_of(nodes, st.builds(component, st.just("a:b:C"), names, bags)), max_size=8).map(
    lambda found: graph(*found)
)


@given(graphs)
def test_nothing_differs_from_itself(same):
    found = diff(same, same)
    assert not found
    assert found.same == len(same) - 1


@given(graphs, graphs)
def test_the_difference_is_mirrored(before, after):
    there, back = diff(before, after), diff(after, before)
    kinds = {own: change.operation for own, change in there.changes.items()}
    assert kinds.keys() == back.changes.keys()
    for changed, operation in kinds.items():
        mirrored = back.changes[changed].operation
        if operation in MIRROR:
            assert mirrored is MIRROR[operation]
        else:
            assert mirrored in (Operation.UPDATE, Operation.REPLACE)
    assert there.same == back.same


def test_a_stand_in_of_something_that_was_renamed_is_not_a_change():
    """The engine knows the resource by its alias, so what it computed stays what it was."""

    def version(name: str, topic: str, **options):
        queue = node("aws:sqs/queue:Queue", name, **options)
        sources = {"policy": (queue.urn,), "name": ()}
        inputs = {"policy": f'{{"Resource": "{name}.arn", "Id": "{name}_id"}}', "name": topic}
        return graph(queue, node("aws:sns/topic:Topic", "mail", inputs, property_dependencies=sources))

    before = version("jobs", "jobs.fixed")
    moved = diff(before, version("work", "jobs.fixed", aliases=(own("aws:sqs/queue:Queue", "jobs"),)))
    assert [(change.operation, change.node.name) for change in moved] == [(Operation.MOVE, "work")]
    other = diff(before, version("work", "work.fixed", aliases=(own("aws:sqs/queue:Queue", "jobs"),)))
    assert [change.path for change in other.changes[own("aws:sns/topic:Topic", "mail")].changes] == ["name"]
    another = diff(before, version("work", "jobs.fixed"))
    assert another.changes[own("aws:sns/topic:Topic", "mail")].changes[0].path == "policy"
