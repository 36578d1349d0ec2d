#!/usr/bin/env bash
# On a simulated vCenter of its own: taking a thousand machines away again would last longer than the test.
set -eux

sim_path=$(python -c 'import json; print(json.load(open("../../integration_config.yml"))["sim_path"])')

ANSIBLE_LOOKUP_PLUGINS=../setup_simulator/lookup_plugins python "${sim_path}/simctl.py" exec -vms 1000 -name-format scale-%04d -- \
    ansible-playbook -i "${INVENTORY_PATH}" scale.yml "$@"

python "${sim_path}/simctl.py" exec -vms 80 -hosts 2 -datastores 1 -duration removeSnapshot=2s -- python sharing.py
python growth.py "${sim_path}"
