# Run in a machine as root: what autopkgtest-virt-qemu asks of a disk, as autopkgtest's own setup-testbed makes it
# where there is no network: a root shell on a console of its own, and a dpkg that does not sync each file.
set -e
cat >/etc/systemd/system/autopkgtest@.service <<'UNIT'
[Unit]
Description=A root shell for autopkgtest on %I
ConditionPathExists=/dev/%I

[Service]
ExecStart=/bin/sh
StandardInput=tty-fail
StandardOutput=tty
StandardError=tty
TTYPath=/dev/%I
SendSIGHUP=yes
SuccessExitStatus=0 208 SIGHUP SIGINT SIGTERM SIGPIPE

[Install]
WantedBy=multi-user.target
UNIT
systemctl enable autopkgtest@hvc1.service
# It asks of every testbed that it can build packages, also for a test that builds none.
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends dpkg-dev
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/autopkgtest
sync
