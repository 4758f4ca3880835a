"""What a machine's process finds in its environment. Pure.

In: user data as an instance gets it (cloud-config), the address it is to listen at. Out: environment variables.
"""

import re
from collections.abc import Mapping

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ENV_FILE = "/etc/sluice/release.env"
UNIT_FILE = "/etc/systemd/system/sluice.service"
UNIT = "SLUICE_UNIT"  # what user data writes there, for a machine that has Docker
LINE = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')


class UserDataError(Exception):
    """The user data is not what a machine of this program can boot with."""


def environment(base: Mapping[str, str], user_data: str, host: str, port: int) -> dict[str, str]:
    """*base*, what the user data writes for the release, and where to listen; the last wins."""
    return {**base, **release_variables(user_data), "HOST": host, "PORT": str(port)}


def release_variables(user_data: str) -> dict[str, str]:
    """The variables that cloud-config *user_data* writes into the release's environment file, none without one; and
    the unit, where it writes that.
    """
    if not user_data.strip():
        return {}
    try:
        config = YAML(typ="safe").load(user_data)
    except YAMLError as error:
        raise UserDataError(f"the user data is not cloud-config: {error}") from error
    files = config.get("write_files", []) if isinstance(config, dict) else []
    written = {file.get("path"): file.get("content", "") for file in files}
    unit = {UNIT: written[UNIT_FILE]} if UNIT_FILE in written else {}
    return {**_variables(written.get(ENV_FILE, "")), **unit}


def _variables(content: str) -> dict[str, str]:
    """Of systemd's EnvironmentFile= with every value in double quotes."""
    return {name: re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for name, value in LINE.findall(content)}
