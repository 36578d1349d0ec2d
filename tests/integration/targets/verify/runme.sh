#!/usr/bin/env bash
# Not a role target: its name would mean the collection's own role.
set -eu
PYTHONPATH="../setup_guests" exec python scenarios.py ../../integration_config.yml "${SAVEPOINT_SCENARIO:-}"
