"""A page on two machines: its own, and a second one that plays the server, on a network that has nobody else.

Both are VMs of the same target. Each snippet goes to the machine that it names with ``data-on``.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from checks.machines.hardware import mac
from checks.machines.machine import Machine, MachineLost
from checks.machines.vm import Vm
from checks.model import OWN, PEER, PEER_HOSTNAME, Dump, Outcome, Snippet
from checks.sessions.session import Session

# What an administrator would have set up before the page begins: an address for each VM, found by its MAC address, so
# that the setting holds in every kernel that boots from the disk. Both disks began as one image: the second VM gets a
# host name and host keys of its own. The images mask the unit that waits for the network, since most VMs have no
# network; on this one it makes the capture kernel wait for its address before it sends the dump.
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
SET_UP_TIMEOUT_S = 600


class PairSession(Session):
    """A session on both machines; what names no machine is about the page's own."""

    def __init__(self, own: Vm, peer: Vm, dump_patterns: tuple[str, ...] = ()):
        super().__init__(own, dump_patterns)
        self.own_vm, self.peer_vm = own, peer
        self.peer = Session(peer, dump_patterns)

    @property
    def machines(self) -> list[Machine]:
        """The page's own machine, then the second one."""
        return [self.own_vm, self.peer_vm]

    def on(self, name: str | None) -> Session:
        """The session on the second machine for "peer"; this session for None."""
        return self.peer if name == PEER else self

    def open(self) -> None:
        """Start both machines and set up their network."""
        self.peer.open()
        super().open()
        for session, vm, hostname in ((self, self.own_vm, ""), (self.peer, self.peer_vm, PEER_HOSTNAME)):
            place = vm.hardware.lan
            assert place is not None
            status, output = session.execute("sh", "-c", SET_UP, "sh", mac(place), str(place), hostname, timeout_s=SET_UP_TIMEOUT_S)
            if status:
                raise MachineLost(f"the network of the two machines could not be set up: {output.decode(errors='replace')}")

    def settle(self) -> None:
        """Wait until both systems have started all their services."""
        super().settle()
        self.peer.settle()

    def restore(self, folder: Path, packages_before: dict[str, str]) -> None:
        """Start both machines as the state in ``folder``."""
        self.peer.restore(folder / PEER, packages_before)
        super().restore(folder / OWN, packages_before)

    def save(self, folder: Path, image_tag: str = "") -> None:
        """Save both machines as they are at one moment: the second machine is paused until both are saved."""
        self.peer_vm.monitor("stop")
        try:
            for name, vm in ((OWN, self.own_vm), (PEER, self.peer_vm)):
                (folder / name).mkdir()
                vm.save(folder / name)
        finally:
            self.peer_vm.monitor("cont")

    def close(self) -> None:
        """End both machines and remove the folder of their network."""
        super().close()
        if self.own_vm.lan:
            shutil.rmtree(self.own_vm.lan, ignore_errors=True)

    def new_shell(self) -> None:
        """Log in anew on both machines."""
        super().new_shell()
        self.peer.new_shell()

    def new_packages(self) -> dict[str, str]:
        """Packages that are new on either machine; where both have one, the version on the page's own counts."""
        return {**self.peer.new_packages(), **super().new_packages()}

    def refused_since_last_snippet(self) -> str | None:
        """What limits refused to background processes, on either machine."""
        return super().refused_since_last_snippet() or self.peer.refused_since_last_snippet()

    def find_dumps(self) -> list[Dump]:
        """The dumps on both machines; those on the second one say so."""
        on_peer = self.peer.find_dumps()
        for dump in on_peer:
            dump["on"] = PEER
        return [*super().find_dumps(), *on_peer]

    def run(self, snippet: Snippet) -> Outcome:
        """Run the snippet on the machine that it names."""
        return self.peer.run(snippet) if snippet.on == PEER else super().run(snippet)
