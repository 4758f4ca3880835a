"""A certificate authority of the tests' own, for services on this machine."""

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from rehearsal.cloud.loopback import LOOPBACK

DAY = datetime.timedelta(days=1)
CERTIFIES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Its files are in *folder*; `trust`: what a client needs to believe what it issued."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of tests")])
        own = (
            self._begun(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(CERTIFIES, critical=True)
        )
        self._certificate = own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    @property
    def trust(self) -> ssl.SSLContext:
        """Verifies names and chains, and trusts nobody else."""
        return ssl.create_default_context(cadata=self._certificate.decode())

    def issue(self, name: str, passphrase: bytes | None = None) -> dict[str, Any]:
        """A new certificate for 127.0.0.1 and its key, in files that bear *name*: `certificate` and `key`."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._begun(subject, key).add_extension(here, critical=False).sign(self._key, hashes.SHA256())
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        paths = {"certificate": self._folder / f"{name}.pem", "key": self._folder / f"{name}.key"}
        paths["certificate"].write_bytes(made.public_bytes(Encoding.PEM))
        paths["key"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        return {what: str(path) for what, path in paths.items()}

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
