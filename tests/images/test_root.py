"""The folder that becomes an image: modes, one date, symbols gone where that helps."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from images.root import BOM, DATE, Component, Root


def test_everything_has_the_mode_asked_for_and_the_one_date(tmp_path):
    source = tmp_path / "source"
    source.write_text("text")
    source.chmod(0o600)
    root = Root(tmp_path / "root")
    root.put(source, "etc/file")
    root.write("etc/other", "more", 0o755)
    root.link("bin/sh", "busybox")
    root.folder("tmp", 0o1777)
    root.finish()
    found = {
        path.relative_to(root.path).as_posix(): (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_mtime)
        for path in root.path.rglob("*")
        if not path.is_symlink() and path.parent != root.path
    }
    assert found == {"etc/file": (0o644, DATE), "etc/other": (0o755, DATE)}
    assert stat.S_IMODE((root.path / "tmp").stat().st_mode) == 0o1777
    assert os.readlink(root.path / "bin" / "sh") == "busybox"
    assert (root.path / "bin" / "sh").lstat().st_mtime == DATE


def test_the_bill_is_what_scanners_read(tmp_path):
    root = Root(tmp_path)
    root.bill(
        [Component("node", "24.1.0", "pkg:generic/node@24.1.0", "cpe:2.3:a:x"), Component("m", "1", "pkg:deb/m@1")]
    )
    held = json.loads((tmp_path / BOM).read_text())
    assert (held["bomFormat"], held["specVersion"]) == ("CycloneDX", "1.5")
    assert held["components"] == [
        {
            "type": "library",
            "name": "node",
            "version": "24.1.0",
            "purl": "pkg:generic/node@24.1.0",
            "bom-ref": "pkg:generic/node@24.1.0",
            "cpe": "cpe:2.3:a:x",
        },
        {"type": "library", "name": "m", "version": "1", "purl": "pkg:deb/m@1", "bom-ref": "pkg:deb/m@1"},
    ]


@pytest.mark.skipif(not shutil.which("strip"), reason="no binutils here")
def test_a_program_still_runs_without_its_symbols_and_unwinding(tmp_path):
    root = Root(tmp_path)
    program = root.program(Path(shutil.which("true") or ""), "bin/true")
    root.forget_unwinding(program)
    assert os.spawnv(os.P_WAIT, program, ["true"]) == 0
    assert [file.name for file in program.parent.iterdir()] == ["true"]
