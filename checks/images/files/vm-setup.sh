#!/bin/sh
# A mmdebstrap hook: what makes a root a machine that boots by itself. $1: the root being made.
# LOADER: the file that waits for the agent.
set -eu
root=$1

# As the distributions' cloud images have it: a serial console, no menu to wait for. no_timer_check, as Fedora's
# have it: where the processor is emulated and the host is busy, the kernel's test of its timer misses the few ticks
# that it waits for, and panics ("IO-APIC + timer doesn't work!"). Under KVM the kernel leaves the test out by itself.
# No crashkernel=: putting it there is what the guide shows.
mkdir -p "$root/etc/default/grub.d"
cat >"$root/etc/default/grub.d/10-serial-console.cfg" <<'CFG'
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200 no_timer_check"
GRUB_TERMINAL=console
GRUB_TIMEOUT=0
CFG

# The runner's end of the line: a loader that is told over the wire what to run.
mkdir -p "$root/usr/local/lib/guide"
cp "$LOADER" "$root/usr/local/lib/guide/loader.py"
cat >"$root/etc/systemd/system/guide-agent.service" <<'UNIT'
[Unit]
Description=The documentation runner's end of the line
After=systemd-user-sessions.service
ConditionPathExists=/dev/virtio-ports/guide.agent

[Service]
ExecStart=/usr/bin/python3 -u /usr/local/lib/guide/loader.py /dev/virtio-ports/guide.agent
Restart=always
KillMode=process

[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../guide-agent.service "$root/etc/systemd/system/multi-user.target.wants/guide-agent.service"

# Nothing here has a network or a keyboard: what waits for them only costs time. So does what a clock starts: a machine
# that is taken up from a state a week old would do all its daily work at once, in the middle of a page.
for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer man-db.timer e2scrub_all.timer \
    e2scrub_reap.service motd-news.timer dpkg-db-backup.timer logrotate.timer fstrim.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
