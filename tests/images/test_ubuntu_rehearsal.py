"""The recipe of an Ubuntu target, on a host that says it is Ubuntu, from an archive with Ubuntu's layout and names, to a VM that boots.

It shows that the names of suites, pockets, components, keys and packages, and the paths of the recipe fit each other. It does not
show that Ubuntu's own packages do what Debian's do: that is the workflow's part.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from guides import ROOT, GuideFolder, this_config
from ubuntu_archive import Archive
from ubuntu_packages import components

from checks.targets import load_targets

pytestmark = pytest.mark.slow

CONFIG = this_config()
TARGETS = load_targets(CONFIG)
OF_PAGES = [target for target in TARGETS.values() if target.family == "ubuntu"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    known = components(CONFIG, TARGETS)
    return Archive(tmp_path_factory.mktemp("archive"), TARGETS["debian-13"], {target.suite: known[target.name] for target in OF_PAGES})


def test_the_recipe_makes_machines_that_boot(archive, tmp_path):
    target = TARGETS["ubuntu-24.04"]
    folder = tmp_path / "guide"
    folder.mkdir()
    guide = GuideFolder(folder)
    guide.snippets(
        "container", "sudo apt-get -q update", "apt-cache policy linux-crashdump | grep -c Candidate", "cat /etc/apt/sources.list.d/*"
    )
    guide.snippets("vm", "uname -r", "sudo apt-get -q update", "apt-cache policy linux-crashdump | grep Candidate", machine="vm")
    storage = tmp_path / "storage.conf"
    storage.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{tmp_path}/images"\nrunroot = "{tmp_path}/run"\n')
    (tmp_path / "cache").mkdir()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "GUIDE_CACHE": str(tmp_path / "cache"), "CONTAINERS_STORAGE_CONF": str(storage),
    }  # fmt: skip
    command = [sys.executable, "-m", "checks", "--config", str(folder / "mkdocs.yml"), "verify", "--jobs", "1"]
    try:
        with archive.served() as address:
            line = archive.on_an_ubuntu_host(address, target.version, target.suite, command)
            done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "6 passed" in done.stdout
        assert {path.stem for path in (folder / "evidence" / "ubuntu-24.04").glob("*.json")} == {"container", "vm"}, (
            "the host's own release"
        )
    finally:
        _unmount(tmp_path)


def _unmount(folder: Path) -> None:
    """The engine mounts its own storage; the mounts of the other mount namespace are gone with it."""
    for name in ("images/overlay", "run"):
        subprocess.run(["umount", "--lazy", str(folder / name)], capture_output=True)
    shutil.rmtree(folder / "images", ignore_errors=True)
