"""States of VMs: taken up in the middle of a page, refused when damaged, and what a killed run leaves."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from guides import ROOT

from checks.host import cache_dir

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]

# Another output each time it is really run. Not a random number: a machine that is taken up goes on with the same ones.
STAMP = "date +%s%N"

# A service that is not there yet when the reader could already log in. The next snippet has to find it, as a reader would.
LATE = """sudo tee /etc/systemd/system/late.service >/dev/null <<'EOF'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sleep 15
[Install]
WantedBy=multi-user.target
EOF
sudo systemctl enable --quiet late
"""
STARTED = "systemctl is-active --quiet late"


def fence(snippet_id, code, **attributes):
    words = "".join(f' data-{key}="{value}"' for key, value in attributes.items())
    return f"```bash {{#{snippet_id}{words}}}\n{code}\n```\n\n"


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on."""
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(pid for child in children for pid in descendants(child))]


def outputs(ran, page):
    return {entry["id"]: entry["output"] for entry in ran.evidence[page]["snippets"]}


def test_an_edit_after_a_reboot_does_not_repeat_the_reboot(make_guide):
    start = fence("first", f"{LATE}echo {uuid.uuid4()} >/dev/null; {STAMP}") + fence("reboot", "sudo systemctl reboot", expect="reboot")
    after = f"{STARTED}\n{STAMP}"
    make_guide.page("page", start + fence("after", after), machine="vm")
    first = make_guide.guide("verify", reuse=True)
    assert first.status == 0, first.out
    make_guide.page("page", start + fence("after", after) + fence("more", "true"), machine="vm")
    make_guide.page("next", fence("look", "uptime --since"), machine="vm", after="page")
    second = make_guide.guide("verify", reuse=True)
    assert second.status == 0, second.out
    assert "booting" not in second.out
    assert outputs(second, "page")["after"] == outputs(first, "page")["after"], "the page's end was taken up, with one snippet to go"
    make_guide.page("page", start + fence("after", f"{after} # edited"), machine="vm")
    third = make_guide.guide("verify", reuse=True)
    assert third.status == 0, third.out
    assert "booting" not in third.out
    assert outputs(third, "page")["first"] == outputs(first, "page")["first"]
    assert outputs(third, "page")["after"] != outputs(first, "page")["after"]
    boots = [entry["boot_id_after"] for entry in third.evidence["page"]["snippets"]]
    assert boots[1] == boots[2] == first.evidence["page"]["snippets"][1]["boot_id_after"]
    assert third.evidence["next"]["snippets"][0]["boot_id_before"] == boots[2]
    # a shell there needs no reboot either
    command = [sys.executable, "-m", "checks", "--config", str(make_guide.folder / "mkdocs.yml"), "shell", "page#after"]
    shell = subprocess.run(
        command, cwd=make_guide.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, input="echo here-$((1+1))\nexit\n",
        capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    assert "here-2" in shell.stdout
    assert "booting" not in shell.stderr


def test_a_damaged_state_is_told_and_an_older_one_taken(make_guide):
    page = fence("first", f"echo {uuid.uuid4()} >~/mark; {STAMP}") + fence("last", STAMP)
    make_guide.page("page", page, machine="vm")
    first = make_guide.guide("verify", reuse=True)
    assert first.status == 0, first.out
    newest = max((cache_dir() / "states" / "machines").glob("*/memory.zst"), key=lambda path: path.stat().st_mtime)
    with newest.open("r+b") as file:
        file.seek(newest.stat().st_size // 2)
        file.write(b"damaged")
    make_guide.page("page", page + fence("more", "cat ~/mark"), machine="vm")
    second = make_guide.guide("verify", reuse=True)
    assert second.status == 0, second.out
    assert "a state of page cannot be restored (memory.zst is damaged); an older one is tried" in second.out
    assert outputs(second, "page")["first"] != outputs(first, "page")["first"], "run again, from a machine that was only started"


def test_killed_at_any_moment_a_run_leaves_nothing_and_the_next_one_finishes(make_guide, kills_runs, tmp_path):
    """SIGKILL to the runner, and to all workers that it may have, at 20 moments; then a run to the end."""
    mark = uuid.uuid4().hex
    make_guide.page("root", fence("s1", f"echo {mark} >~/mark") + fence("s2", f"{STAMP} | tee ~/stamp"), machine="vm")
    make_guide.page("child", fence("s1", "cat ~/mark ~/stamp") + fence("s2", "touch ~/child"), machine="vm", after="root")
    make_guide.snippets("box", f"echo {mark} | tee ~/mark", f"{STAMP} | tee ~/stamp")
    for name in ("one", "two"):
        make_guide.snippets(name, "cat ~/mark ~/stamp", f"ls -1; touch ~/{name}", after="box")
    seed = int(mark[:8], 16)
    moments = random.Random(seed)
    command = [sys.executable, "-m", "checks", "--config", str(make_guide.folder / "mkdocs.yml"), "verify", "--no-reuse"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    whole = time.monotonic()
    done = subprocess.run(command, cwd=make_guide.folder, env=env, capture_output=True, text=True, timeout=3600)
    whole = time.monotonic() - whole
    assert done.returncode == 0, done.stdout
    for number in range(20):
        # every second one goes on with what the one before it has left
        arguments = command if number % 2 else command[:-1]
        with (tmp_path / "out").open("w") as out:
            process = subprocess.Popen(arguments, cwd=make_guide.folder, env=env, stdout=out, stderr=out, start_new_session=True)
        time.sleep(moments.uniform(0.05, 0.95) * whole)
        # ./guide, pytest, its workers and the engine's clients; the engine's monitors have another parent
        for pid in [process.pid, *descendants(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
    ran = make_guide.guide("verify", reuse=True)
    assert ran.status == 0, (seed, ran.out)
    assert "can't be entered" not in ran.out, seed
    for parent, children in {"root": ("child",), "box": ("one", "two")}.items():
        stamp = outputs(ran, parent)["s2"]
        for child in children:
            assert outputs(ran, child)["s1"] == f"{mark}\n{stamp}", (
                seed,
                "a child stands on the run of its parent that the evidence tells of",
            )
    assert outputs(ran, "two")["s2"] == "mark\nstamp", "nothing of its sibling"
    states = cache_dir() / "states" / "machines"
    assert not list(states.glob(f".{process.pid}:*"))
    assert not [folder for folder in states.glob(".*") if not Path("/proc", folder.name[1:].split(":")[0]).exists()]
