#!/usr/bin/env bash
# ansible-test runs this in a copy of the target, with its own ansible-playbook first on PATH.
set -eu
exec python scenarios.py ../../integration_config.yml
