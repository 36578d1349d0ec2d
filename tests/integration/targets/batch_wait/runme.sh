#!/usr/bin/env bash
set -eux
ansible-playbook -i a,b,c, play.yml --forks 3 "$@"
ansible-playbook -i a,b,c, play.yml --forks 3 --check "$@"
