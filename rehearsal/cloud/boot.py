"""What a machine's process finds in its environment. Pure.

In: user data as an instance gets it (cloud-config), the address it is to listen at. Out: environment variables.
"""

import re
from collections.abc import Mapping

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ENV_FILE = "/etc/sluice/release.env"
LINE = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')


class UserDataError(Exception):
    """The user data is not what a machine of this program can boot with."""


def environment(base: Mapping[str, str], user_data: str, host: str, port: int) -> dict[str, str]:
    """*base*, what the user data writes for the release, and where to listen; the last wins."""
    return {**base, **release_variables(user_data), "HOST": host, "PORT": str(port)}


def release_variables(user_data: str) -> dict[str, str]:
    """The variables that cloud-config *user_data* writes into the release's environment file; none without one."""
    if not user_data.strip():
        return {}
    try:
        config = YAML(typ="safe").load(user_data)
    except YAMLError as error:
        raise UserDataError(f"the user data is not cloud-config: {error}") from error
    files = config.get("write_files", []) if isinstance(config, dict) else []
    contents = [file.get("content", "") for file in files if file.get("path") == ENV_FILE]
    return {name: value for content in contents for name, value in _variables(content).items()}


def _variables(content: str) -> dict[str, str]:
    """Of systemd's EnvironmentFile= with every value in double quotes."""
    return {name: re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for name, value in LINE.findall(content)}
