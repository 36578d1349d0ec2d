"""Prints the custom attributes of vCenter's root folder as JSON. vCenter is found by the VMWARE_* variables."""

from __future__ import annotations

import json
import os
import ssl

from pyVim.connect import Disconnect, SmartConnect


def main() -> None:
    session = SmartConnect(
        host=os.environ["VMWARE_HOST"],
        user=os.environ["VMWARE_USER"],
        pwd=os.environ["VMWARE_PASSWORD"],
        port=int(os.environ["VMWARE_PORT"]),
        sslContext=ssl.create_default_context(cafile=os.environ["VMWARE_CA_PATH"]),
    )
    content = session.RetrieveContent()
    names = {entry.key: entry.name for entry in content.customFieldsManager.field or ()}
    print(json.dumps({names[entry.key]: entry.value for entry in content.rootFolder.customValue or ()}))
    Disconnect(session)


if __name__ == "__main__":
    main()
