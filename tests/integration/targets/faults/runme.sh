#!/usr/bin/env bash
# Servers that are no vCenter; cancelled jobs, by real playbooks and while vCenter hangs; guests that are waited for in
# vain; machines that change while they wait; then the table of what comes of each trouble, compared with the committed one.
set -eu

root=$(python -c 'import json; print(json.load(open("../../integration_config.yml"))["sim_collection_path"])')
oldest=$(python -c 'import json; print(json.load(open("../../integration_config.yml"))["oldest_ansible"])')
python hangup.py "${root}"
python cancel.py "${root}" "${oldest}"
python hanging.py "${root}"
python deleted.py "${root}"
python queued.py "${root}"
python together.py "${root}"
python table.py "${root}"
