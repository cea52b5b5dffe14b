# Runs in a machine as root and prepares its disk for autopkgtest-virt-qemu, as autopkgtest's own setup-testbed does
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
# autopkgtest asks every testbed for the tools that build packages, also for a test that builds none.
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends dpkg-dev
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/autopkgtest
sync
