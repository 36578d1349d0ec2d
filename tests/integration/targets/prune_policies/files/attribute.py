"""Reads and sets custom attributes, as somebody at the vSphere Client would.

attribute.py set VM NAME VALUE, or attribute.py record, which prints the root folder's as JSON. vCenter is found by the
VMWARE_* variables.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
from typing import Any

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim


def connect() -> Any:
    return SmartConnect(
        host=os.environ["VMWARE_HOST"],
        user=os.environ["VMWARE_USER"],
        pwd=os.environ["VMWARE_PASSWORD"],
        port=int(os.environ["VMWARE_PORT"]),
        sslContext=ssl.create_default_context(cafile=os.environ["VMWARE_CA_PATH"]),
    )


def set_attribute(content: Any, name: str, attribute: str, value: str) -> None:
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    [machine] = [each for each in view.view if each.name == name]
    manager = content.customFieldsManager
    keys = [entry.key for entry in manager.field or () if entry.name == attribute]
    if not keys:
        keys = [manager.AddCustomFieldDef(name=attribute, moType=vim.VirtualMachine).key]
    manager.SetField(entity=machine, key=keys[0], value=value)


def read_root(content: Any) -> dict[str, str]:
    names = {entry.key: entry.name for entry in content.customFieldsManager.field or ()}
    return {names[entry.key]: entry.value for entry in content.rootFolder.customValue or ()}


def main(command: str, *words: str) -> None:
    session = connect()
    content = session.RetrieveContent()
    if command == "set":
        set_attribute(content, *words)
    else:
        print(json.dumps(read_root(content)))
    Disconnect(session)


if __name__ == "__main__":
    main(*sys.argv[1:])
