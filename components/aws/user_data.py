"""What an instance is told at its first boot: cloud-config. Pure.

In: a release and the values that every instance is given. Out: cloud-config text that writes
`/etc/sluice/release.env` and starts `sluice.service`: the machine image's own unit, or, where the release has an image,
one that runs it on the machine's Docker by digest.
"""

import json
from collections.abc import Mapping

from components.release import Release

ENV_FILE = "/etc/sluice/release.env"
UNIT_FILE = "/etc/systemd/system/sluice.service"
MOST = 16_384  # bytes EC2 takes, before they are encoded
NONE: Mapping[str, str] = {}


def variables(release: Release, bucket: str, database: Mapping[str, str] = NONE) -> dict[str, str]:
    """The environment of the release's process; a secret is named by its ARN, never by its value.

    What it is told of the *database* gives way to what the release says itself.
    """
    given = {"SLUICE_VERSION": release.version, "SLUICE_BUCKET": bucket, "HOST": "0.0.0.0", "PORT": str(release.port)}
    return {**database, **release.env, **release.secrets, **given}


def env_file(environment: Mapping[str, str]) -> str:
    """*environment* as systemd's EnvironmentFile= reads it: one quoted value a line."""
    lines = (f"{name}={_quoted(value)}\n" for name, value in sorted(environment.items()))
    return "".join(lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unit(image: str, names: list[str], port: int) -> str:
    """The systemd unit that runs *image*; Docker takes the variables *names* from the unit's own environment."""
    passed = " ".join(f"--env {name}" for name in names)
    low_port = " --cap-add NET_BIND_SERVICE" if port < 1024 else ""
    return (
        "[Unit]\n"
        "Description=One Sluice slice's container\n"
        "Requires=docker.service\n"
        "After=docker.service network-online.target\n"
        "[Service]\n"
        f"EnvironmentFile={ENV_FILE}\n"
        "ExecStartPre=-/usr/bin/docker rm --force sluice\n"
        "ExecStart=/usr/bin/docker run --rm --name sluice --network host --read-only --tmpfs /tmp --cap-drop ALL"
        f"{low_port} --security-opt no-new-privileges {passed} {image}\n"
        "ExecStop=/usr/bin/docker stop --time 30 sluice\n"
        "TimeoutStartSec=0\n"
        "Restart=always\n"
        "RestartSec=2\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"
    )


def render(release: Release, bucket: str, database: Mapping[str, str] = NONE) -> str:
    """The cloud-config of *release*; ValueError when it is larger than EC2 takes."""
    environment = variables(release, bucket, database)
    files = [{"path": ENV_FILE, "permissions": "0600", "owner": "root:root", "content": env_file(environment)}]
    if release.image:
        content = unit(release.image, sorted(environment), release.port)
        files.append({"path": UNIT_FILE, "permissions": "0644", "owner": "root:root", "content": content})
    # JSON is YAML, and quotes whatever an environment may hold. Starting must not wait for the boot that it is part of.
    config = {
        "write_files": files,
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "restart", "--no-block", "sluice.service"]],
    }
    text = f"#cloud-config\n{json.dumps(config, indent=1, ensure_ascii=False)}\n"
    if len(text.encode()) > MOST:
        raise ValueError(
            f"sluice:releases.{release.version}.env: the instance's user data would be {len(text.encode())} bytes, and "
            f"EC2 takes {MOST}; keep large values in the data layer and name where they are"
        )
    return text
