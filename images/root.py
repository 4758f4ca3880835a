"""The folder that becomes an image's file system: files put in place with their modes, stripped, of one date.

In: files of unpacked packages. Out: a folder `root`, the same whoever builds it and when, and so the layer's digest.
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.fetch import run

DATE = 1_577_836_800  # 2020-01-01, of every file: Docker's cache and the layer's digest go by it
UNWINDING = (".eh_frame", ".eh_frame_hdr")
BOM = "usr/share/sluice/image.cdx.json"


@dataclass(frozen=True)
class Component:
    """A line of the bill of materials: a name, a version, and the package URL that scanners look it up by."""

    name: str
    version: str
    purl: str
    cpe: str = ""


@dataclass(frozen=True)
class Root:
    """The folder at `path`; the paths given to its methods are the image's, without a leading slash."""

    path: Path

    def put(self, source: Path, at: str, mode: int = 0o644) -> Path:
        """Copy a file; where it lies now."""
        return self._made(at, mode, lambda target: shutil.copyfile(source, target))

    def write(self, at: str, text: str, mode: int = 0o644) -> Path:
        """Make a file of *text*."""
        return self._made(at, mode, lambda target: target.write_text(text))

    def program(self, source: Path, at: str, stripped: bool = True) -> Path:
        """Copy a program or library; *stripped*: without its symbols, unless that makes it larger."""
        target = self.put(source, at, 0o755)
        if stripped:
            smaller = target.with_name(f".{target.name}")
            run(["strip", "-o", str(smaller), str(target)], needs="install binutils")
            if smaller.stat().st_size < target.stat().st_size:
                smaller.replace(target)
                target.chmod(0o755)
            smaller.unlink(missing_ok=True)
        return target

    def forget_unwinding(self, program: Path) -> None:
        """Put zeros for the tables by which exceptions find their way through a program's frames; they pack to nothing.

        For a program that catches none (no `.gcc_except_table`) nothing changes: what reaches it ends it, as before.
        """
        run(["objcopy", *(f"--dump-section={name}={program}{name}" for name in UNWINDING), str(program)])
        tables = [program.with_name(program.name + name) for name in UNWINDING]
        for table in tables:
            table.write_bytes(bytes(table.stat().st_size))
        run(["objcopy", *(f"--update-section={name}={program}{name}" for name in UNWINDING), str(program)])
        for table in tables:
            table.unlink()

    def link(self, at: str, to: str) -> None:
        """Make a symbolic link."""
        target = self.path / at
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(to)

    def folder(self, at: str, mode: int = 0o755) -> None:
        """Make an empty folder."""
        (self.path / at).mkdir(parents=True, exist_ok=True)
        (self.path / at).chmod(mode)

    def bill(self, of: Sequence[Component]) -> None:
        """Write what is in the image where scanners find it; without a package manager they could not tell."""
        components = [
            {"type": "library", "name": one.name, "version": one.version, "purl": one.purl, "bom-ref": one.purl}
            | ({"cpe": one.cpe} if one.cpe else {})
            for one in of
        ]
        bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
        self.write(BOM, json.dumps(bom, indent=1) + "\n")

    def finish(self) -> None:
        """Give every file and folder the one date."""
        for path in [self.path, *self.path.rglob("*")]:
            os.utime(path, (DATE, DATE), follow_symlinks=False)

    def _made(self, at: str, mode: int, make: Callable[[Path], object]) -> Path:
        target = self.path / at
        target.parent.mkdir(parents=True, exist_ok=True)
        make(target)
        target.chmod(mode)
        return target
