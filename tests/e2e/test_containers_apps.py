"""Apps that do not behave, and what reaches an app: tags, secrets."""

import json
import secrets
import sys
import urllib.request

import pytest

from tests.e2e.conftest import ok
from tests.e2e.dock import DRAIN
from tests.e2e.refusals import AT_ONCE, PREVIEW, back, refused, release
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmoved")

OPS = (sys.executable, "-m", "ops")
SERVER = """
const {SLUICE_VERSION, PORT, HOST} = process.env;
const answering = (say) => require("node:http").createServer((ask, answer) => {
  answer.setHeader("X-Version", SLUICE_VERSION);
  say(answer);
}).listen(PORT, HOST);
"""
STUBBORN = f'{SERVER} process.on("SIGTERM", () => {{}}); answering((answer) => answer.end("ok"));'
SILENT = f"{SERVER} answering(() => {{}});"
# Says how long its secret is, and where.
KEEPER = (
    SERVER
    + """answering((answer) => {
  answer.setHeader("X-Length", require("node:fs").readFileSync("/run/secrets/DB", "utf8").length);
  answer.setHeader("X-Path", process.env.DB);
  answer.end("ok");
});"""
)


def test_a_tag_pushed_again_changes_nothing_until_a_release_names_the_new_digest(dock):
    was = dock.containers("v1")[0].image.id
    first = dock.registry.digest("shop:v1")
    dock.client.images.get("shop-test:v2").tag("shop-test", "v1")
    second = dock.registry.push(dock.client, "shop-test:v1", "shop:v1")
    assert dock.registry.digest("shop:v1") == second.partition("@")[2] != first
    dock.declare({"v1": 100}, **AT_ONCE)
    ok(dock.up("--expect-no-changes"))
    assert {one.image.id for one in dock.containers("v1")} == {was}
    release(dock, second)
    ok(dock.up())
    assert dock.ask() == (200, "v3")
    back(dock)


def test_a_container_that_exits_at_once_gets_no_share(dock):
    release(dock, dock.build("v3", app="process.exit(3);"))
    refused(dock, "v3: 0 of 2 healthy", preview=False)
    back(dock)


def test_an_app_that_never_answers_its_check_gets_no_share(dock):
    release(dock, dock.build("v3", app=SILENT))
    refused(dock, "v3: 0 of 2 healthy", preview=False)
    back(dock)


def test_an_app_that_ignores_sigterm_leaves_within_the_drain_time(dock):
    release(dock, dock.build("v3", app=STUBBORN))
    ok(dock.up())
    done = back(dock)
    # No request for the drain time, then SIGTERM and the same again; the rest is the engine's.
    assert 2 * DRAIN <= done.seconds < 2 * DRAIN + PATIENCE


def test_a_secret_reaches_the_app_as_a_file_and_is_nowhere_else(dock, tmp_path):
    canary = f"canary-{secrets.token_hex(8)}"
    file = tmp_path / "db"
    file.write_text(canary)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    file.chmod(0o644)
    release(dock, dock.build("v3", app=KEEPER), secrets={"DB": str(file)})
    said = [
        ok(dock.stage.run(*PREVIEW, "--diff")),
        ok(dock.up("--diff")),
        ok(dock.stage.run("pulumi", "stack", "export")),
    ]
    said += [ok(dock.stage.run(*OPS, "history")), ok(dock.stage.run(*OPS, "status"))]
    with urllib.request.urlopen(dock.url, timeout=PATIENCE) as answer:
        assert (answer.headers["X-Length"], answer.headers["X-Path"]) == (str(len(canary)), "/run/secrets/DB")
    for one in dock.containers("v3"):
        said += [json.dumps(one.attrs), one.logs().decode()]
        assert "DB=/run/secrets/DB" in one.attrs["Config"]["Env"]
    assert str(file) in said[2]
    assert [text for text in said if canary in text] == []
    back(dock)


def test_a_secret_whose_file_is_not_on_the_host_is_refused(dock, tmp_path):
    release(dock, dock.images["v2"], secrets={"DB": f"{tmp_path}/none"})
    refused(
        dock, f"sluice:releases.v3.secrets.DB: {tmp_path}/none cannot be mounted", "put the file there", preview=False
    )


def test_a_secret_that_the_app_may_not_read_is_refused(dock, tmp_path):
    file = tmp_path / "db"
    file.write_text("hidden")
    file.chmod(0o600)
    owner = file.stat()
    release(dock, dock.images["v2"], secrets={"DB": str(file)})
    said = (
        f"sluice:releases.v3.secrets.DB: {file} is for {owner.st_uid}:{owner.st_gid} alone (mode 600), and the app runs"
    )
    refused(dock, said, "`chown ", preview=False)
    assert dock.containers("v3") == []
