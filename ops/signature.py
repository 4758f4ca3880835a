"""`signature IMAGE`: what cosign signed of an image, as `release --signature` takes it.

In: the image, by digest. Out: the signature, one line. That it is by somebody who is trusted is for the program to say.
"""

from components.config_types import IMAGE
from ops.errors import ConfigError, OpsError
from pipeline import cosign
from pipeline.errors import RegistryError
from pipeline.registry import Repository


def signature(image: str) -> str:
    """What its registry has of cosign's over *image*; OpsError when it has nothing, or cannot be asked."""
    if not IMAGE.fullmatch(image):
        raise ConfigError(f"signature: {image!r:.100} is no image by digest; write repo/shop@sha256:…")
    name, _, digest = image.partition("@")
    try:
        found = Repository(name).signature(digest)
    except RegistryError as error:
        raise OpsError(str(error)) from None
    if found is None:
        raise OpsError(
            f"{name} has no signature of cosign's over {digest}: nothing is under its tag {cosign.tag_of(digest)}; run "
            f"`cosign sign --key cosign.key {image}`, with cosign 3 as docs/provenance.md shows"
        )
    return found
