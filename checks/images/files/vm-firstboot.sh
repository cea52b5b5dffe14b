# What a machine does once, in its first minutes, done here so that a page does not wait for it.
set -e
update-grub
systemctl is-system-running --wait || true
journalctl --flush
sync
