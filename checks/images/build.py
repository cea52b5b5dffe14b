"""Building what a target needs: a container image, an emulator image, and a disk for the VM.

One recipe serves all targets: mmdebstrap makes a root from packages (bootstrap.py); the engine imports the root as an
image, or the emulator's container turns the root into a disk. Images and disks are named by the hash of their recipe,
so nothing stale is taken and a second build costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from checks.host import cache_dir, host_lock, owned_prefix
from checks.images.bootstrap import Root, bootstrap, run_logged
from checks.machines import engine as engines
from checks.machines.accelerator import accelerator
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.model import GuideError
from checks.sessions.session import Session
from checks.targets import COMMON, IMAGE_FILES, PACKAGES, VM, Target

log = logging.getLogger("guide")

REPOSITORY = "localhost/guide-checks"
# The disks' identifiers (UUIDs of file systems) are derived from this one, so that a rebuilt disk has the same ones.
NAMESPACE = uuid.UUID("5c1f3c1e-3d0a-4f8e-9d0e-0b6a1c1d5a10")
FIRST_BOOT_TIMEOUT_S = 1800
# $1: the kernel's release, $2: the name of the result. tar ends when it has the file, and dpkg-deb then finds nobody who reads on.
# In the package of Debian 14 the first name is a link, of which tar writes nothing; its goal has the second name.
_UNPACK_SYMBOLS = """
set -e
for name in "boot/vmlinux-$1" "lib/modules/$1/vmlinux"; do
  [ -s /build/vmlinux ] ||
    dpkg-deb --fsys-tarfile /srv/pool/linux-image-*-dbg_*.deb 2>/dev/null | tar -xO --occurrence=1 "./usr/lib/debug/$name" >/build/vmlinux
done
[ -s /build/vmlinux ] || { echo "the package has no vmlinux of $1" >&2; exit 1; }
gzip -1 </build/vmlinux >/build/part
rm /build/vmlinux
mv /build/part "/build/$2"
"""
_HOOKS = dict.fromkeys(("container", "analysis"), (("customize", "common-setup.sh"),))  # by the kind of image


@dataclass(frozen=True)
class BuiltDisk:
    """A disk image that boots, and what it was made of."""

    path: Path
    recipe: str
    digest: str  # sha256 of the recipe and of the version of each package on the disk
    build: str  # names this very file: states of a machine on one build cannot go on upon another build
    archive: str | None  # the day of the package lists (bootstrap.Made); None for a disk from before this was recorded
    kernel: str | None = None  # the release that the disk boots, as uname -r; None for a disk from before this was recorded


@dataclass(frozen=True)
class BuiltImage:
    """A container image, and what it was made of."""

    tag: str
    recipe: str
    digest: str  # sha256 of the recipe and of the version of each package in the image
    build: str  # the engine's identifier of the image
    archive: str | None  # the day of the package lists (bootstrap.Made); None for an image from before this was recorded


class Builder:
    """Makes the images and disks of targets, each at most once. Methods raise GuideError when a build fails."""

    def __init__(self, targets: dict[str, Target]):
        self.targets = targets
        self._engine: Engine | None = None
        self._images: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], BuiltImage] = {}
        self._disks: dict[str, BuiltDisk] = {}

    def engine(self) -> Engine:
        """The engine that can start the images which were made so far; at least one must have been made."""
        if self._engine is None:
            engines.required()
            raise GuideError("the engine is asked for before an image was made")
        return self._engine

    def container(self, target: Target) -> BuiltImage:
        """The image of the target's container machine."""
        return self._image(target, "container")

    def analysis(self, target: Target) -> BuiltImage:
        """The image for pages that read dumps of the target's VM: a container's, with tools and this kernel's symbols in its pool.

        The symbols have to be of the kernel on the VM's disk, which is made first, and not of the newest one in the archive.
        """
        kernel = self.disk(target).kernel
        if kernel is None:
            raise GuideError(f"the disk of {target.name} is from before disks said which kernel they boot: ./guide clean --all removes it")
        return self._image(target, "analysis", pool=tuple(name.format(kernel=kernel) for name in target.analysis))

    def symbols(self, target: Target) -> Path:
        """A file vmlinux-RELEASE.gz: the kernel on the target's disk with its debug symbols, out of the pool of the image for analysis."""
        image = self.analysis(target)
        kernel = self.disk(target).kernel
        file = cache_dir() / "symbols" / f"{target.name}-{image.recipe[:16]}" / f"vmlinux-{kernel}.gz"
        with host_lock(f"symbols-{target.name}"):
            if not file.exists():
                shutil.rmtree(file.parent, ignore_errors=True)
                file.parent.mkdir(parents=True)
                command = self.engine().run_command(
                    image.tag, ["sh", "-c", _UNPACK_SYMBOLS, "sh", str(kernel), file.name],
                    "--network=none", f"--volume={file.parent}:/build:rw",
                )  # fmt: skip
                run_logged(command, file.parent, dict(os.environ), f"unpacking the symbols of {target.name}")
        return file

    def emulator(self, target: Target, extra_packages: tuple[str, ...] = ()) -> BuiltImage:
        """The image with the QEMU that runs the target's VM, and with ``extra_packages`` beside QEMU."""
        return self._image(self.targets[target.emulator], "emulator", extra_packages)

    def disk(self, target: Target) -> BuiltDisk:
        """The disk that the target's VM boots from."""
        if target.name not in self._disks:
            self._disks[target.name] = self._find_or_make_disk(target)
        return self._disks[target.name]

    def build_ahead(self, target: Target, kinds: Iterable[str]) -> None:
        """Make what these kinds of machines ("container", "vm") need, at the same time: a build uses one processor mostly."""
        makes = {"container": self.container, "vm": self.disk}
        with ThreadPoolExecutor() as pool:
            builds = [pool.submit(makes[kind], target) for kind in sorted(set(kinds), reverse=True)]
        for build in builds:
            build.result()

    # ---- container images

    def _image(self, target: Target, kind: str, extra_packages: tuple[str, ...] = (), pool: tuple[str, ...] = ()) -> BuiltImage:
        """``extra_packages`` are installed in the image; ``pool`` is added to the target's own pool, from which pages install."""
        key = (target.name, kind, extra_packages, pool)
        if key not in self._images:
            self._images[key] = self._find_or_make_image(target, kind, extra_packages, pool)
        return self._images[key]

    def _find_or_make_image(self, target: Target, kind: str, extra_packages: tuple[str, ...], pool: tuple[str, ...]) -> BuiltImage:
        recipe = target.recipe(kind)
        if extra_packages or pool:
            recipe = hashlib.sha256(json.dumps([recipe, *extra_packages, *pool]).encode()).hexdigest()
        tag = f"{REPOSITORY}/{target.name}-{kind}:{recipe[:16]}"
        programs = engines.required()
        with host_lock(f"{kind}-{target.name}"):
            program = next((name for name in programs if Engine(name, ()).has_image(tag)), None)
            if program is None:
                own = (*PACKAGES[kind], *extra_packages)
                wheels = target.wheels if kind == "analysis" else {}
                hooks = (*_HOOKS.get(kind, ()), *([("customize", "pip-setup.sh")] if wheels else []))
                root = Root(target, kind, own, hooks, pool=() if kind == "emulator" else (*target.pool, *pool), wheels=wheels)
                self._make_image(programs[0], root, recipe, tag)
        if self._engine is None:
            self._engine = engines.find(tag)
        build, labels = self._engine.image_facts(tag)
        if "guide.digest" not in labels:
            raise GuideError(f"the image {tag} was not made by ./guide: remove it ({self._engine.program} rmi {tag}), then try again")
        return BuiltImage(tag, recipe, labels["guide.digest"], build, labels.get("guide.archive"))

    def _make_image(self, program: str, root: Root, recipe: str, tag: str) -> None:
        with tempfile.TemporaryDirectory(prefix=owned_prefix("root"), dir=cache_dir()) as folder:
            tar = Path(folder) / "root.tar"
            made = bootstrap(root, recipe, tar)
            changes = [f"LABEL guide.digest={made.digest}", f"LABEL guide.recipe={recipe}", "LABEL guide.image=1"]
            changes += [f"LABEL guide.archive={made.archive}"] if made.archive else []
            options = [word for change in changes for word in ("--change", change)]
            Engine(program, ()).call("import", *options, str(tar), tag)

    # ---- disks

    def _find_or_make_disk(self, target: Target) -> BuiltDisk:
        recipe = target.recipe("vm")
        folder = cache_dir() / "disks" / f"{target.name}-{recipe[:16]}"
        with host_lock(f"disk-{target.name}"):
            made = folder / "made.json"
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                aside = Path(tempfile.mkdtemp(prefix=owned_prefix("disk"), dir=cache_dir()))
                try:
                    self._make_disk(target, recipe, aside)
                    folder.parent.mkdir(exist_ok=True)
                    aside.rename(folder)
                finally:
                    shutil.rmtree(aside, ignore_errors=True)
            facts = json.loads(made.read_text())
        return BuiltDisk(folder / "disk.qcow2", recipe, facts["digest"], facts["build"], facts.get("archive"), facts.get("kernel"))

    def _make_disk(self, target: Target, recipe: str, folder: Path) -> None:
        root_uuid = str(uuid.uuid5(NAMESPACE, target.name))
        esp = uuid.uuid5(NAMESPACE, target.name + "esp").hex[:8].upper()
        esp_id = f"{esp[:4]}-{esp[4:]}"
        hooks = [("essential", "vm-early.sh"), ("customize", "common-setup.sh"), ("customize", "vm-setup.sh")]
        environment = {"ROOT_UUID": root_uuid, "ESP_ID": esp_id}
        root = Root(target, "vm", (*COMMON, *VM, target.kernel), hooks, environment, target.pool)
        tar = folder / "root.tar"
        with ThreadPoolExecutor(1) as pool:  # Most of a build is one processor's work.
            emulator_build = pool.submit(self.emulator, target)
            made = bootstrap(root, recipe, tar)
            emulator = emulator_build.result()
        argv = ["sh", "/build/files/vm-disk.sh", "/build/root.tar", "/build/disk.qcow2", target.disk, root_uuid, esp_id, target.family]
        command = self.engine().run_command(emulator.tag, argv, "--network=none", f"--volume={folder}:/build:rw", "--env=TMPDIR=/build")
        run_logged(command, folder, dict(os.environ), f"making the disk of {target.name}")
        tar.unlink()
        facts = {"digest": made.digest, "archive": made.archive, "build": uuid.uuid4().hex, "recipe": recipe, "target": target.name}
        facts["kernel"] = self._first_boot(target, emulator, folder / "disk.qcow2")
        (folder / "made.json").write_text(json.dumps(facts, indent=1))

    def _first_boot(self, target: Target, emulator: BuiltImage, disk: Path) -> str:
        """Boot the disk once, so that no page has to wait for what a system does in its first minutes; returns the kernel's release."""
        log.info(f"booting {target.name} for the first time")
        engine = self.engine()
        vm = Vm(engine, emulator.tag, disk, Hardware(memory=target.memory), accelerator(engine, emulator.tag, disk))
        session = Session(vm)
        try:
            session.open()
            status, output = session.execute("sh", "-c", (IMAGE_FILES / "vm-firstboot.sh").read_text(), timeout_s=FIRST_BOOT_TIMEOUT_S)
            if status:
                raise GuideError(f"{target.name}: its first boot failed: {output.decode(errors='replace')}")
            vm.power_down()
            vm.write_back(disk)
            return session.kernel
        except MachineLost as lost:
            raise GuideError(f"{target.name}: its first boot failed: {lost}\n{vm.console_tail()}") from None
        finally:
            vm.stop()
