"""What an instance is told at its first boot."""

import re
import shutil
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.aws.user_data import ENV_FILE, MOST, UNIT_FILE, env_file, render, unit, variables
from components.config_types import UNWRITABLE
from components.release import Release

IMAGE = f"repo/shop@sha256:{'0' * 64}"
PLAIN = Release(version="v1", ami="ami-1", env={"LOG": "debug"}, secrets={"DB": "arn:aws:secretsmanager:db"})
CONTAINER = Release(version="v1", ami="ami-1", image=IMAGE, env={"LOG": 'say "hi"', "A": "€ 😀\\"})
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
# What the config lets through: anything but control characters, line separators and what is no character.
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cn"))).filter(lambda value: not UNWRITABLE.search(value))


def environment(text: str) -> dict[str, str]:
    """systemd.exec(5) on EnvironmentFile=: a line is NAME=VALUE; within double quotes a backslash takes the meaning
    from ``"``, ``\\``, `````, ``$`` and a line break, and stays itself before anything else.
    """
    found = {}
    for line in re.findall(r'[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\]|\\.)*"\n', text, re.DOTALL):
        name, _, quoted = line.partition("=")
        found[name] = re.sub(r'\\(["\\`$])', r"\1", quoted[1:-2])
        text = text.replace(line, "", 1)
    assert text == "", f"not understood: {text!r}"
    return found


def told(release: Release) -> dict[str, dict[str, str]]:
    """The files that *release*'s instances write, read as YAML as cloud-init does."""
    config = yaml.safe_load(render(release, "our-bucket"))
    return {file["path"]: file for file in config["write_files"]}


def test_a_process_is_given_its_environment_and_what_every_slice_is_given():
    assert variables(PLAIN, "our-bucket") == {
        "LOG": "debug",
        "DB": "arn:aws:secretsmanager:db",
        "SLUICE_VERSION": "v1",
        "SLUICE_BUCKET": "our-bucket",
        "HOST": "0.0.0.0",
        "PORT": "8080",
    }


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("debug", 'A="debug"\n'),
        ("", 'A=""\n'),
        (" two  words ", 'A=" two  words "\n'),
        ('say "hi"', 'A="say \\"hi\\""\n'),
        ("C:\\new", 'A="C:\\\\new"\n'),
        ("$HOME `id` # ; '", 'A="$HOME `id` # ; \'"\n'),
    ],
)
def test_values_are_quoted_for_systemd(value, line):
    assert env_file({"A": value}) == line


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_systemd_reads_what_the_release_says(values):
    assert environment(env_file(values)) == values


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_values_survive_cloud_init_and_systemd(values):
    release = Release(version="v1", ami="ami-1", env=values)
    read = environment(told(release)[ENV_FILE]["content"])
    assert read == variables(release, "our-bucket")


def test_only_root_reads_the_environment():
    assert (told(PLAIN)[ENV_FILE]["permissions"], told(PLAIN)[ENV_FILE]["owner"]) == ("0600", "root:root")


def test_a_machine_image_brings_its_own_unit():
    assert set(told(PLAIN)) == {ENV_FILE}


def test_an_image_is_run_by_a_unit_of_ours_by_its_digest_with_nothing_it_needs_not():
    (start,) = [line for line in told(CONTAINER)[UNIT_FILE]["content"].splitlines() if line.startswith("ExecStart=")]
    assert start == (
        "ExecStart=/usr/bin/docker run --rm --name sluice --network host --read-only --tmpfs /tmp --cap-drop ALL "
        "--security-opt no-new-privileges --env A --env HOST --env LOG --env PORT --env SLUICE_BUCKET "
        f"--env SLUICE_VERSION {IMAGE}"
    )


def test_the_unit_names_variables_and_never_holds_their_values():
    content = told(CONTAINER)[UNIT_FILE]["content"]
    assert f"EnvironmentFile={ENV_FILE}\n" in content
    assert "hi" not in content


def test_starting_does_not_wait_for_the_boot_that_it_is_part_of():
    assert yaml.safe_load(render(PLAIN, "our-bucket"))["runcmd"] == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "restart", "--no-block", "sluice.service"],
    ]


def test_one_release_is_always_told_the_same():
    turned = Release(version="v1", ami="ami-1", env={"B": "2", "A": "1"})
    assert render(turned, "b") == render(Release(version="v1", ami="ami-1", env={"A": "1", "B": "2"}), "b")


def largest(size: int) -> Release:
    """A release whose user data has *size* bytes."""
    empty = Release(version="v1", ami="ami-1", env={"A": ""})
    return Release(version="v1", ami="ami-1", env={"A": "x" * (size - len(render(empty, "b").encode()))})


def test_as_much_as_ec2_takes_is_rendered():
    assert len(render(largest(MOST), "b").encode()) == 16_384


def test_more_than_ec2_takes_is_refused():
    with pytest.raises(ValueError, match=r"sluice:releases.v1.env: .* would be 16385 bytes, and EC2 takes 16384; keep"):
        render(largest(MOST + 1), "b")


@pytest.mark.parametrize("release", [PLAIN, CONTAINER], ids=["machine image", "container"])
def test_cloud_init_finds_no_fault(release, tmp_path):
    if shutil.which("cloud-init") is None:
        pytest.skip("cloud-init is not installed here (Debian's package cloud-init)")
    file = tmp_path / "user-data"
    file.write_text(render(release, "our-bucket"))
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Valid" in done.stdout


def test_systemd_finds_no_fault_with_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    docker = tmp_path / "docker.service"
    docker.write_text("[Service]\nExecStart=/bin/true\n")
    file = tmp_path / "sluice.service"
    here = shutil.which("true") or "/bin/true"
    file.write_text(unit(IMAGE, ["A", "PORT"], 80).replace("/usr/bin/docker", here))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "sluice" in line]) == (0, [])


@pytest.mark.parametrize(("port", "may_bind"), [(80, True), (1023, True), (1024, False), (8080, False)])
def test_a_container_may_bind_a_low_port_only_where_it_has_one(port, may_bind):
    assert ("--cap-add NET_BIND_SERVICE" in unit(IMAGE, ["PORT"], port)) == may_bind
