#!/bin/sh
# The steps of story.md as a test for autopkgtest: run again after each restart, with the mark that it left.
set -e
case "${AUTOPKGTEST_REBOOT_MARK:-}" in
    "")
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y kdump-tools
        /tmp/autopkgtest-reboot reserved
        ;;
    reserved)
        grep -o 'crashkernel=[^ ]*' /proc/cmdline
        systemctl start kdump-tools.service # waits until it has loaded what it loads
        kdump-config status | grep 'ready to kdump'
        /tmp/autopkgtest-reboot-prepare dumped
        sleep 3 # the last command of the preparation has not told the host yet that it ended; crashed now, the host waits for it
        sync
        echo c >/proc/sysrq-trigger
        ;;
    dumped)
        ls -l /var/crash/*/dump.*
        ;;
esac
