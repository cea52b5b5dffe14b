"""Two machines on a network, on real VMs: they reach each other, go on from a state together, and one may go away."""

from __future__ import annotations

import pytest
from guides import fence

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]

PANIC = "echo 1 | sudo tee /proc/sys/kernel/panic\necho c | sudo tee /proc/sysrq-trigger"


def output(ran, page, snippet_id):
    return next(entry["output"] for entry in ran.evidence[page]["snippets"] if entry["id"] == snippet_id)


def test_two_machines_reach_each_other_and_go_on_from_a_state_together(make_guide):
    body = fence("listen", "sudo systemd-run --quiet python3 -m http.server 80 --bind 192.0.2.2", on="peer")
    body += fence("mark", "echo here >~/mark; hostname", on="peer") + fence("own", "hostname")
    body += fence("online", "sudo systemctl start network-online.target\nsystemctl is-active systemd-networkd-wait-online.service")
    make_guide.page("root", body, machine="vm", peer="true")
    get = "import urllib.request as u; print(u.urlopen('http://192.0.2.2/').status)"
    fetch = fence("fetch", f'ssh-keyscan -t ed25519 192.0.2.2 2>/dev/null | grep -o ssh-ed25519 | sort -u\npython3 -c "{get}"')
    # a reset of the same QEMU, then another QEMU on the same cable
    fetch += fence("panic", PANIC, expect="panic") + fence("restart", "sudo reboot", expect="reboot")
    fetch += fence("again", f'until python3 -c "{get}" 2>/dev/null; do sleep 1; done')
    fetch += fence("still", "cat ~/mark; ssh-keyscan -t ed25519 192.0.2.1 2>/dev/null | grep -o ssh-ed25519 | sort -u", on="peer")
    make_guide.page("next", fetch, machine="vm", peer="true", after="root")
    ran = make_guide.guide("verify", reuse=True)
    assert ran.status == 0, ran.out
    assert (output(ran, "root", "mark"), output(ran, "root", "own")) == ("vault", "lab")
    assert output(ran, "root", "online") == "active", "what waits for the network waits for the address"
    assert output(ran, "next", "fetch") == "ssh-ed25519\n200", "a server of the page before is still running"
    assert output(ran, "next", "again") == "200"
    assert output(ran, "next", "still") == "here\nssh-ed25519"

    look = fence("look", "cat ~/mark", on="peer") + fence("fetch", f'python3 -c "{get}"')
    make_guide.page("next", look, machine="vm", peer="true", after="root")
    ran = make_guide.guide("verify", reuse=True)
    assert ran.status == 0, ran.out
    assert "starting" not in ran.out, "both are entered where the first page ended"
    assert output(ran, "next", "look") == "here"
    assert output(ran, "next", "fetch") == "200"
