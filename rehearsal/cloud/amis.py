"""Machine images as moto's AMIs."""

from collections.abc import Mapping
from typing import cast

from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami

from rehearsal.cloud.images import Image

ROOT_DEVICE = "/dev/xvda"


def publish(images: Mapping[str, Image], ec2: EC2Backend) -> None:
    """Make *images* known to *ec2* under their ids; those that are stay."""
    for ami in images.keys() - ec2.amis.keys():
        ec2.amis[ami] = _ami(ec2, ami, images[ami].name)


def _ami(ec2: EC2Backend, ami: str, name: str) -> Ami:
    made = Ami(
        ec2,
        ami,
        name=name,
        description=f"{name}, a process of the rehearsal cloud",
        virtualization_type="hvm",
        architecture="x86_64",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name=ROOT_DEVICE,
        image_location=f"rehearsal/{name}",
    )
    return cast(Ami, made)  # the metaclass of moto's models hides the type
