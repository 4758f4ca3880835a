"""A slice is made of nothing that holds data."""

from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pytest
from pulumi import ResourceOptions

from components import stateless

HELD: Any = {"type": "volume", "source": "shop-data", "target": "/data"}


class Below(pulumi.ComponentResource):
    """A slice in which something is made."""

    def __init__(self, make) -> None:
        super().__init__("sluice:docker:Slice", "shop-v1", None, ResourceOptions(transformations=[stateless.only]))
        make(ResourceOptions(parent=self))
        self.register_outputs({})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda opts: aws.s3.Bucket("uploads", opts=opts),
            r"uploads: a slice is deleted .* aws:s3/bucket:Bucket is not .*; make it in the data layer",
        ),
        (lambda opts: docker.Volume("uploads", opts=opts), "uploads: a slice is deleted .* docker:index/volume:Volume"),
        (
            lambda opts: docker.Container("app", image="x", mounts=[HELD], opts=opts),
            "app: it would write to shop-data, and a slice holds no data; mount it with read_only",
        ),
        (
            lambda opts: docker.Container("app", image="x", volumes=[{"container_path": "/data"}], opts=opts),
            "app: a slice has no `volumes` of its own",
        ),
    ],
)
def test_what_holds_data_is_refused_inside_a_slice(cloud, make, said):
    with pytest.raises(pulumi.RunError, match=said):
        cloud.deploy(lambda: Below(make))
    assert [one.name for one in cloud.custom] == []


def test_what_it_only_reads_and_what_goes_with_it_are_let_through(cloud):
    mounts: Any = [{**HELD, "read_only": True}, {"type": "tmpfs", "source": "", "target": "/tmp"}]
    cloud.deploy(lambda: Below(lambda opts: docker.Container("app", image="x", mounts=mounts, opts=opts)))
    assert [one.name for one in cloud.custom] == ["app"]


def test_the_program_holds_its_slices_to_it(deploy, monkeypatch):
    seen = []
    monkeypatch.setattr(stateless, "only", lambda args: seen.append(args.type_))
    deploy()
    assert set(seen) == {one for one in stateless.STATELESS if one.startswith(("aws:", "sluice:aws:"))}
