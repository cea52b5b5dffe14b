#!/bin/sh
# A mmdebstrap hook: the wheels beside this script's folder go into the root, and pip finds them without a network.
# $1: the root being made.
set -eu
root=$1

mkdir -p "$root/srv/wheels"
cp wheels/*.whl "$root/srv/wheels/"
chmod 644 "$root"/srv/wheels/*.whl
printf '[global]\nno-index = true\nfind-links = /srv/wheels\ndisable-pip-version-check = true\n' >"$root/etc/pip.conf"
