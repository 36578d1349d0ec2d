#!/usr/bin/env bash
# ansible-test runs this in a copy of the target, with its own ansible-playbook first on PATH.
set -eu
exec python trust.py ../../integration_config.yml "${SAVEPOINT_SCENARIO:-}"
