"""What single values of the stack's config must look like. Pure.

In: a decoded value. Out: the value, in range, or a reason that an error message can show. A field's example is what
that message tells the user to write instead.
"""

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

RESERVED = ("SLUICE_VERSION", "SLUICE_BUCKET", "HOST", "PORT")  # variables every instance is given anyway

AMI = re.compile(r"ami-[0-9a-f]{8,17}")
IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}")
VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
DURATION = re.compile(r"(\d+)(s|m|h)")
NAME = "service name: 2 to 20 of a-z, 0-9 and hyphens, a letter first; internal- and sg- in front are AWS's own"
GROUP_ARN = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+"
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]")  # YAML or systemd would change it
BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)"
SIGNED = f"(?:[a-z][a-z0-9-]{{0,31}}:[A-Za-z0-9+/]{{86}}==|cosign:{BASE64}:{BASE64})"
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(value: object) -> object:
    """Seconds of a duration such as `90s`, `5m` or `1h`; a whole number counts as seconds."""
    if isinstance(value, str) and (match := DURATION.fullmatch(value)):
        return int(match[1]) * UNITS[match[2]]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("it is no duration")


def text(pattern: str, what: str) -> BeforeValidator:
    """A validator for text that matches *pattern* as a whole; the error says that it is no *what*."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"it is no {what}")
        return value

    return BeforeValidator(check)


def _ami(value: object) -> object:
    if isinstance(value, str) and value.startswith("resolve:ssm:"):
        raise ValueError("it is looked up anew at each launch, so the slice would drift")
    if not isinstance(value, str) or not AMI.fullmatch(value):
        raise ValueError("it is no AMI id")
    return value


def _image(value: object) -> object:
    if isinstance(value, str) and re.search(r":[\w.-]+$", value) and "@" not in value:
        raise ValueError("a tag can be moved to another image later")
    if not isinstance(value, str) or not IMAGE.fullmatch(value):
        raise ValueError("it is no repository with a digest")
    return value


def _variable(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it is not text; put it in quotes")
    if UNWRITABLE.search(value):
        raise ValueError(
            "it holds a line break or another control character, which an environment file cannot; write it encoded, "
            "such as in base64"
        )
    return value


def _variable_name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("it is no name of an environment variable; write letters, digits and underscores")
    if value in RESERVED:
        raise ValueError("it is set by the program itself; write another name")
    return value


def _block(value: object) -> object:
    try:
        block = ipaddress.IPv4Network(value) if isinstance(value, str) else None
    except ValueError:
        block = None
    if block is None or block.prefixlen != 16:
        raise ValueError("it is no /16 network")
    return str(block)


Duration = Annotated[int, BeforeValidator(seconds)]
Port = Annotated[int, Field(ge=1, le=65535, strict=True, examples=[8080])]
HealthPath = Annotated[
    str, text(r"/[!-~]{0,1023}", "path: it begins with / and has no spaces"), Field(examples=["/healthz"])
]
Size = Annotated[int, Field(ge=1, le=100, strict=True, examples=[2])]
Boot = Annotated[Duration, Field(ge=0, le=7200, examples=["300s"])]
InstanceType = Annotated[str, text(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "instance type"), Field(examples=["t3.small"])]
RootDevice = Annotated[str, text(r"/dev/[a-z0-9]{2,20}", "device name"), Field(examples=["/dev/xvda"])]
Arn = Annotated[str, text(r"arn:aws[a-z-]*(:[!-~]*){4}", "ARN")]
Secret = Annotated[
    str,
    text(r"arn:aws[a-z-]*(:[!-~]*){4}|/[!-~]+", "ARN, nor path of a file on the host"),
    Field(examples=["arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"]),
]
SchemaVersion = Annotated[int, Field(strict=True)]
VariableName = Annotated[str, BeforeValidator(_variable_name)]
SubnetId = Annotated[str, text(r"subnet-[0-9a-f]{8,17}", "subnet id")]
Variable = Annotated[str, BeforeValidator(_variable)]
Ami = Annotated[str, BeforeValidator(_ami)]
Image = Annotated[str, BeforeValidator(_image)]
Name = Annotated[str, text(r"(?!internal-|sg-)[a-z][a-z0-9-]{0,18}[a-z0-9]", NAME)]
TargetGroupArn = Annotated[str, text(GROUP_ARN, "target group's ARN")]
Cidr = Annotated[str, BeforeValidator(_block)]
VpcId = Annotated[str, text(r"vpc-[0-9a-f]{8,17}", "VPC id")]
BucketName = Annotated[str, text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "bucket name")]
Place = Annotated[
    str, text(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?[!-~]*|(?![a-z0-9]+://)[^\x00]{1,1024}", "folder or s3:// URL")
]
BuilderName = Annotated[str, text(r"[a-z][a-z0-9-]{0,31}", "name of a builder")]
Signature = Annotated[
    str,
    text(
        rf"{SIGNED}( {SIGNED})*", "builder with its signature in base64, nor cosign:PAYLOAD:SIGNATURE, both in base64"
    ),
]
HostName = Annotated[str, text(r"[A-Za-z0-9*?.-]{1,128}", "host name")]
