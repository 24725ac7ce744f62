import pytest

from aiinfra.graph.change import compare
from aiinfra.review.credentials import MASK, mask_text, shaped_as_credential
from aiinfra.review.masking import mask_sides, mask_value
from tests.graphs import node

CANARY = "q7Zx0LmR9vB2nT5kW8yJ4hD1sF6gA3pC"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "dbPassword",
        "DB_PASSWORD",
        "db-password",
        "secret",
        "clientSecret",
        "token",
        "authToken",
        "apiKey",
        "API_KEY",
        "accessKey",
        "secretAccessKey",
        "privateKey",
        "kubeconfig",
        "connectionString",
        "credentials",
        "passphrase",
        ".dockerconfigjson",
        "sshKey",
    ],
)
def test_names_of_credentials(name):
    assert shaped_as_credential(name)


@pytest.mark.parametrize(
    "name",
    [
        "secretName",
        "secretRef",
        "tokenPath",
        "automountServiceAccountToken",
        "imagePullSecrets",
        "passwordLength",
        "kmsKeyId",
        "keyId",
        "author",
        "compass",
        "monkey",
        "secretArn",
        "tokenExpirationSeconds",
        "passRole",
        "name",
        "key",
        "value",
        "accessKeyId",
        "authenticationMode",
    ],
)
def test_names_of_other_things(name):
    assert not shaped_as_credential(name)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        CANARY,
        f"prefix-{CANARY}",
        f"a-b-c-d-{CANARY}",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY7",
        "d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_texts_that_look_like_credentials(text):
    masked = mask_text(text)
    assert MASK in masked
    assert text not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://app:hunter2@db/x", f"postgres://{MASK}@db/x"),
        ("serve --password hunter2 --port 80", f"serve --password {MASK} --port 80"),
        ("--api-key=hunter2", f"--api-key={MASK}"),
        ("DB_PASSWORD=hunter2;x=1", f"DB_PASSWORD={MASK};x=1"),
        ('{"token": "hunter2"}', f'{{"token": "{MASK}"}}'),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {MASK}"),
    ],
)
def test_credentials_inside_texts(text, masked):
    assert mask_text(text) == masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "registry.acme/server@sha256:" + "0123456789abcdef" * 4,
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-password",
        "subnet-0a1b2c3d4e5f60718",
        "AmazonEKSClusterAdminPolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonSSMManagedEC2InstanceDefaultPolicy",
        "inference-runtime2024",
        "mobilenetv3-large-100",
        "line-vibration-server-config-0adf6697",
        "AL2023_x86_64_STANDARD",
        "spec.template.spec.containers[server].image: acme/api:1.4.0 → acme/api:1.5.0",
        "pod-security.kubernetes.io/enforce: restricted",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "acme-datasets-111122223333-us-east-1-3fa9b2",
        "the secret and its versions, once the recovery window has passed",
        "basic authentication is used",
        "automountServiceAccountToken: false",
        "secretName: tls-line",
        "value: changed (secret)",
        "token: (not known until apply)",
        "2026-11-21T14:30:46.123456Z",
    ],
)
def test_ordinary_texts_stay(text):
    assert mask_text(text) == text


SECRET = {"$secret": "0123456789abcdef"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": "hunter2"}, {"a": SECRET}),
        ({"a": SECRET}, {"a": "hunter2"}),
        ({"a": {"b": "hunter2"}}, {"a": SECRET}),
        ({"a": {"b": {"c": SECRET}}}, {"a": {"b": "hunter2"}}),
        ({"args": ["run", "hunter2"]}, {"args": [SECRET, "run"]}),
        ({"args": ["hunter2"]}, {"args": ["x", "y", SECRET]}),
        ({"data": {"old": "hunter2"}}, {"data": {"new": SECRET}}),
        ({"data": {"new": SECRET}}, {"data": {"old": "hunter2"}}),
        ({"env": [{"name": "A", "value": "hunter2"}]}, {"env": [{"name": "B", "value": SECRET}]}),
        ({"env": [{"name": "A_TOKEN", "value": "x1"}]}, {"env": [{"name": "A_TOKEN", "value": "hunter2"}]}),
        ({"env": [{"name": "A_TOKEN", "value": "hunter2"}]}, {}),
        ({"args": ["--password", "hunter2"]}, {"args": ["--password", "hunter2b"]}),
        ({"deep": [{"dbPassword": "hunter2"}]}, {}),
        ({"credentials": {"user": "hunter2"}}, {"credentials": {"user": "hunter2b"}}),
        ({"tokens": ["hunter2"]}, {"token": ["hunter2"]}),
        ({"rules": [{"a": ["hunter2"]}]}, {"rules": [{"a": ["x"]}, {"a": [SECRET]}]}),
        ({"apiKey": 12345}, {"apiKey": "hunter2"}),
    ],
)
def test_both_sides_are_masked(before, after):
    one, other = node("a:b:C", "x", before), node("a:b:C", "x", after)
    for change in compare(before, after):
        shown = repr(mask_sides(change, one, other))
        assert "hunter2" not in shown, change.path


def test_a_kubernetes_secret_shows_nothing():
    before, after = {"stringData": {"motd": "hunter2"}}, {"stringData": {"motd": "welcome"}}
    type_ = "kubernetes:core/v1:Secret"
    (change,) = compare(before, after)
    assert mask_sides(change, node(type_, "x", before), node(type_, "x", after)) == (MASK, MASK)


def test_what_is_left_of_an_object():
    value = {"name": "DB_PASSWORD", "value": "hunter2", "list": [{"token": "hunter2"}, "plain"], CANARY: 1}
    assert mask_value(value) == {"name": "DB_PASSWORD", "value": MASK, "list": [{"token": MASK}, "plain"], MASK: 1}
