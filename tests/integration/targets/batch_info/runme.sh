#!/usr/bin/env bash
set -eux
ansible-playbook -i hosts.ini play.yml -e strategy=linear -e lockstep=true "$@"
ansible-playbook -i hosts.ini play.yml -e strategy=ansible.builtin.free -e lockstep=false "$@"
ansible-playbook -i hosts.ini play.yml -e strategy=host_pinned -e lockstep=false --forks 3 -e forks=3 "$@"
# A group that spans batches fails on every host of the first batch, so nothing of the second one begins.
ansible-playbook -i hosts.ini spans.yml "$@" >spans.out 2>&1 && exit 1
grep -qF "spans serial batches: 'b' is in batch 1, and 'c' in batch 2" spans.out
grep -q "^a .*failed=1" spans.out
grep -q "^b .*failed=1" spans.out
if grep -q "^c " spans.out; then exit 1; fi
