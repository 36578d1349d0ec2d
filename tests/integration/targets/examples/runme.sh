#!/usr/bin/env bash
# Every example of the documentation, run for real; examples.py says how.
set -eux

config=../../integration_config.yml
PYTHONPATH=$(python -c "import json; print(json.load(open('${config}'))['sim_path'])")
export PYTHONPATH

python examples.py "${config}" "$@"
