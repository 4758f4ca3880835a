"""The Dockerfiles keep to what scanners ask of them; the ids are checkov's, trivy's and Docker Bench's.

What a built image inherits, and that nothing in it is setuid (Bench 4.8), is seen in `node/test_root.py`.
"""

import json
import re
from pathlib import Path

import pytest

IMAGES = Path(__file__).parents[2] / "images"
ALL = sorted(file.relative_to(IMAGES).as_posix() for file in IMAGES.rglob("Dockerfile"))
BASES = [file for file in ALL if "example" not in file]  # what is layered on one inherits user and health check
SECRET = re.compile(r"passw|secret|token|api_?key|private_?key|credential", re.IGNORECASE)
UNSAFE = re.compile(r"NODE_TLS_REJECT_UNAUTHORIZED|strict-ssl|--allow-untrusted|--no-check-certificate|--insecure|-k ")


def instructions(file):
    """The file's instructions in order, without comments, continued lines joined: (name, what follows)."""
    text = re.sub(r"^#.*\n", "", (IMAGES / file).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def every(file, name):
    """What follows each instruction of that name."""
    return [rest for one, rest in instructions(file) if one == name]


def test_the_files_are_found():
    assert ALL == [
        "node/Dockerfile",
        "node/alpine/Dockerfile",
        "node/example/Dockerfile",
        "postgres/Dockerfile",
        "router/Dockerfile",
    ]


@pytest.mark.parametrize("file", BASES)
def test_the_last_user_is_a_number_and_not_root(file):  # CKV_DOCKER_3, CKV_DOCKER_8, DS-0002, Bench 4.1
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", every(file, "USER")[-1])


@pytest.mark.parametrize("file", BASES)
def test_health_is_checked_by_a_program_that_is_there(file):  # CKV_DOCKER_2, DS-0026, Bench 4.6
    (check,) = every(file, "HEALTHCHECK")
    options, _, command = check.partition("CMD ")
    assert json.loads(command)[0] in ("/usr/bin/node", "/bin/wget", "/usr/lib/postgresql/bin/pg_isready")
    assert {name for name, _ in re.findall(r"--([a-z-]+)=(\d+s?)", options)} == {
        "interval",
        "timeout",
        "start-period",
        "retries",
    }


@pytest.mark.parametrize("file", ALL)
def test_a_base_has_a_version(file):  # CKV_DOCKER_7, DS-0001
    for base in every(file, "FROM"):
        assert base == "scratch" or re.match(r"[a-z/]+:\d[\w.-]*( AS \w+)?$", base)


@pytest.mark.parametrize("file", ALL)
def test_files_are_copied_not_added(file):  # CKV_DOCKER_4, DS-0005, Bench 4.9
    assert every(file, "ADD") == []
    assert every(file, "COPY") != []


@pytest.mark.parametrize("file", ALL)
def test_no_secret_is_in_the_environment_or_an_argument(file):  # DS-0031, Bench 4.10
    assert [one for name in ("ENV", "ARG", "LABEL") for one in every(file, name) if SECRET.search(one)] == []


@pytest.mark.parametrize("file", ALL)
def test_no_port_of_sshd_or_below_1024_is_exposed(file):  # CKV_DOCKER_1, DS-0004
    assert [one for one in every(file, "EXPOSE") if int(one) < 1024] == []


@pytest.mark.parametrize("file", ALL)
def test_packages_leave_no_cache_and_no_check_is_turned_off(file):  # DS-0025, CKV2_DOCKER_6, _7, _12, _13
    for command in every(file, "RUN"):
        assert command.count("apk add") == command.count("apk add --no-cache")
    assert UNSAFE.search((IMAGES / file).read_text()) is None


@pytest.mark.parametrize("file", [one for one in BASES if one != "postgres/Dockerfile"])
def test_the_program_is_process_1_and_told_by_sigterm(file):  # a shell in between would keep the signal
    assert every(file, "STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(every(file, "ENTRYPOINT")[0])[0] in ("/usr/bin/node", "/usr/bin/envoy")


def test_postgres_takes_the_place_of_what_starts_it_and_is_told_by_sigint():  # SIGTERM waits for every client
    assert every("postgres/Dockerfile", "STOPSIGNAL") == ["SIGINT"]
    assert (IMAGES / "postgres" / "start.sh").read_text().endswith('\nexec "$@"\n')


@pytest.mark.parametrize("file", ["node/Dockerfile", "postgres/Dockerfile", "router/Dockerfile"])
def test_the_context_holds_only_what_is_put_together_for_it(file):
    ignored = (IMAGES / file).with_name(".dockerignore").read_text()
    assert "\n*\n" in ignored
    allowed = {line[1:] for line in ignored.splitlines() if line.startswith("!")}
    sources = {one.split()[-2].rstrip("/") for one in every(file, "COPY")}
    assert sources <= allowed


def test_the_alpine_one_behaves_as_the_other():
    same = ("ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT")
    ours, theirs = ([(name, every(f"{one}/Dockerfile", name)) for name in same] for one in ("node", "node/alpine"))
    assert ours == theirs
