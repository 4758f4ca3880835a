"""GitHub would take the workflows: actionlint, built from its Go module by the toolchain that `make setup` knows."""

import os
import subprocess
from pathlib import Path

import pytest

from rehearsal import engine, engine_source

ROOT = Path(__file__).resolve().parents[1]
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"


def test_actionlint_finds_nothing():
    go = engine_source.go_command(engine.cache(), lambda _: None)
    files = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))
    done = subprocess.run(
        [go, "run", ACTIONLINT, "-shellcheck=", "-pyflakes=", *files],
        cwd=ROOT,
        env={**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "no required module" in done.stderr or "dial tcp" in done.stderr:
        pytest.skip(f"actionlint could not be had: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr
