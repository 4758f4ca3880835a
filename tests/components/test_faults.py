"""Each wrong key or value of the config is refused with its path, the value, the reason and what to write instead."""

from typing import Any

import pytest

from components.settings import SettingsError, parse
from tests.configs import AMI, SECRET, dev_config

SERVICE = {"name": "shop", "port": 8080}
VPC = "vpc-0123456789abcdef0"
MAPPING = "it is no mapping of keys to values"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/0123456789abcdef"
NAME = (
    "it is no service name: 2 to 20 of a-z, 0-9 and hyphens, a letter first; internal- and sg- in front are AWS's own"
)


UNSIGNED = (
    "it is no builder with its signature in base64, nor cosign:PAYLOAD:SIGNATURE, both in base64; write signature: "
    "ci:<88 characters of base64>, or what `python -m ops signature IMAGE` prints"
)


def refusal(**change: Any) -> str:
    """What is said about the dev stack's config with *change*."""
    with pytest.raises(SettingsError) as caught:
        parse(dev_config(**change), ("sluice:salt",))
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"bogus": "x"},
            "sluice:bogus is no key of this program; known here: platform, service, releases, traffic, docker, "
            "data, network, listener, rollout, metrics, keep, previews, journal, notify, trust, salt",
        ),
        ({"platform": None}, "sluice:platform is missing; write platform: aws"),
        ({"platform": "gcp"}, "sluice:platform: 'gcp': it is not 'aws' or 'docker'; write platform: aws"),
        ({"service": None}, "sluice:service is missing; write service: {name: shop, port: 8080}"),
        ({"service": "shop"}, f"sluice:service: 'shop': {MAPPING}; write service: {{name: shop, port: 8080}}"),
        ({"service": [1]}, f"sluice:service: [1]: {MAPPING}; write service: {{name: shop, port: 8080}}"),
        ({"releases": None}, "sluice:releases is missing; write releases: {v1: {ami: ami-0123456789abcdef0}}"),
        (
            {"releases": {"v1": AMI}},
            f"sluice:releases.v1: '{AMI}': {MAPPING}; write v1: {{ami: ami-0123456789abcdef0}}",
        ),
        ({"traffic": None}, "sluice:traffic is missing; write traffic: {v1: 100}"),
        ({"traffic": 100}, f"sluice:traffic: 100: {MAPPING}; write traffic: {{v1: 100}}"),
        ({"network": "mine"}, f"sluice:network: 'mine': {MAPPING}; write network: {{cidr: 10.20.0.0/16}}"),
        ({"listener": 80}, f"sluice:listener: 80: {MAPPING}; write listener: {{internal: true}}"),
        ({"trust": {"ci": "hunter2"}}, "sluice:trust.ci: 'hunter2': it is no public key; write ci: MCowBQYDK2VwAyEA…"),
        ({"rollout": 80}, f"sluice:rollout: 80: {MAPPING}; write rollout: {{ready: 5m}}"),
    ],
)
def test_a_wrong_top_key_is_refused(change, said):
    assert refusal(**change) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"prot": 80},
            ".prot is no key of this program; known here: name, port, health, size, instance, root, boot, drain, "
            "container",
        ),
        ({"name": ""}, f".name: '': {NAME}; write name: shop"),
        ({"name": "x" * 300}, f".name: '{'x' * 39}… (300 characters): {NAME}; write name: shop"),
        ({"name": "my shop"}, f".name: 'my shop': {NAME}; write name: shop"),
        ({"name": "shop;"}, f".name: 'shop;': {NAME}; write name: shop"),
        ({"name": "shop\n"}, f".name: 'shop\\n': {NAME}; write name: shop"),
        ({"name": "kühl"}, f".name: 'kühl': {NAME}; write name: shop"),
        ({"name": "internal-shop"}, f".name: 'internal-shop': {NAME}; write name: shop"),
        ({"name": "sg-shop"}, f".name: 'sg-shop': {NAME}; write name: shop"),
        ({"name": 5}, f".name: 5: {NAME}; write name: shop"),
        ({"port": 0}, ".port: 0: it is less than 1; write port: 8080"),
        ({"port": 70_000}, ".port: 70000: it is more than 65535; write port: 8080"),
        ({"port": "8080"}, ".port: '8080': it is no whole number; write port: 8080"),
        ({"port": True}, ".port: True: it is no whole number; write port: 8080"),
        ({"port": None}, ".port: None: it is no whole number; write port: 8080"),
        (
            {"health": "healthz"},
            ".health: 'healthz': it is no path: it begins with / and has no spaces; write health: /healthz",
        ),
        (
            {"health": "/a b"},
            ".health: '/a b': it is no path: it begins with / and has no spaces; write health: /healthz",
        ),
        ({"size": 0}, ".size: 0: it is less than 1; write size: 2"),
        ({"size": 1.5}, ".size: 1.5: it is no whole number; write size: 2"),
        ({"instance": "big"}, ".instance: 'big': it is no instance type; write instance: t3.small"),
        ({"root": "xvda"}, ".root: 'xvda': it is no device name; write root: /dev/xvda"),
        ({"boot": "5 min"}, ".boot: '5 min': it is no duration; write boot: 300s"),
        ({"boot": -1}, ".boot: -1: it is less than 0; write boot: 300s"),
        ({"drain": True}, ".drain: True: it is no duration; write drain: 30s"),
        ({"drain": "2h"}, ".drain: 7200: it is more than 3600; write drain: 30s"),
    ],
)
def test_a_wrong_service_is_refused(change, said):
    assert refusal(service=SERVICE | change) == f"sluice:service{said}"


def test_a_missing_key_of_the_service_is_named():
    assert refusal(service={}) == (
        "sluice:service.name is missing; write name: shop\nsluice:service.port is missing; write port: 8080"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"bogus": 1},
            ".bogus is no key of this program; known here: ami, image, external, size, instance, root, port, health, "
            "boot, env, secrets, container, schema, signature",
        ),
        ({"ami": "latest"}, ".ami: 'latest': it is no AMI id; write ami: ami-0123456789abcdef0"),
        (
            {"ami": "resolve:ssm:/shop"},
            ".ami: 'resolve:ssm:/shop': it is looked up anew at each launch, so the slice would drift; "
            "write ami: ami-0123456789abcdef0",
        ),
        ({"ami": None}, ": there is no `ami`; write the machine image's id, such as ami: ami-0123456789abcdef0"),
        (
            {"image": "repo/shop:latest"},
            ".image: 'repo/shop:latest': a tag can be moved to another image later; "
            "write image: repo/shop@sha256:<64 hex digits>",
        ),
        (
            {"image": "repo/shop"},
            ".image: 'repo/shop': it is no repository with a digest; write image: repo/shop@sha256:<64 hex digits>",
        ),
        (
            {"image": "repo/shop@sha256:0"},
            ".image: 'repo/shop@sha256:0': it is no repository with a digest; "
            "write image: repo/shop@sha256:<64 hex digits>",
        ),
        ({"port": 0}, ".port: 0: it is less than 1; write port: 8080"),
        ({"boot": "soon"}, ".boot: 'soon': it is no duration; write boot: 300s"),
        ({"env": "A=b"}, f".env: 'A=b': {MAPPING}; write env: {{LOG: debug}}"),
        ({"env": {"A": 5}}, ".env.A: 5: it is not text; put it in quotes"),
        (
            {"env": {"A": "b\nc"}},
            ".env.A: 'b\\nc': it holds a line break or another control character, which an environment file cannot; "
            "write it encoded, such as in base64",
        ),
        (
            {"env": {"1A": "b"}},
            ".env.1A: '1A': it is no name of an environment variable; write letters, digits and underscores",
        ),
        ({"env": {"PORT": "1"}}, ".env.PORT: 'PORT': it is set by the program itself; write another name"),
        (
            {"secrets": {"DB": "hunter2"}},
            ".secrets.DB: 'hunter2': it is no ARN, nor path of a file on the host; "
            "write DB: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        ),
        ({"env": {"A": "b"}, "secrets": {"A": SECRET}}, ": A is in both `env` and `secrets`; leave it in one"),
        (
            {"signature": "hunter2"},
            f".signature: 'hunter2': {UNSIGNED}",
        ),
        *(
            ({"signature": wrong}, f".signature: {wrong!r}: {UNSIGNED}")
            for wrong in (
                "cosign:::",
                "cosign:eyJ9:",
                "cosign:eyJ9:QUJD:",
                "cosign:eyJ9:QUJ",
                "cosign:eyJ-:QUJD",
                "cosign:eyJ9=:QUJD",
                "ci:eyJ9:QUJD",
                "cosign:eyJ9:QUJD ",
                "cosign:eyJ9:QUJD  cosign:eyJ9:QUJD",
                "cosign:eyJ9:QUJD\ncosign:eyJ9:QUJD",
            )
        ),
        ({"schema": 8}, f".schema: 8: {MAPPING}; write schema: {{reads: [7, 8], writes: 8}}"),
        ({"schema": {"reads": [8]}}, ".schema.writes is missing; write writes: 8"),
        ({"schema": {"reads": [], "writes": 8}}, ".schema.reads: []: it is empty; write reads: [7, 8]"),
        (
            {"schema": {"reads": [7], "writes": 8}},
            ".schema: it writes 8 and does not read it; write reads: [7, 8]",
        ),
        ({"schema": {"reads": ["8"], "writes": 8}}, ".schema.reads.0: '8': it is no whole number; write reads: [7, 8]"),
        ({"schema": {"reads": [8], "writes": True}}, ".schema.writes: True: it is no whole number; write writes: 8"),
        (
            {"external": {"target_group": GROUP}},
            ": an external release has nothing but `external`; remove the other keys",
        ),
        (
            {"external": {"target_group": "old"}},
            f".external.target_group: 'old': it is no target group's ARN; write target_group: {GROUP}",
        ),
    ],
)
def test_a_wrong_release_is_refused(change, said):
    entry = {key: value for key, value in ({"ami": AMI} | change).items() if value is not None}
    assert refusal(releases={"v1": entry}) == f"sluice:releases.v1{said}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cidr": "10.0.0.0/8"}, ".cidr: '10.0.0.0/8': it is no /16 network; write cidr: 10.20.0.0/16"),
        ({"cidr": "999.0.0.0/16"}, ".cidr: '999.0.0.0/16': it is no /16 network; write cidr: 10.20.0.0/16"),
        ({"vpc": "mine"}, ".vpc: 'mine': it is no VPC id; write vpc: vpc-0123456789abcdef0"),
        (
            {"vpc": VPC, "subnets": ["subnet-01234567", "b"]},
            ".subnets.1: 'b': it is no subnet id; write subnets: [subnet-0aa…, subnet-0bb…]",
        ),
        (
            {"vpc": VPC, "subnets": ["subnet-01234567"] * 2},
            ": a given `vpc` needs the ids of at least two `subnets`, in two zones, for the instances",
        ),
        (
            {"subnets": ["subnet-01234567"]},
            ": subnets are given but no `vpc`; write the id of the VPC they are in",
        ),
    ],
)
def test_a_wrong_network_is_refused(change, said):
    assert refusal(network=change) == f"sluice:network{said}"


LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/ours/0123456789abcdef/0123456789abcdef"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/ours/0123456789abcdef"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"internal": "yes"}, ".internal: 'yes': it is neither true nor false; write internal: true"),
        ({"port": 70_000}, ".port: 70000: it is more than 65535; write port: 8080"),
        ({"arn": "mine"}, f".arn: 'mine': it is no ARN; write arn: {LISTENER}"),
        ({"balancer": 5}, f".balancer: 5: it is no ARN; write balancer: {BALANCER}"),
        ({"host": "my shop"}, ".host: 'my shop': it is no host name; write host: shop.example.com"),
        ({"access_logs": "Logs"}, ".access_logs: 'Logs': it is no bucket name; write access_logs: my-log-bucket"),
        ({"arn": LISTENER}, ": a given listener is shared, so the service needs a `host`, such as shop.example.com"),
        (
            {"arn": LISTENER, "host": "a", "port": 80},
            ": `arn` names a listener that has a load balancer, port and certificate; remove those here",
        ),
        (
            {"balancer": BALANCER, "internal": True},
            ": internal is for a load balancer that is made here; remove it",
        ),
    ],
)
def test_a_wrong_listener_is_refused(change, said):
    assert refusal(listener=change) == f"sluice:listener{said}"


def test_every_fault_is_told_at_once():
    said = refusal(bogus="x", service=SERVICE | {"port": 0, "size": 0}, rollout={"ready": "soon"})
    assert [line.split(" ")[0] for line in said.splitlines()] == [
        "sluice:service.port:",
        "sluice:service.size:",
        "sluice:rollout.ready:",
        "sluice:bogus",
    ]


def test_a_wrong_secret_is_not_shown():
    said = refusal(salt="hunter2")
    assert said == (
        "sluice:salt: its secret value: it is shorter than 16 characters; "
        "write salt: 16 or more random characters, as a secret"
    )


def test_what_is_long_is_cut():
    assert len(refusal(traffic=["x" * 10_000])) < 200


FIELDS = {
    "service": ("name", "port", "health", "size", "instance", "root", "boot", "drain"),
    "network": ("cidr", "vpc", "subnets", "public_subnets"),
    "listener": ("port", "internal", "certificate", "access_logs", "balancer", "arn", "host"),
    "rollout": (
        "ready",
        "steps",
        "bake",
        "deadline",
        "prove_by",
        "gates",
        "migrate",
        "rollback",
        "on_inconclusive",
        "freeze",
    ),
    "metrics": ("cloudwatch", "prometheus", "envoy"),
    "releases": ("ami", "image", "external", "size", "port", "health", "boot", "env", "secrets", "schema"),
}


@pytest.mark.parametrize("value", [None, 5, "x", "", [1], {"a": 1}, True, 1.5, {}, []])
@pytest.mark.parametrize("key", FIELDS)
def test_whatever_stands_anywhere_the_librarys_own_wording_never_reaches_a_person(key, value):
    wrong: dict[str, Any] = dict.fromkeys(FIELDS[key], value)
    config = dev_config(**{key: {"v1": wrong} if key == "releases" else wrong})
    try:
        parse(config)
        said = ""
    except SettingsError as error:
        said = str(error)
    assert not [word for word in ("Input", "valid", "instance of", "Value error") if word in said], said
