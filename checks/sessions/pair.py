"""A page on two machines: its own, and a second one that plays the server, on a network that has nobody else.

Both are VMs of the same target. A snippet goes to the machine that it names.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from checks.machines.hardware import mac
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.model import OWN, PEER, PEER_HOSTNAME, Outcome, Snippet
from checks.sessions.session import Session

# What an administrator would have set up before the page begins: an address each, found by the hardware's, so that it
# holds in every kernel that boots from this disk. The two disks began as one: the second gets a name and host keys of its own.
# The images mask the unit that waits for the network, since most machines have none. Here it is what makes a capture
# kernel wait for its address before it sends the dump.
SET_UP = """
set -e
printf '[Match]\\nMACAddress=%s\\n\\n[Network]\\nAddress=192.0.2.%s/24\\n' "$1" "$2" >/etc/systemd/network/10-lan.network
systemctl unmask systemd-networkd-wait-online.service
systemctl enable --now systemd-networkd.service
if [ -n "$3" ]; then
    sed -i "s/\\b$(cat /etc/hostname)\\b/$3/" /etc/hosts
    echo "$3" >/etc/hostname
    hostname "$3"
    rm -f /etc/ssh/ssh_host_*
    ssh-keygen -q -A
    systemctl try-restart ssh.service
fi
networkctl reload
for try in $(seq 60); do
    ip -brief address | grep -q "192.0.2.$2/" && exit
    sleep 1
done
exit 1
"""
SET_UP_DIGEST = hashlib.sha256(SET_UP.encode()).hexdigest()


class PairSession(Session):
    """A session on both machines; all that does not name one is about the page's own."""

    def __init__(self, own: Vm, peer: Vm, patterns: tuple[str, ...] = (), progress=lambda stage: None):
        super().__init__(own, patterns, progress)
        self.peer = Session(peer, patterns, progress)

    @property
    def machines(self) -> list:
        return [self.machine, self.peer.machine]

    def on(self, name: str | None) -> Session:
        return self.peer if name == PEER else self

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.machine.lan, ignore_errors=True)

    def open(self) -> None:
        self.peer.open()
        super().open()
        for session, hostname in ((self, ""), (self.peer, PEER_HOSTNAME)):
            place = session.machine.hardware.lan
            status, out = session.execute("sh", "-c", SET_UP, "sh", mac(place), str(place), hostname, timeout_s=180)
            if status:
                raise MachineLost(f"its network could not be set up: {out.decode(errors='replace')}")

    def settle(self) -> None:
        super().settle()
        self.peer.settle()

    def enter(self, folder: Path, packages_before: dict[str, str]) -> None:
        self.peer.enter(folder / PEER, packages_before)
        super().enter(folder / OWN, packages_before)

    def save(self, folder: Path) -> None:
        # The peer stands still from here until it is written, so what is saved of both is of one moment.
        self.peer.machine.monitor("stop")
        try:
            for name, machine in ((OWN, self.machine), (PEER, self.peer.machine)):
                (folder / name).mkdir()
                machine.save(folder / name)
        finally:
            self.peer.machine.monitor("cont")

    def new_shell(self) -> None:
        super().new_shell()
        self.peer.new_shell()

    def new_packages(self) -> dict[str, str]:
        return {**self.peer.new_packages(), **super().new_packages()}

    def leftover(self) -> str | None:
        return super().leftover() or self.peer.leftover()

    def find_dumps(self) -> list[dict]:
        return super().find_dumps() + [{**dump, "on": PEER} for dump in self.peer.find_dumps()]

    def run(self, snippet: Snippet) -> Outcome:
        return self.peer.run(snippet) if snippet.on == PEER else super().run(snippet)
