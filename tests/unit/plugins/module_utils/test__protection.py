# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import (
    backup_product,
    protections,
    refusal,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import node, one, tree

PRODUCTS = [
    ("VEEAM BACKUP TEMPORARY SNAPSHOT", "Veeam"),
    ("Veeam Replica Working Snapshot", "Veeam"),
    ("veeam_backup_1", "Veeam"),
    ("__GX_BACKUP__", "Commvault"),
    ("__GX_FAILOVER__7", "Commvault"),
    ("__GX_TESTBOOT__", "Commvault"),
    ("SP_2_GX_BACKUP_1", "Commvault"),
    ("NBU_SNAPSHOT host 1700000000", "NetBackup"),
    ("rubrik_snapshot", "Rubrik"),
    ("smvi_2f1a", "NetApp SnapManager"),
    ("_VCB-BACKUP_", "VMware Consolidated Backup"),
    ("VCB-1", "VMware Consolidated Backup"),
    ("VCD-snapshot-1", "VMware Cloud Director"),
    ("Consolidate Helper- 0", "vSphere's own consolidation"),
]


@pytest.mark.parametrize(("name", "product"), PRODUCTS)
def test_a_backup_products_snapshot_is_known_by_its_name(name: str, product: str) -> None:
    assert backup_product(one(name)) == product
    assert protections(one(name)) == (f"it belongs to a backup or replication product ({product})",)


@pytest.mark.parametrize("name", ["before the update", "my smvi_1", "VCBench", "gx backup", "", "consolidate me"])
def test_other_names_belong_to_no_product(name: str) -> None:
    assert backup_product(one(name)) is None
    assert protections(one(name)) == ()


def test_a_line_break_does_not_hide_a_product() -> None:
    assert backup_product(one("VEEAM BACKUP\nTEMPORARY SNAPSHOT")) == "Veeam"


def test_holding_a_backup_products_snapshot_does_not_make_it_ours() -> None:
    held = one("VEEAM BACKUP TEMPORARY SNAPSHOT", marker=Marker(hold=True))
    assert protections(held) == ("on hold", "it belongs to a backup or replication product (Veeam)")


def test_a_managed_snapshot_is_ours_whatever_its_name() -> None:
    assert protections(one("before-veeam-upgrade", marker=Marker(set="CHG1"))) == ()


@pytest.mark.parametrize(
    ("raw", "reasons"),
    [
        ("[savepoint set=A hold]", ("on hold",)),
        ("[savepoint hold]", ("on hold",)),
        ("[savepoint set=A]", ()),
        ("[savepoint set=A hold=no]", ("its savepoint marker does not parse ('hold' takes no value)",)),
        ("[savepoint was here", ("its savepoint marker does not parse (it does not have the form",)),
    ],
)
def test_hold_and_a_marker_that_does_not_parse_protect(raw: str, reasons: tuple[str, ...]) -> None:
    found = protections(one(raw=f"text\n{raw}"))
    assert len(found) == len(reasons)
    assert all(reason.startswith(start) for reason, start in zip(found, reasons, strict=True))


def test_all_the_reasons_are_given() -> None:
    assert len(protections(one("VEEAM BACKUP TEMPORARY SNAPSHOT", raw="[savepoint"))) == 2


def test_a_refusal_names_the_first_that_stands_in_the_way_and_the_way_out() -> None:
    snapshots = tree(node(1), node(2, marker=Marker(hold=True)), node(3, raw="[savepoint"))
    assert refusal(snapshots) == f"snapshot {snapshots[1].label} is protected: on hold; force: true overrides"
    assert refusal(snapshots[:1]) is None
    assert refusal(()) is None
