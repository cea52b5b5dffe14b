"""The system calls of page containers: podman's default list without what no snippet needs and attacks on kernels use.

podman's default lets a container make user namespaces. In one of its own a process has every capability, and with
them reaches parts of the kernel that an ordinary user never does. docker's default is built into docker, which keeps
it; how much of this list a version of docker forbids by itself has not been tried.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from checks.host import write_whole
from checks.model import GuideError

# Where podman looks for the list, in podman's own order.
PROFILES = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
EPERM, ENOSYS = 1, 38

# User namespaces; keys, which no namespace separates; programs in the kernel; parts of the kernel with many faults.
FORBIDDEN = (
    "add_key", "bpf", "kcmp", "keyctl", "lookup_dcookie", "nfsservctl", "perf_event_open", "process_madvise", "request_key", "setns",
    "unshare", "userfaultfd", "vmsplice",
)  # fmt: skip
# Programs that find these missing use older calls. A filter cannot look at the flags of clone3, which are in memory,
# and not at the arguments of the two calls that 32-bit programs use for all of their sockets and IPC.
MISSING = ("clone3", "io_uring_enter", "io_uring_register", "io_uring_setup", "socketcall")
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (linux/sched.h).
NAMESPACES = 0x7E020000
# AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK (linux/socket.h). So there is no AF_VSOCK (40), which reaches the hypervisor.
FAMILIES = (1, 2, 10, 16)


def restricted(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile in the form of containers-common, without FORBIDDEN, MISSING, namespaces, and sockets of other families."""
    removed = {*FORBIDDEN, *MISSING, "clone", "socket"}
    rules = []
    for rule in profile["syscalls"]:
        names = [name for name in rule["names"] if name not in removed]
        if names:
            rules.append({**rule, "names": names})
    rules += [
        {"names": list(FORBIDDEN), "action": "SCMP_ACT_ERRNO", "errnoRet": EPERM},
        {"names": list(MISSING), "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS},
        _allow("clone", 0, NAMESPACES, "SCMP_CMP_MASKED_EQ"),
        # One rule a family: conditions on one argument within one rule would be joined by "and".
        *(_allow("socket", 0, family, "SCMP_CMP_EQ") for family in FAMILIES),
    ]
    return {**profile, "syscalls": rules}


def _allow(name: str, index: int, value: int, operator: str) -> dict[str, Any]:
    return {
        "names": [name],
        "action": "SCMP_ACT_ALLOW",
        "args": [{"index": index, "value": value, "valueTwo": 0, "op": operator}],
    }


def write_profile(folder: Path, profiles: tuple[Path, ...] = PROFILES) -> Path | None:
    """Write the restricted profile of this host's podman into ``folder``; its path, or None where podman has no profile.

    Raises GuideError for a profile that is not in the form of containers-common.
    """
    found = next((path for path in profiles if path.is_file()), None)
    if found is None:
        return None
    try:
        text = json.dumps(restricted(json.loads(found.read_text(encoding="utf-8"))), indent=1)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GuideError(f"{found}: expected podman's list of system calls, found something else ({error!r})") from None
    path = folder / f"seccomp-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    write_whole(path, text.encode())
    return path
