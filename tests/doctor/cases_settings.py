"""What can be wrong in the settings, with the room for a dump, and with the dumps that are there."""

from __future__ import annotations

from cases import case
from made import MIB, Made, dump

# ---- settings


@case("settings.missing")
def _(made: Made):
    made.remove("/etc/default/kdump-tools")
    made.unload("")


@case("settings.off")
def _(made: Made):
    made.change("/etc/default/kdump-tools", "USE_KDUMP=1", "USE_KDUMP=0")
    made.unload("USE_KDUMP is not set or zero ... failed!\n")


@case("settings.off")
def commented_out(made: Made):
    made.change("/etc/default/kdump-tools", "USE_KDUMP=1", "#USE_KDUMP=1")
    made.unload("")


@case("settings.off-loaded")
def _(made: Made):
    made.change("/etc/default/kdump-tools", "USE_KDUMP=1", "USE_KDUMP=0")


@case("settings.crlf")
def _(made: Made):
    made.write("/etc/default/kdump-tools", made.text("/etc/default/kdump-tools").replace("\n", "\r\n"))
    made.unload("")


@case("settings.quote")
def _(made: Made):
    made.change("/etc/default/kdump-tools", 'KDUMP_COREDIR="/var/crash"', 'KDUMP_COREDIR="/var/crash')
    made.unload("")


@case("settings.syntax")
def _(made: Made):
    made.settings("MAKEDUMP_ARGS=(-c -d 31)")
    made.unload("")


@case("settings.sh")
def if_without_fi(made: Made):
    made.settings('if [ -e /etc/site ]; then\nMAKEDUMP_ARGS="-c -d 17"')
    made.commands["sh -n"] = '/etc/default/kdump-tools: 9: Syntax error: end of file unexpected (expecting "fi")\n'
    made.unload("")


@case("settings.plus")
def _(made: Made):
    made.settings('KDUMP_CMDLINE_APPEND+=" panic=10"')


@case("settings.dollar")
def _(made: Made):
    made.settings('KDUMP_CMDLINE_APPEND="$KDUMP_CMDLINE_APPEND panic=10"')


@case("settings.command")
def spaces(made: Made):
    made.settings('SSH = "dumps@192.0.2.2"')


@case("settings.command")
def no_quotes(made: Made):
    made.settings("MAKEDUMP_ARGS=-c -d 31")


@case("settings.unknown")
def gone(made: Made):
    made.settings("KDUMP_SYSCTL=kernel.panic_on_oops=1")


@case("settings.unknown")
def misspelled(made: Made):
    made.settings("KDUMP_COREDIRR=/srv/crash")


@case("settings.arguments")
def a_wrong_option(made: Made):
    made.settings('MAKEDUMP_ARGS="-c -d 31 --wrong"')


@case("settings.arguments")
def two_that_exclude_each_other(made: Made):
    made.settings('MAKEDUMP_ARGS="-E -c -d 31"')


@case("settings.folder")
def _(made: Made):
    made.settings("KDUMP_COREDIR=crash")


@case("settings.targets")
def _(made: Made):
    made.settings("NFS=192.0.2.2:/var/crash", "FTP=192.0.2.3")
    made.write("/usr/sbin/mount.nfs", "#!")
    made.write("/bin/busybox", "#!")


@case("settings.nfs")
def _(made: Made):
    made.settings("NFS=192.0.2.2")
    made.write("/usr/sbin/mount.nfs", "#!")


@case("settings.fail-cmd")
def _(made: Made):
    made.settings("KDUMP_FAIL_CMD=\"echo 'makedumpfile FAILED.'; /bin/bash; reboot -f\"")


@case("settings.fail-file")
def _(made: Made):
    made.settings("KDUMP_FAIL_CMD=/usr/local/sbin/kdump-failed")
    made.write("/usr/local/sbin/kdump-failed", "#!/bin/sh\n")


@case("settings.compression")
def unknown(made: Made):
    made.settings("KDUMP_COMPRESSION=zstd")


@case("settings.compression")
def not_installed(made: Made):
    made.settings("KDUMP_COMPRESSION=lz4")


@case("settings.number")
def _(made: Made):
    made.settings("KDUMP_NUM_DUMPS=two")


# ---- disk space


@case("space.none", free=30 * MIB)
def _(made: Made):
    pass


@case("space.little", free=150 * MIB)
def _(made: Made):
    pass


@case("space.files", space=(2**33, 0, False))
def _(made: Made):
    pass


@case("space.read-only", space=(2**33, 100, True))
def _(made: Made):
    pass


@case("space.volatile")
def _(made: Made):
    made.write("/proc/self/mountinfo", made.text("/proc/self/mountinfo") + "24 22 0:30 / /var/crash rw - tmpfs tmpfs rw\n")


@case("space.hangs", hangs={"/var/crash"})
def _(made: Made):
    pass


# ---- dumps


@case("dumps.empty")
def _(made: Made):
    made.write("/var/crash/202611300000/dump.202611300000", b"", mode=0o600)


@case("dumps.cut")
def _(made: Made):
    made.write("/var/crash/202611300000/dump.202611300000", dump()[:-16], mode=0o600)


@case("dumps.other")
def _(made: Made):
    made.write("/var/crash/202611300000/dump.202611300000", b"\x13\x37" * 100, mode=0o600)


@case("dumps.incomplete")
def _(made: Made):
    made.write("/var/crash/202611300000/dump-incomplete", dump()[:-1])
