#!/bin/sh
# Run in the emulator's container: a root as a tar becomes a disk that UEFI firmware boots.
# No loop device and no mount: mke2fs and mtools write into the file.
# $1: root.tar  $2: disk.qcow2  $3: size, as truncate takes it  $4: root UUID  $5: ESP volume id  $6: debian or ubuntu
set -eu
tar=$1 out=$2 size=$3 uuid=$4 esp=$5 vendor=$6
work=$(mktemp -d)
cd "$work"

truncate -s "$size" disk.raw
printf 'label: gpt\nstart=2048, size=131072, type=uefi, name=esp\nstart=133120, type=linux, name=root\n' | sfdisk --quiet disk.raw

# The signed chain, as the distribution's installer puts it: shim, then GRUB, then a stub that finds the root.
mkdir root
tar -xf "$tar" -C root --numeric-owner --xattrs --xattrs-include='*' --exclude='./dev/*'
mkfs.vfat -F 16 -n ESP -i "$(echo "$esp" | tr -d -)" --offset 2048 disk.raw $((131072 / 2)) 2>&1 >/dev/null
at=disk.raw@@$((2048 * 512))
shim=$(ls root/usr/lib/shim/shimx64.efi.signed* | head -n 1)
mmd -i $at ::/EFI ::/EFI/BOOT "::/EFI/$vendor"
mcopy -i $at "$shim" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i $at root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed ::/EFI/BOOT/grubx64.efi
mcopy -i $at root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed "::/EFI/$vendor/grubx64.efi"
mcopy -i $at "$shim" "::/EFI/$vendor/shimx64.efi"
printf 'search.fs_uuid %s root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' "$uuid" >stub.cfg
mcopy -i $at stub.cfg "::/EFI/$vendor/grub.cfg"
mcopy -i $at stub.cfg ::/EFI/BOOT/grub.cfg

# Until update-grub has run in the machine itself, which the first boot does.
kernel=$(basename root/boot/vmlinuz-* | sed 's/^vmlinuz-//')
cp -r root/usr/lib/grub/x86_64-efi root/boot/grub/ # as grub-install does
cat >root/boot/grub/grub.cfg <<CFG
search --no-floppy --fs-uuid --set=root $uuid
linux /boot/vmlinuz-$kernel root=UUID=$uuid ro console=ttyS0,115200 no_timer_check
initrd /boot/initrd.img-$kernel
boot
CFG
blocks=$((($(stat -c %s disk.raw) / 512 - 133120 - 2048) / 8)) # sfdisk ends the partition on a whole MiB
mke2fs -q -t ext4 -b 4096 -U "$uuid" -L root -E offset=$((133120 * 512)) -d root disk.raw "$blocks"
qemu-img convert -O qcow2 -o cluster_size=64k,lazy_refcounts=on disk.raw "$out"
cd /
rm -rf "$work"
