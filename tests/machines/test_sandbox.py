"""Page containers from inside: what they may not do, may not see, and may not write. Each case is a row of a table."""

from __future__ import annotations

import os
import resource
import uuid
from pathlib import Path

import pytest
from guides import this_config

from checks.images.build import Builder
from checks.machines.container import Container, ContainerLimits
from checks.machines.machine import MachineLost
from checks.model import Outcome, Snippet
from checks.sandbox.flags import FIRST_OWNER
from checks.sessions.session import Session
from checks.targets import choose_target, load_targets

pytestmark = [pytest.mark.container, pytest.mark.usefixtures("nothing_left")]

SMALL = ContainerLimits(disk_mib=96, files=2000)
SECRET = "http://user:SECRET@proxy.invalid:3128"


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder(load_targets(this_config()))


def new_session(builder: Builder, **options) -> Session:
    image = builder.container(choose_target(builder.targets, None))
    return Session(Container(builder.engine(), image.tag, **options))


def run(session: Session, code: str, timeout_s: float = 60) -> Outcome:
    return session.run(Snippet("page", "s", "bash", code, Path("page.md"), 1, 1, timeout_s=timeout_s))


@pytest.fixture(scope="module")
def session(builder):
    """A container as a page with sudo gets it, started where the environment has proxies with a password."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ftp_proxy", "no_proxy"), SECRET))
    made = new_session(builder)
    try:
        made.open()
        yield made
    finally:
        os.environ.clear()
        os.environ.update(before)
        made.close()


def python(code: str) -> str:
    return f"python3 - <<'END'\n{code}\nEND"


def call(number: int, *arguments: str) -> str:
    """A program that makes one system call (its number on x86-64) and prints the error's name, or "done"."""
    words = ", ".join([str(number), *arguments])
    return python(
        f"import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\ndone = libc.syscall({words})\n"
        "print('done' if done >= 0 else errno.errorcode[ctypes.get_errno()])"
    )


# name -> (what the reader types, what it prints)
DENIED = {
    "a user namespace": ("unshare --user true 2>&1 || true", "unshare: unshare failed: Operation not permitted"),
    "a user namespace by clone": (call(56, "0x10000011", "0", "0", "0", "0"), "ENOSYS"),
    "a user namespace by clone3": (call(435, "0", "0"), "ENOSYS"),
    "a user namespace as root": (
        "sudo unshare --user --map-root-user true 2>&1 || true",
        "unshare: unshare failed: Operation not permitted",
    ),
    "a mount namespace": ("sudo unshare --mount true 2>&1 || true", "unshare: unshare failed: Operation not permitted"),
    "another's namespaces": (call(308, "0", "0"), "EPERM"),
    "AF_VSOCK": (python("import socket\ntry:\n socket.socket(40, 1)\nexcept OSError as error:\n print(error.errno)"), "38"),
    "AF_ALG": (python("import socket\ntry:\n socket.socket(38, 5)\nexcept OSError as error:\n print(error.errno)"), "38"),
    "AF_PACKET": (python("import socket\ntry:\n socket.socket(17, 3)\nexcept OSError as error:\n print(error.errno)"), "38"),
    "add_key": (call(248, "b'user'", "b'name'", "b'x'", "1", "-4"), "EPERM"),
    "request_key": (call(249, "b'user'", "b'name'", "0", "-4"), "EPERM"),
    "keyctl": (call(250, "0", "-4", "0"), "EPERM"),
    "bpf": (call(321, "0", "0", "0"), "EPERM"),
    "io_uring": (call(425, "1", "0"), "ENOSYS"),
    "userfaultfd": (call(323, "0"), "EPERM"),
    "perf_event_open": (call(298, "0", "0", "0", "0", "0"), "EPERM"),
    "mount": ("sudo mount -t tmpfs none /mnt 2>&1 | grep -o 'permission denied'", "permission denied"),
    "a device": ("sudo mknod /tmp/device b 254 0 2>&1 | grep -o 'Operation not permitted'", "Operation not permitted"),
    "the clock": ("sudo date -s 2020-01-01 2>&1 | grep -o 'Operation not permitted'", "Operation not permitted"),
    "modules": (call(175, "0", "0", "b''"), "EPERM"),
}
# What a page needs still works.
ALLOWED = {
    "sudo": ("sudo id -un", "root"),
    "threads": (python("import threading\nthread = threading.Thread(target=print, args=['ran'])\nthread.start()\nthread.join()"), "ran"),
    "a child": (python("import os\nprint(os.waitpid(os.spawnlp(os.P_NOWAIT, 'true', 'true'), 0)[1])"), "0"),
    "local sockets": (python("import socket\nleft, right = socket.socketpair()\nleft.send(b'x')\nprint(right.recv(1))"), "b'x'"),
    "the own name": ("hostname; getent hosts lab | tr -s ' '", "lab\n127.0.1.1 lab"),
    "packages' users": ("sudo useradd --system somebody && id -un somebody", "somebody"),
    "a program's capabilities": ("sudo apt-config shell x y 2>&1; sudo chown 1234:1234 ~/.profile; stat -c %u ~/.profile", "1234"),
}
# What is of the host, and is not seen.
UNSEEN = {
    "proxies": ("env | grep -i proxy || true; sudo env | grep -i proxy || true", ""),
    "name servers": ("grep -c nameserver /etc/resolv.conf || true", "0"),
    "the host's name": ("grep -c containers.internal /etc/hosts || true", "0"),
    "what the engine tells": ("sudo cat /run/.containerenv", ""),
    "the network": ("ls /sys/class/net", "lo"),
}
# The engine's files in the host's /run take nothing.
UNWRITTEN = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv")
TABLE = {
    **DENIED,
    **ALLOWED,
    **UNSEEN,
    **{place: (f"echo x | sudo tee -a {place} >/dev/null 2>&1 && echo written || echo refused", "refused") for place in UNWRITTEN},
}


@pytest.mark.parametrize("name", TABLE)
def test_from_inside(name, session):
    code, printed = TABLE[name]
    outcome = run(session, code)
    assert outcome.failure is None, outcome
    assert outcome.output.decode().strip() == printed


def test_root_inside_is_nobody_outside(session):
    """Where the engine is root: a user namespace of its own, and the image's files are still root's inside."""
    if os.geteuid() != 0 or session.machine.engine.program != "podman":
        pytest.skip("only root's podman maps owners")
    assert run(session, "cat /proc/self/uid_map").output.split() == [b"0", str(FIRST_OWNER).encode(), b"65536"]
    for descriptor in (0, 2, 3):
        write = f"echo '{{}}' | sudo tee /proc/1/fd/{descriptor} >/dev/null 2>&1 && echo written || echo refused"
        assert run(session, write).output == b"refused\n", "the agent's lines belong to the host's root"
    assert run(session, "stat -c %u:%g /etc/passwd /usr/bin/sudo").output.split() == [b"0:0", b"0:0"]


def test_a_page_without_sudo_cannot_get_new_privileges(builder):
    session = new_session(builder, becomes_root=False)
    try:
        session.open()
        assert run(session, "grep NoNewPrivs /proc/self/status; sudo id 2>/dev/null || echo no").output == b"NoNewPrivs:\t1\nno\n"
    finally:
        session.close()


PRINTING = "(while sleep 0.02; do echo x; done) &\n"
# name -> (what the page does, what the report says)
GREEDY = {
    "writes quietly": ("head -c 900M /dev/zero >big; sleep 60", "wrote more than 96 MiB"),
    "writes and prints": (f"{PRINTING}head -c 900M /dev/zero >big; sleep 60", "wrote more than 96 MiB"),
    "many files of many sizes": ("for i in $(seq 1000); do head -c 900K /dev/zero >f$i; done; sleep 60", "wrote more than 96 MiB"),
    "a deleted file": ("exec 7>gone; rm gone; head -c 900M /dev/zero >&7; sleep 60", "wrote more than 96 MiB"),
    "many files": ("mkdir many; cd many; seq 3000 | xargs touch; sleep 60", "has more than 2000 files of its own"),
    "many folders, printing": (f"{PRINTING}seq 3000 | xargs mkdir; sleep 60", "has more than 2000 files of its own"),
    "many links": ("seq 3000 | xargs -I N ln -s / N; sleep 60", "has more than 2000 files of its own"),
    "folders too deep": (
        python("import os, time\nfor _ in range(40):\n os.mkdir('d' * 200)\n os.chdir('d' * 200)\nopen('big', 'w')\ntime.sleep(60)"),
        "what it keeps on the disk cannot be counted: a folder cannot be looked into: File name too long",
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_what_takes_too_much_is_ended(name, builder):
    code, words = GREEDY[name]
    session = new_session(builder, limits=SMALL)
    try:
        session.open()
        outcome = run(session, code, timeout_s=300)
        assert outcome.failure and words in outcome.failure, outcome.failure
    finally:
        session.close()


@pytest.mark.parametrize("place", ["/dev/shm/big", "/dev/big"])
def test_what_is_memory_has_a_size_of_its_own(place, session):
    outcome = run(session, f"sudo sh -c 'head -c 200M /dev/zero >{place}' 2>&1; sudo stat -c %s {place}; sudo rm {place}")
    *_, size = outcome.output.split()
    assert b"No space left on device" in outcome.output and int(size) <= 64 << 20


def test_a_saved_container_has_the_owners_modes_and_capabilities_that_it_had(builder, tmp_path):
    """podman 4 saves the owners that files have on the host, where the container had a user namespace of its own."""
    make = """
echo mine >~/mine
sudo install -m 4755 /usr/bin/id /usr/local/bin/as-root
sudo useradd --system other
sudo install -o other -g other -m 640 /etc/hostname /srv/theirs
sudo cp /bin/true /usr/local/bin/able
sudo python3 -c 'import os, struct
os.setxattr("/usr/local/bin/able", "security.capability", struct.pack("<5I", 0x2000001, 64, 0, 0, 0))'
"""
    look = (
        "stat -c '%U %G %a' ~/mine /usr/local/bin/as-root /srv/theirs /srv; as-root -u; sudo -n true\n"
        'python3 -c \'import os; print(os.getxattr("/usr/local/bin/able", "security.capability").hex())\''
    )
    tag = f"localhost/guide-checks/test-{uuid.uuid4().hex[:12]}:latest"
    session = new_session(builder)
    try:
        session.open()
        assert run(session, make).failure is None
        before = run(session, look)
        assert before.failure is None, before
        session.save(tmp_path, tag)
        assert run(session, look).output == before.output, "the container goes on"
    finally:
        session.close()
    restored = Session(Container(builder.engine(), tag))
    try:
        restored.open()
        after = run(restored, look)
        assert after.failure is None and after.output == before.output
    finally:
        restored.close()
        builder.engine().call("rmi", tag, check=False)


def test_what_root_prints_past_the_agent_does_not_fill_the_runners_memory(session):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert run(session, "sudo sh -c 'head -c 400M /dev/zero >/proc/1/fd/2' || true").failure is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # KiB


def test_a_container_that_has_written_much_is_not_saved(builder, monkeypatch, tmp_path):
    monkeypatch.setattr("checks.machines.container.STATE_AT_MOST_MIB", 16)
    session = new_session(builder, limits=SMALL)
    try:
        session.open()
        assert run(session, "head -c 32M /dev/zero >file").failure is None
        with pytest.raises(MachineLost, match="the container has written .* MiB; up to 16 MiB are saved"):
            session.save(tmp_path, "localhost/guide-checks/test:none")
    finally:
        session.close()


def test_a_disk_that_is_nearly_full_ends_the_page(builder, monkeypatch):
    session = new_session(builder)
    try:
        session.open()
        assert session.machine.exhausted() is None
        monkeypatch.setattr("checks.sandbox.usage.free", lambda folder: type("Left", (), {"bytes": 5 << 20, "files": 9})())
        assert "has 5 MiB and 9 files left, and keeps 1024 MiB" in (session.machine.exhausted() or "")
    finally:
        session.close()
