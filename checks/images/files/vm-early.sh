#!/bin/sh
# A mmdebstrap hook, before the kernel is installed: its initrd holds the fsck that fstab asks for.
# $1: the root being made. ROOT_UUID, ESP_ID: of the file systems that vm-disk.sh will make.
set -eu
root=$1

echo lab >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 lab\n::1 localhost ip6-localhost\n' >"$root/etc/hosts"
cat >"$root/etc/fstab" <<TAB
UUID=$ROOT_UUID /         ext4 errors=remount-ro 0 1
UUID=$ESP_ID                            /boot/efi vfat umask=0077        0 1
TAB
mkdir -p "$root/boot/efi" "$root/boot/grub"

