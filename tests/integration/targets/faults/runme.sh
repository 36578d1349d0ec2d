#!/usr/bin/env bash
# The table of what comes of each trouble, compared with the committed one; then cancelled jobs, by real playbooks.
set -eu

root=$(python -c 'import json; print(json.load(open("../../integration_config.yml"))["sim_collection_path"])')
python cancel.py "${root}"
python table.py "${root}"
