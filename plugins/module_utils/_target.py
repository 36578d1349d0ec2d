# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and as whom to log in, and whom to trust there, from the connection options."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import ConnectError, InputError


@dataclass(frozen=True)
class Target:
    """Where and as whom to log in; made by parse_target."""

    hostname: str
    username: str
    password: str
    port: int = 443
    validate_certs: bool = True
    ca_path: str | None = None
    proxy_host: str | None = None
    proxy_port: int | None = None

    def __repr__(self) -> str:
        # A dataclass would show the password in tracebacks.
        return f"Target({self.username}@{self.address})"

    @property
    def address(self) -> str:
        """Host and port, as errors name them."""
        via = f" through the proxy {self.proxy_host}:{self.proxy_port}" if self.proxy_host else ""
        return f"{self.hostname}:{self.port}{via}"


def parse_target(params: Mapping[str, Any]) -> Target:
    """Read the connection options. Raises InputError for what is missing or impossible."""
    for option, variable in (("hostname", "VMWARE_HOST"), ("username", "VMWARE_USER"), ("password", "VMWARE_PASSWORD")):
        if not params[option]:
            raise InputError(f"{option} is missing: set the option, or {variable} in the environment")
    for option in ("port", "proxy_port"):
        if params[option] is not None and not 0 < params[option] < 65536:
            raise InputError(f"{option}: {params[option]} is no TCP port")
    ca_path = params["ca_path"]
    if ca_path is not None and not os.path.exists(ca_path):
        raise InputError(f"ca_path: there is no file or directory '{ca_path}'")
    if params["proxy_host"] and not params["proxy_port"]:
        raise InputError("proxy_host needs proxy_port")
    return Target(
        hostname=params["hostname"],
        username=params["username"],
        password=params["password"],
        port=params["port"],
        validate_certs=params["validate_certs"],
        ca_path=ca_path,
        proxy_host=params["proxy_host"],
        proxy_port=params["proxy_port"],
    )


def tls_context(target: Target) -> ssl.SSLContext:
    """Whom to trust there. Raises ConnectError for a file that can't be used."""
    if not target.validate_certs:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if target.ca_path is None:
        return ssl.create_default_context()
    try:
        if os.path.isdir(target.ca_path):
            return ssl.create_default_context(capath=target.ca_path)
        return ssl.create_default_context(cafile=target.ca_path)
    except ssl.SSLError as error:
        raise ConnectError(f"ca_path: '{target.ca_path}' holds no certificate in PEM form") from error
