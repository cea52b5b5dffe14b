"""Building what a target needs: a container image, an emulator image, and a disk for the VM.

One recipe for all targets: mmdebstrap makes a root from packages, on this host
where it is of the target's family, else inside the distribution's official
container image; the engine imports it, or the emulator's container turns it
into a disk. Everything is named by the hash of its recipe, so nothing stale is
taken and a second build costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from checks.host import cache_dir, host_lock, owned_prefix, process_owner
from checks.images import mirror
from checks.machines import engine as engines
from checks.machines.channel import LOADER
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.model import GuideError
from checks.sessions.session import Session
from checks.targets import COMMON, IMAGE_FILES, PACKAGES, VM, Target

REPOSITORY = "localhost/guide-checks"
NAMESPACE = uuid.UUID("5c1f3c1e-3d0a-4f8e-9d0e-0b6a1c1d5a10")  # of the disks' identifiers, so that a rebuild has the same
FIRST_BOOT_TIMEOUT_S = 600


@dataclass(frozen=True)
class BuiltDisk:
    """A disk image that boots, and what it was made of."""

    path: Path
    recipe: str
    digest: str  # sha256 of the recipe and of every package version in it
    build: str  # of this very file: another build of the same packages is another disk to those that stand on it


@dataclass(frozen=True)
class BuiltImage:
    """A container image, and what it was made of. ``build`` is the engine's id of it."""

    tag: str
    recipe: str
    digest: str
    build: str


class Builder:
    """Makes the images of targets, each at most once. ``say`` tells the user what takes long."""

    def __init__(self, targets: dict[str, Target], say: Callable[[str], None]):
        self.targets, self.say = targets, say
        self._engine: Engine | None = None
        self._found: dict[tuple[str, str], BuiltImage | BuiltDisk] = {}

    # ---- what is asked of it

    def engine(self) -> Engine:
        """The engine, found with whatever image is there; the first build needs it only for importing."""
        if self._engine is None:
            programs = engines.answering()
            if not programs:
                raise GuideError(engines.INSTALL_HINT)
            raise GuideError("the engine is asked for before an image was made")
        return self._engine

    def container(self, target: Target) -> BuiltImage:
        """The image of the target's container machine."""
        return self._once(target, "container", self._image)

    def emulator(self, target: Target) -> BuiltImage:
        """The image with the QEMU that runs the target's VM."""
        return self._once(self.targets[target.emulator], "emulator", self._image)

    def peer(self, target: Target) -> BuiltImage:
        """The image with the same QEMU and the peer that the bench compares with."""
        return self._once(self.targets[target.emulator], "peer", self._image)

    def disk(self, target: Target) -> BuiltDisk:
        """The disk that the target's VM boots from."""
        return self._once(target, "vm", self._disk)

    def ahead(self, target: Target, machines: Iterable[str]) -> None:
        """Make all that these kinds of machines need, side by side: most of a build is one processor's work."""
        makes = {"container": self.container, "vm": self.disk}
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(makes[machine], target) for machine in sorted(set(machines), reverse=True)]
        for each in asked:
            each.result()

    def _once(self, target: Target, kind: str, make: Callable[[Target, str], BuiltImage | BuiltDisk]):
        if (target.name, kind) not in self._found:
            self._found[target.name, kind] = make(target, kind)
        return self._found[target.name, kind]

    def _disk(self, target: Target, kind: str) -> BuiltDisk:
        recipe = target.recipe("vm")
        folder = cache_dir() / "disks" / f"{target.name}-{recipe[:16]}"
        with host_lock(f"disk-{target.name}"):
            made = folder / "made.json"
            if not made.exists():
                emulator = self.emulator(target)
                shutil.rmtree(folder, ignore_errors=True)
                aside = Path(tempfile.mkdtemp(prefix=owned_prefix("disk"), dir=cache_dir()))
                try:
                    self._make_disk(target, emulator, recipe, aside)
                    folder.parent.mkdir(exist_ok=True)
                    aside.rename(folder)
                finally:
                    shutil.rmtree(aside, ignore_errors=True)
            facts = json.loads(made.read_text())
        return BuiltDisk(folder / "disk.qcow2", recipe, facts["digest"], facts["build"])

    # ---- container images

    def _image(self, target: Target, kind: str) -> BuiltImage:
        recipe = target.recipe(kind)
        tag = f"{REPOSITORY}/{target.name}-{kind}:{recipe[:16]}"
        programs = engines.answering()
        if not programs:
            raise GuideError(engines.INSTALL_HINT)
        with host_lock(f"{kind}-{target.name}"):
            program = next((p for p in programs if Engine(p, ()).has_image(tag)), None)
            if program is None:
                program = programs[0]
                self._make_image(program, target, kind, recipe, tag)
        if self._engine is None:
            self._engine = engines.find(tag)
        said = self._engine.call("image", "inspect", "--format", "{{.Id}} {{json .Config.Labels}}", tag).stdout
        build, labels = said.split(" ", 1)
        return BuiltImage(tag, recipe, json.loads(labels)["guide.digest"], build.removeprefix("sha256:"))

    def _make_image(self, program: str, target: Target, kind: str, recipe: str, tag: str) -> None:
        packages = PACKAGES[kind]
        with tempfile.TemporaryDirectory(prefix=owned_prefix("root"), dir=cache_dir()) as folder:
            tar = Path(folder) / "root.tar"
            hooks = [("customize", "common-setup.sh")] if kind == "container" else []
            digest = self._bootstrap(target, kind, recipe, packages, hooks, tar)
            changes = [f"LABEL guide.digest={digest}", f"LABEL guide.recipe={recipe}", "LABEL guide.image=1"]
            options = [word for change in changes for word in ("--change", change)]
            Engine(program, ()).call("import", *options, str(tar), tag)

    # ---- roots from packages

    def _bootstrap(self, target: Target, kind: str, recipe: str, packages, hooks, tar: Path, env: dict | None = None) -> str:
        """mmdebstrap into ``tar``; returns the digest of the recipe and of what came out of it."""
        self.say(f"building {target.name} ({kind}) from packages")
        began = time.monotonic()
        folder = tar.parent
        shutil.copytree(IMAGE_FILES, folder / "files")
        (folder / "files" / "loader.py").write_text(LOADER)
        env = {"POOL": " ".join(target.pool) if kind in ("container", "vm") else "", **(env or {})}
        options = ["--variant=apt", f"--include={','.join((*packages, *target.packages))}", '--aptopt=Acquire::Languages "none"']
        options += [f'--{when}-hook=sh files/{file} "$1"' for when, file in hooks]
        # What was installed, for the digest: names and versions, not times.
        options += ['--customize-hook=chroot "$1" dpkg-query --show >manifest', "--customize-hook=sort -o manifest manifest"]
        sources = mirror.named(target.family) or mirror.of_host(target.family)
        if sources is not None and shutil.which("mmdebstrap"):
            command = ["mmdebstrap", *options, target.suite, str(tar), *sources.sources(target)]
            _run(command, folder, {**os.environ, **env, "LOADER": "files/loader.py"}, f"mmdebstrap of {target.name} {kind}")
        else:
            self._bootstrap_inside(target, kind, options, tar, env)
        if pool := _pool(tar):
            (folder / "pool").write_text(pool)
        facts = recipe + (folder / "manifest").read_text() + pool
        self.say(f"built {target.name} ({kind}) in {time.monotonic() - began:.0f} s")
        return hashlib.sha256(facts.encode()).hexdigest()

    def _bootstrap_inside(self, target: Target, kind: str, options: list[str], tar: Path, env: dict) -> None:
        """The same in the distribution's official image, whose apt configuration names the mirror."""
        programs = engines.answering()
        if not programs:
            raise GuideError(engines.INSTALL_HINT)
        official = target.distribution.image.format(suite=target.suite, version=target.version)
        self.say(f"this host has no mirror of {target.family}: bootstrapping inside the image {official}")
        command = [
            programs[0], "run", "--rm", "--interactive", "--privileged", "--label", f"{engines.LABEL}={process_owner()}",
            f"--volume={tar.parent}:/build:rw", "--workdir=/build", *(word for pair in env.items() for word in ("--env", "=".join(pair))),
            "--env=LOADER=files/loader.py", official, "sh", "-s", target.suite, "root.tar", *options,
        ]  # fmt: skip
        script = (IMAGE_FILES / "inside.sh").read_bytes()
        _run(command, tar.parent, dict(os.environ), f"bootstrapping {target.name} {kind} inside {official}", script)

    # ---- disks

    def _make_disk(self, target: Target, emulator: BuiltImage, recipe: str, folder: Path) -> None:
        root_uuid = str(uuid.uuid5(NAMESPACE, target.name))
        esp = uuid.uuid5(NAMESPACE, target.name + "esp").hex[:8].upper()
        esp_id = f"{esp[:4]}-{esp[4:]}"
        hooks = [("essential", "vm-early.sh"), ("customize", "common-setup.sh"), ("customize", "vm-setup.sh")]
        tar = folder / "root.tar"
        packages = (*COMMON, *VM, target.kernel)
        digest = self._bootstrap(target, "vm", recipe, packages, hooks, tar, {"ROOT_UUID": root_uuid, "ESP_ID": esp_id})
        engine = self.engine()
        disk = folder / "disk.qcow2"
        argv = ["sh", "/build/files/vm-disk.sh", "/build/root.tar", "/build/disk.qcow2", target.disk, root_uuid, esp_id, target.family]
        command = engine.run_command(emulator.tag, argv, "--network=none", f"--volume={folder}:/build:rw", "--env=TMPDIR=/build")
        _run(command, folder, dict(os.environ), f"making the disk of {target.name}")
        tar.unlink()
        self._first_boot(target, emulator, disk)
        facts = {"digest": digest, "build": uuid.uuid4().hex, "recipe": recipe, "target": target.name}
        (folder / "made.json").write_text(json.dumps(facts, indent=1))

    def _first_boot(self, target: Target, emulator: BuiltImage, disk: Path) -> None:
        """Do once what a machine does in its first minutes, and keep what it wrote."""
        from checks.machines.accelerator import accelerator

        self.say(f"booting {target.name} for the first time")
        vm = Vm(self.engine(), emulator.tag, disk, Hardware(memory=target.memory), accelerator(self.engine(), emulator.tag, disk, self.say))
        session = Session(vm)
        try:
            try:
                session.open()
            except MachineLost as lost:
                raise GuideError(f"{target.name}: its first boot failed: {lost}\n{vm.console_tail()}") from None
            status, out = session.execute("sh", "-c", (IMAGE_FILES / "vm-firstboot.sh").read_text(), timeout_s=FIRST_BOOT_TIMEOUT_S)
            if status:
                raise GuideError(f"{target.name}: its first boot failed: {out.decode(errors='replace')}")
            vm.power_down()
            vm.write_back(disk)
        finally:
            vm.stop()


def _pool(tar: Path) -> str:
    done = subprocess.run(["tar", "-xOf", str(tar), "./srv/pool/Packages"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def _run(command: list[str], folder: Path, env: dict, what: str, stdin: bytes | None = None) -> None:
    """Run to the end; a failure shows the last lines and where all of them are."""
    log = cache_dir() / "logs" / f"{what.replace(' ', '-')}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run(command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, **feed)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise GuideError(f"{what} failed ({done.returncode}):\n{tail}\nall of it: {log}")
