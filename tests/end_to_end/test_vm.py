"""Machines that go away, on the real VM: what comes back, what does not, and what nobody announced."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from guides import fence, this_config, this_guide

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]


def report(ran, page, snippet_id):
    return ran.out.split(f"docs/{page}.md#{snippet_id} ___")[-1].split("\n___")[0]


def test_a_crash_needs_the_pages_own_install_snippet(make_guide):
    """The quick start's own reboot and panic, without its install snippet: nobody else reserves or loads anything."""
    guide = this_guide()
    snippets = {snippet.expect: snippet.code for snippet in guide.pages["en", "quick-start"].snippets}
    body = fence("reboot", snippets["reboot"], expect="reboot") + fence("panic", snippets["crash"], expect="crash")
    make_guide.page("bare", body, machine="vm")
    ran = make_guide.guide("verify")
    assert ran.status == 1, ran.out
    assert "bare.md::reboot[debian-13] PASSED" in ran.out
    said = report(ran, "bare", "panic")
    assert "the kernel panicked (sysrq triggered crash) and stands still: no capture kernel was loaded" in said
    assert "end Kernel panic - not syncing" in said, "the end of the console is shown"
    assert "bare" not in ran.evidence


def test_what_was_not_announced_is_a_failure(make_guide):
    make_guide.page("unasked", fence("reset", "sudo systemctl reboot --force --force; sleep 100"), machine="vm")
    make_guide.page("no-reboot", fence("nothing", "true", expect="reboot", timeout=10), machine="vm")
    crash = "echo 1 | sudo tee /proc/sys/kernel/panic; echo c | sudo tee /proc/sysrq-trigger"
    make_guide.page("no-capture", fence("panic", crash, expect="crash"), machine="vm")
    make_guide.page("unasked-panic", fence("panic", "echo c | sudo tee /proc/sysrq-trigger; sleep 100"), machine="vm")
    ran = make_guide.guide("verify")
    assert ran.status == 1, ran.out
    assert "the machine went away and came back; the page does not say" in report(ran, "unasked", "reset")
    assert "the machine did not come back within 30 s" in report(ran, "no-reboot", "nothing")
    assert "no capture kernel ran in between" in report(ran, "no-capture", "panic")
    assert "the kernel panicked: sysrq triggered crash" in report(ran, "unasked-panic", "panic")
    assert ran.evidence == {}


# What a crash prints, and a file where its dump would be: the times say that one kernel panicked and another one started.
FAKE_CRASH = """
sudo sh -c 'printf "\\r\\n[ 9999.000001] Kernel panic - not syncing: x\\r\\n[ 9999.100000] CPU: 0\\r\\n" >/dev/ttyS0'
sudo sh -c 'printf "[    1.000000] kdump: capturing\\r\\n" >/dev/ttyS0'
sudo mkdir -p /var/crash/1
sudo dd if=/dev/urandom of=/var/crash/1/dump.1 bs=1M count=1 status=none
sync
sudo reboot -f
""".strip()


def test_a_crash_on_the_console_and_a_file_are_no_crash(make_guide):
    make_guide.page("fake", fence("crash", FAKE_CRASH, expect="crash"), machine="vm")
    fake_kexec = """
sudo sh -c 'cat /proc/sys/kernel/random/uuid >/run/boot_id; mount --bind /run/boot_id /proc/sys/kernel/random/boot_id'
sudo systemctl restart guide-agent.service
""".strip()
    make_guide.page("fake-kexec", fence("kexec", fake_kexec, expect="kexec"), machine="vm")
    ran = make_guide.guide("verify")
    assert ran.status == 1, ran.out
    assert "QEMU never saw a processor run in the memory that is reserved" in report(ran, "fake", "crash")
    assert "no other kernel has started" in report(ran, "fake-kexec", "kexec")
    assert ran.evidence == {}


def test_an_agent_that_is_killed_or_stopped_fails_its_page_and_no_other(make_guide):
    make_guide.page("killed", fence("kill", "sudo pkill -KILL -f loader.py; sleep 100"), machine="vm")
    make_guide.page("stopped", fence("stop", "sudo pkill -STOP -f loader.py; sleep 1", timeout=5), machine="vm")
    make_guide.page("fine", fence("echo", "echo fine"), machine="vm")
    ran = make_guide.guide("verify")
    assert ran.status == 1, ran.out
    assert "killed.md::kill[debian-13] PASSED" not in ran.out and "stopped.md::stop[debian-13] PASSED" not in ran.out
    assert set(ran.evidence) == {"fine"}


def test_a_capture_kernel_may_die_where_the_page_says_that_no_dump_is_left(make_guide):
    """With an initramfs that holds nothing it finds no root and panics; a page that does not announce that has failed."""
    reserve = """GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=128M\""""
    install = "sudo apt-get update\nsudo apt-get install -y kexec-tools\n"
    write = f"sudo tee /etc/default/grub.d/x.cfg <<'EOF'\n{reserve}\nEOF\n"
    prepare = f"{install}{write}sudo update-grub"
    # Not without any: this kernel then takes what it was left in the place of a size for one (0xcccccccccccccccc), and panics
    # before it has a console or has read panic=5.
    empty = "true | cpio --create --format=newc >empty.img"
    kexec = 'sudo kexec -p "/boot/vmlinuz-$(uname -r)" --initrd=empty.img --append="console=ttyS0 panic=5"'
    load_targets = f"{empty}\n{kexec}\necho c | sudo tee /proc/sysrq-trigger"
    make_guide.page("root", fence("prepare", prepare, timeout=300) + fence("reboot", "sudo reboot", expect="reboot"), machine="vm")
    make_guide.page("said", fence("panic", load_targets, expect="crash", dump="none", timeout=600), machine="vm", after="root")
    make_guide.page("unsaid", fence("panic", load_targets, expect="crash", timeout=600), machine="vm", after="root")
    ran = make_guide.guide("verify")
    assert set(ran.evidence) == {"root", "said"}, ran.out
    assert "the capture kernel died: VFS: Unable to mount root fs" in report(ran, "unsaid", "panic")
    entry = ran.evidence["said"]["snippets"][0]
    assert "dump" not in entry
    assert "in the capture kernel: VFS: Unable to mount root fs" in entry["panic"], entry
    assert "the capture kernel died" in entry["stages"]


def test_pages_that_follow_the_same_page_find_the_machine_as_it_left_it(make_guide):
    make_guide.page("root", fence("mark", "echo root >~/disk; sudo sh -c 'echo root >/dev/shm/memory'"), machine="vm")
    for name in ("one", "two"):
        look = fence("look", "cat ~/disk /dev/shm/memory; ls ~")
        make_guide.page(name, look + fence("change", f"echo {name} >~/{name}; sudo rm /dev/shm/memory"), machine="vm", after="root")
    ran = make_guide.guide("verify")
    assert ran.status == 0, ran.out
    for name in ("one", "two"):
        entry = ran.evidence[name]["snippets"][0]
        assert entry["output"] == "root\nroot\ndisk", entry
    boots = {entry["boot_id_before"] for page in ran.evidence.values() for entry in page["snippets"]}
    assert len(boots) == 1, "the machine is put back, not booted again"


def test_a_vm_runs_beside_somebody_elses_event_loop():
    """Playwright keeps one running in the thread that pytest runs in."""
    from checks.images.build import Builder
    from checks.machines.hardware import Hardware
    from checks.machines.vm import Vm
    from checks.targets import default_target, load_targets

    targets = load_targets(this_config())
    target = default_target(targets)
    builder = Builder(targets)
    emulator, disk = builder.emulator(target), builder.disk(target)

    async def body():
        vm = Vm(builder.engine(), emulator.tag, disk.path, Hardware(memory="512M"), "tcg")
        try:
            vm.power_on()
            vm.tick()
            for restarts in (1, 2):
                if restarts == 2:
                    vm.empty_at_restart()
                name = vm.qemu.name
                vm.monitor("system_reset")
                deadline = time.monotonic() + 120
                while len(vm.resets) < restarts and time.monotonic() < deadline:
                    vm.tick()
            return vm.monitor("query-status")["status"], vm.resets, vm.qemu.name != name
        finally:
            vm.stop()

    # in a thread of its own, since the one of this test may have such a loop already
    with ThreadPoolExecutor(1) as threads:
        status, resets, renewed = threads.submit(asyncio.run, body()).result()
    assert (status, len(resets), renewed) == ("running", 2, True), "a reset, then a power cycle: another QEMU, in a container of its own"
