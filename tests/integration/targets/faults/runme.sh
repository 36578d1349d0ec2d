#!/usr/bin/env bash
# Cancelled jobs, by real playbooks; guests that are waited for in vain; then the table of what comes of each trouble,
# compared with the committed one.
set -eu

root=$(python -c 'import json; print(json.load(open("../../integration_config.yml"))["sim_collection_path"])')
python cancel.py "${root}"
python guests.py "${root}"
python table.py "${root}"
