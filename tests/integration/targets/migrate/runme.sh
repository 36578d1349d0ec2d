#!/usr/bin/env bash
# A playbook for the community's modules is rewritten, and then runs against a simulated vCenter.
set -eux

config=../../integration_config.yml
sim_path=$(python -c "import json; print(json.load(open('${config}'))['sim_path'])")
migrate=$(python -c "import json; print(json.load(open('${config}'))['sim_collection_path'])")/extensions/migrate/migrate.py

cp files/old.yml.txt play.yml
python "${migrate}" --write play.yml
python "${migrate}" --write play.yml | (! grep .)
(! grep community play.yml)
python "${sim_path}/simctl.py" exec -vms 1 -name-format web-%02d -- \
    ansible-playbook -i localhost, -c local -e "ansible_python_interpreter=$(command -v python)" play.yml "$@"
