"""The sample service as an image; that it serves is seen by every test of containers."""

import pytest

from rehearsal.docker import sample
from rehearsal.docker.errors import SampleError


def test_why_it_does_not_build_is_said(docker_client):
    with pytest.raises(SampleError, match=r"shop-test:odd does not build on sluice/node:latest, .*NONSENSE"):
        sample.build(docker_client, "shop-test:odd", "NONSENSE yes")
