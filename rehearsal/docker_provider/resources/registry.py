"""Every resource type the stand-in serves, by its token."""

from rehearsal.docker_provider.resources import container, network, remote_image, tag, volume

TYPES = {
    one.token: one for one in (container.CONTAINER, network.NETWORK, volume.VOLUME, remote_image.REMOTE_IMAGE, tag.TAG)
}
