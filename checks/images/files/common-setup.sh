#!/bin/sh
# A mmdebstrap hook: the login, and the pool that `apt install` finds without a network.
# $1: the root being made. POOL: packages whose closure the pool holds.
set -eu
root=$1

chroot "$root" useradd --create-home --shell /bin/bash --comment "The reader" reader
echo 'reader ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/reader"
chmod 440 "$root/etc/sudoers.d/reader"
echo 'LANG=C.UTF-8' >"$root/etc/default/locale"

mkdir -p "$root/srv/pool"
if [ -n "${POOL:-}" ]; then
    # With what is installed here taken into account, recommended packages as on a reader's machine.
    # shellcheck disable=SC2086 # one word a package
    APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install --yes --download-only -o APT::Install-Recommends=true \
        -o Dir::Cache::archives="$root/srv/pool" $POOL
fi
rm -rf "$root/srv/pool/partial" "$root/srv/pool/lock"
chroot "$root" sh -c 'cd /srv/pool && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release'
# The mirror's name stays out of the image: outputs would show it, and a snippet could not reach it.
rm -f "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/*
rm -rf "$root"/var/lib/apt/lists/*
mkdir -p "$root/var/lib/apt/lists/partial"
echo 'deb [trusted=yes] file:/srv/pool ./' >"$root/etc/apt/sources.list.d/pool.list"
