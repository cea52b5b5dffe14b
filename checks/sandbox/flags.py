"""The engine's flags that keep a container apart from the host: those that each container gets, and those that are tried first.

What a host allows differs: a file system without quotas, a kernel without mounts that map owners, an engine that is
not root. So what may be refused is tried in a container, and left out, with a message, where this host refuses it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checks.host import write_whole
from checks.sandbox import calls, seccomp

PROXIES = ("ALL_PROXY", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
# The host's owners that root and the users of page containers are mapped to, and the one that QEMU runs as. Nobody
# assigns numbers above 1879048191 (systemd's "Users, Groups, UIDs and GIDs on systemd systems").
FIRST_OWNER, OWNERS = 1_900_000_000, 65536
QEMU_OWNER = FIRST_OWNER + OWNERS
# Runtimes with a kernel of their own between the container and the host's kernel; the container's root is not the host's.
STRONGER_RUNTIMES = ("runsc", "kata-runtime", "kata")
# What the engine would otherwise write into files of the host's /run, which no limit of the container's counts.
FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 lab\n::1 localhost ip6-localhost\n",
    "/etc/hostname": "lab\n",
    "/etc/resolv.conf": "",
    "/run/.containerenv": "",
}


@dataclass(frozen=True)
class Protection:
    """Something that a host may refuse: what it is, and the flags for it. ``keeps_files``: the probe must also see the files."""

    name: str
    flags: tuple[str, ...]
    expected: bool = True  # A refusal is worth a message.
    keeps_files: bool = False


def always(program: str) -> tuple[str, ...]:
    """What every container gets: no variables of the host, and no second copy of its output in the engine's log."""
    if program == "podman":
        return ("--log-driver=none", "--http-proxy=false", "--env-host=false")
    return ("--log-driver=none", *_without_docker_proxies())


def _without_docker_proxies() -> tuple[str, ...]:
    """Empty variables in place of the proxies that docker's own configuration gives to each container."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        proxies = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("proxies")
    except (OSError, ValueError, AttributeError):
        return ()
    names = [*PROXIES, *(name.lower() for name in PROXIES)]
    return tuple(f"--env={name}=" for name in names) if proxies else ()


def protections(program: str, folder: Path, disk_mib: int, files: int) -> list[Protection]:
    """What is tried for page containers, in this order. ``folder`` takes the files that the flags name."""
    podman = program == "podman"
    found = [
        Protection("the engine's files read-only", tuple(_files(podman, folder))),
        Protection("64 MiB of /dev/shm", ("--shm-size=64m",)),
        Protection("a cgroup namespace of its own", ("--cgroupns=private",), expected=False),
    ]
    if podman and (profile := seccomp.write_profile(folder)):
        found.append(Protection("the restricted system calls", (f"--security-opt=seccomp={profile}",)))
    if podman and os.geteuid() == 0:  # An ordinary user's containers are in a user namespace anyway.
        mapped = f"0:{FIRST_OWNER}:{OWNERS}"
        found.append(Protection("a user namespace of its own", (f"--uidmap={mapped}", f"--gidmap={mapped}")))
    # Most file systems have no quotas for folders: there the disk is counted by the clock (container.py) only.
    quota = f"--storage-opt=size={disk_mib}m"
    found.append(Protection("a quota", (quota, f"--storage-opt=inodes={files}") if podman else (quota,), expected=False))
    return found


def _files(podman: bool, folder: Path) -> list[str]:
    flags = []
    for place, text in FILES.items():
        if place.startswith("/run/") and not podman:
            continue
        file = folder / f"container{place.replace('/', '-')}"
        write_whole(file, text.encode())
        file.chmod(0o644)
        flags.append(f"--volume={file}:{place}:ro")
    return flags


def runtimes(program: str) -> list[Protection]:
    """The runtimes of this host that put a kernel of their own below a container; $GUIDE_RUNTIME names the only one that is tried."""
    if named := os.environ.get("GUIDE_RUNTIME"):
        return [Protection(f"the runtime {named}", (f"--runtime={named}",), keeps_files=True)]
    if program == "podman":
        names = [name for name in STRONGER_RUNTIMES if shutil.which(name)]
    else:
        listed = calls.call(program, "info", "--format", "{{json .Runtimes}}").stdout
        names = [name for name in STRONGER_RUNTIMES if f'"{name}"' in listed]
    return [Protection(f"the runtime {name}", (f"--runtime={name}",), keeps_files=True) for name in names]


def choose(
    stronger: list[Protection], protections: list[Protection], refusal: Callable[[tuple[str, ...], bool], str | None]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The flags that this host takes, and what it refuses: {name: its own words}.

    At most one runtime of ``stronger`` is taken, the first that works. ``refusal`` starts a container with these flags
    and returns None when the container works; its second argument says whether the files that the container has
    written must be seen from outside, too, as a saved state needs it.
    """
    refused: dict[str, str] = {}
    everything = tuple(flag for protection in protections for flag in protection.flags)
    if not stronger and refusal(everything, False) is None:
        return everything, refused
    taken: tuple[str, ...] = ()
    for protection in stronger:
        error = refusal(protection.flags, protection.keeps_files)
        if error is None:
            taken = protection.flags
            break
        refused[protection.name] = error
    for protection in protections:
        error = refusal((*taken, *protection.flags), protection.keeps_files)
        if error is None:
            taken = (*taken, *protection.flags)
        elif protection.expected:
            refused[protection.name] = error
    return taken, refused
