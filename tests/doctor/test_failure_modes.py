"""The failure modes that the guide's authors collected from public reports: what the doctor finds of each, and what it cannot see."""

from __future__ import annotations

import pytest
from made import doctor, sections

# Number and symptom as in the list of failure modes; the findings of which at least one names it. A finding leads to its section.
MODES = {
    "1 nothing is reserved": [
        "reservation.size",
        "reservation.range",
        "reservation.large",
        "reservation.zero",
        "reservation.none",
        "reservation.said",
    ],
    "2 no crashkernel= on the command line": ["cmdline.reboot", "cmdline.lost", "cmdline.menu", "cmdline.file", "cmdline.loader"],
    "3 too little is reserved": ["reservation.tiny", "reservation.low", "service.vanished"],
    "4 refused by Secure Boot or lockdown": ["capture.lockdown", "locks.old-call", "locks.unsigned"],
    "5 kexec_load_disabled": ["capture.disabled", "locks.disabled"],
    "6 makedumpfile is older than the kernel": ["makedumpfile.old", "makedumpfile.tail"],
    "7 free pages are kept": ["makedumpfile.free"],
    "8 slab pages are left out": ["makedumpfile.slab"],
    "9 crash is older than the kernel": ["dumps.crash"],
    "10 the wrong vmlinux": ["dumps.symbols"],
    "11 no package of symbols": ["dumps.symbols"],
    "12 drgn is too old for the flattened format": ["dumps.drgn"],
    "14 no capture initramfs": ["packages.builder", "capture.initrd-file", "packages.next-builder"],
    "16 += in the settings": ["settings.plus", "settings.dollar"],
    "17 an encrypted disk": ["encryption.root", "encryption.folder", "encryption.argon", "encryption.covered"],
    "18 the initramfs cannot be built": ["capture.said", "packages.builder"],
    "19 not enabled by the installer": ["packages.none", "settings.off"],
    "20 the capture kernel dies in a driver": ["service.vanished"],
    "21 the machine hangs after the crash": ["service.vanished"],
    "22 the server cannot be reached": ["remote.reach", "remote.host", "remote.key", "service.last"],
    "23 the memory is still missing": ["packages.left"],
    "25 a watchdog in the middle of the dump": ["watchdog.active"],
    "full disk": ["space.none", "service.last", "dumps.incomplete"],
    "wrong MAKEDUMP_ARGS, an empty dump": ["settings.arguments", "dumps.empty"],
    "a dump that is cut off or no dump": ["dumps.cut", "dumps.other"],
    "KDUMP_KERNEL that is no kernel": ["capture.format"],
    "USE_KDUMP=0, with or without a capture kernel": ["settings.off", "settings.off-loaded"],
    "a service that is stopped, disabled or masked": ["capture.stopped", "capture.off", "service.off"],
    "an initramfs or settings newer than what is loaded": ["capture.stale-initrd", "capture.stale-settings", "capture.outdated"],
    "a boot menu that loses it at the next boot": ["boot.lost", "boot.loses", "boot.none", "boot.stale"],
}
# Mistakes at a prompt: the machine is not at fault, so there is nothing to see in it.
UNSEEN = {
    "13 gdb is given a compressed dump",
    "15 load although it is loaded",
    "24 sudo echo c > /proc/sysrq-trigger",
    "26 virsh dump without --memory-only",
}


@pytest.mark.parametrize("mode", MODES)
def test_the_findings_of_a_failure_mode_lead_to_sections(mode):
    assert MODES[mode]
    for kind in MODES[mode]:
        cure = doctor.FINDINGS[kind].cure
        assert cure == "{page}" or all(cure in sections(language) for language in ("en", "zh")), kind


def test_all_of_the_list_are_there_and_few_are_unseen():
    numbers = {int(mode.split()[0]) for mode in [*MODES, *UNSEEN] if mode[0].isdigit()}
    assert numbers == set(range(1, 27))
    assert len(UNSEEN) <= 4
