"""A gap of moto's closed: a disk that a launch template gives no size takes the image's, as on EC2."""

from typing import Any

from moto.ec2.models import EC2Backend

IMAGE_SIZE = 8  # GiB; what moto gives an instance whose template names no disk


def sized_by_the_image(ec2: EC2Backend) -> None:
    """Have *ec2* make the volumes of such templates, which moto refuses."""
    create: Any = ec2.create_volume  # its annotation does not know that a size may be left to a snapshot

    def create_volume(*, size: int | None = None, snapshot_id: str | None = None, **more: Any) -> Any:
        return create(size=size or (None if snapshot_id else IMAGE_SIZE), snapshot_id=snapshot_id, **more)

    # An attribute of this one backend; moto itself stays as it is.
    ec2.create_volume = create_volume  # pyright: ignore[reportAttributeAccessIssue]
