#!/usr/bin/env bash
# The plugins for expressions, and the queries of extensions/audit on the results of the same play.
set -eux

results=$(mktemp)
trap 'rm -f "${results}"' EXIT
ansible-playbook -i localhost, play.yml -e @../../integration_config.yml -e "results_file=${results}" "$@"
python audit.py ../../integration_config.yml "${results}"
