#!/usr/bin/env bash
# Not a role target: its name would mean the collection's own role.
set -eux

ANSIBLE_ROLES_PATH=.. ansible-playbook -i "${INVENTORY_PATH}" -e @../../integration_config.yml play.yml "$@"
