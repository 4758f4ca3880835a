"""Keys that mean nothing on the platform that is named, each told by path with what to write instead."""

import pytest

from components.settings import SettingsError, parse
from tests.configs import AMI, IMAGE, dev_config, docker_config

ROLE = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


def refusal(config: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ami": AMI}, "sluice:releases.v1.ami: the platform is docker, which has none; remove it"),
        ({"boot": "5m"}, "sluice:releases.v1.boot: the platform is docker, which has none; remove it"),
        (
            {"image": None},
            "sluice:releases.v1: there is no `image`; write a repository with a digest, such as image: "
            "repo/shop@sha256:…",
        ),
        ({"size": 40}, "sluice:releases.v1.size: 40: a slice has at most 32 containers; write fewer"),
        (
            {"secrets": {"DB": ROLE}},
            f"sluice:releases.v1.secrets.DB: '{ROLE}': it is no path; write that of a file on the host, such as DB: "
            "/etc/sluice/db",
        ),
        (
            {"container": {"user": "0"}},
            "sluice:releases.v1.container.user: '0': it is no number of a user other than root; "
            'write user: "10001:10001"',
        ),
        (
            {"container": {"capabilities": ["ALL"]}},
            "sluice:releases.v1.container.capabilities.0: 'ALL': it is no capability; "
            "write capabilities: [NET_BIND_SERVICE]",
        ),
        (
            {"container": {"cpus": "half"}},
            "sluice:releases.v1.container.cpus: 'half': it is no number of CPUs; write cpus: 0.5",
        ),
    ],
)
def test_what_a_release_on_docker_cannot_be_is_refused(change, said):
    assert refusal(docker_config(releases={"v1": {"image": IMAGE, **change}})) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"network": {"cidr": "10.1.0.0/16"}},
            "sluice:network: the platform is docker, whose network and entry are in sluice:docker; remove it",
        ),
        (
            {"listener": {"internal": True}},
            "sluice:listener: the platform is docker, whose network and entry are in sluice:docker; remove it",
        ),
        (
            {"metrics": {"cloudwatch": {"period": "60s"}}},
            "sluice:metrics: on docker the router's own counters are read where nothing is given; remove it, or write "
            "prometheus: {…}",
        ),
        (
            {"docker": {"certificate": "shop.pem"}},
            "sluice:docker: `certificate` and `key` go together; write both, or neither",
        ),
        (
            {"docker": {"port": 8080, "metrics": 8080}},
            "sluice:docker.metrics: 8080 is `port`; write another, such as metrics: 9902",
        ),
        (
            {"data": {"postgres": {"memory": 256, "instance": "db.t4g.micro"}}},
            "sluice:data.postgres.instance: the platform is docker, which has none; remove it",
        ),
        (
            {"data": {"postgres": {"image": "Postgres"}}},
            "sluice:data.postgres.image: 'Postgres': it is no image; write image: postgres@sha256:<64 hex digits>",
        ),
        (
            {"docker": {"interface": "0.0.0.0"}},
            "sluice:salt is missing: the listener is public, and without it anyone could reach a slice that has no "
            "share by its version alone; run `pulumi config set --secret sluice:salt $(openssl rand -hex 16)`, or set "
            "sluice:docker.interface: 127.0.0.1",
        ),
        (
            {"docker": {"host": "shop-1"}},
            "sluice:docker.host: 'shop-1': it is no local socket or ssh:// address; "
            "write host: ssh://deploy@shop-1.example.com",
        ),
        (
            {"docker": {"host": "unix:///run/docker.sock", "ssh": ["-i", "key"]}},
            "sluice:docker.ssh: unix:///run/docker.sock is reached without ssh; remove it, or write host: ssh://…",
        ),
        (
            {"docker": {"host": "ssh://shop-1", "ssh": [22]}},
            "sluice:docker.ssh.0: 22: it is no option of ssh; "
            'write ssh: ["-i", "~/.ssh/deploy", "-o", "UserKnownHostsFile=~/.ssh/hosts"]',
        ),
    ],
)
def test_what_docker_has_not_or_has_elsewhere_is_refused(change, said):
    assert refusal(docker_config(**change)) == said


def test_keys_that_pulumi_fills_in_empty_are_nobodys():
    settings = parse(docker_config(network={}, listener={}, metrics={}))
    assert (settings.platform, settings.docker.interface) == ("docker", "127.0.0.1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"docker": {"port": 80}}, ""),
        (
            {"docker": {"port": 8080}},
            "sluice:docker: the platform is aws; remove it, or write platform: docker",
        ),
        (
            {"service": {"name": "shop", "port": 8080, "container": {"memory": 64}}},
            "sluice:service.container: the platform is aws; remove it, or write platform: docker",
        ),
        (
            {"releases": {"v1": {"ami": AMI, "container": {"memory": 64}}}},
            "sluice:releases.v1.container: the platform is aws; remove it, or write platform: docker",
        ),
        (
            {"releases": {"v1": {"ami": AMI, "secrets": {"DB": "/etc/db"}}}},
            "sluice:releases.v1.secrets.DB: '/etc/db': it is no ARN; write DB: arn:aws:secretsmanager:…",
        ),
    ],
)
def test_what_only_docker_has_is_refused_on_aws(change, said):
    if said:
        assert refusal(dev_config(**change)) == said
    else:
        parse(dev_config(**change))


def test_a_release_says_for_itself_what_its_containers_may_do():
    settings = parse(
        docker_config(
            service={"name": "shop", "port": 8080, "container": {"memory": 64, "cpus": 2}},
            releases={"v1": {"image": IMAGE, "container": {"memory": 128}}},
        )
    )
    (release,) = settings.releases
    assert release.container is not None
    assert (release.container.memory, release.container.cpus, release.container.files) == (128, 2.0, 4096)
    assert release.spec()["container"]["memory"] == 128
    assert set(release.spec()) == {"image", "size", "port", "health", "container"}
