"""The targets: the releases that snippets run on, what their images are made of, and the default one on this host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from checks.config import Config
from checks.model import GuideError, Page, PageErrors, Snippet, meant_for
from checks.strict_yaml import Document
from checks.validation import Section, check, matching, one_of, size

IMAGE_FILES = Path(__file__).parent / "images" / "files"
LOADER = Path(__file__).parent / "machines" / "guest" / "loader.py"

# The packages of every machine: a login with sudo, the shell of a server, and Python for the agent and the snippets.
COMMON = (
    "apt-utils", "bash-completion", "ca-certificates", "file", "iproute2", "kmod", "less", "libpam-systemd",
    "passwd", "procps", "psmisc", "python3", "sudo", "util-linux", "vim-tiny",
)  # fmt: skip
VM = (
    "dbus", "e2fsprogs", "efibootmgr", "grub-efi-amd64", "grub-efi-amd64-bin", "grub-efi-amd64-signed", "grub2-common",
    "initramfs-tools", "mokutil", "openssh-server", "shim-signed", "systemd-sysv", "udev", "zstd",
)  # fmt: skip
EMULATOR = (
    "dosfstools", "e2fsprogs", "fdisk", "ipxe-qemu", "mtools", "ovmf", "python3-minimal",
    "qemu-system-x86", "qemu-utils", "zstd",
)  # fmt: skip
PACKAGES = {"container": COMMON, "analysis": COMMON, "emulator": EMULATOR}


@dataclass(frozen=True)
class Family:
    """A distribution: the layout of its archive and the name of its official container image."""

    name: str
    components: str
    keyring: str
    image: str  # a short name, which the engine resolves; the tag is "{suite}" or "{version}"
    security: str | None  # the suffix of the security suite where it has a mirror of its own


FAMILIES = {
    "debian": Family("debian", "main", "/usr/share/keyrings/debian-archive-keyring.gpg", "debian:{suite}", "-security"),
    "ubuntu": Family("ubuntu", "main universe", "/usr/share/keyrings/ubuntu-archive-keyring.gpg", "ubuntu:{version}", None),
}


@dataclass(frozen=True)
class Target:
    """One release that snippets run on. ``memory`` and ``disk`` are sizes in QEMU's notation, such as "2G"."""

    name: str
    family: str
    suite: str
    label: str
    kernel: str
    emulator: str
    memory: str
    disk: str
    pool: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    analysis: tuple[str, ...] = ()  # what pages that read dumps install; {kernel} stands for the release of the VM's kernel
    # Python packages that `pip install` finds on pages that read dumps: the file's name and its sha256.
    wheels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""  # the distribution's container image by digest; it decides where packages are put together, not which
    # Page -> the page whose dumps are read in its place, where this release's dumps of the first page can't be read.
    dumps_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return self.name.split("-", 1)[1]

    @property
    def distribution(self) -> Family:
        return FAMILIES[self.family]

    def recipe(self, kind: str) -> str:
        """The sha256 of everything that an image of ``kind`` (container, vm, emulator, analysis) is made of.

        An image for analysis is a container's whose pool has the packages of ``analysis`` as well.
        """
        target = asdict(self)
        del target["image"], target["dumps_of"]
        if kind != "analysis":
            del target["analysis"]
        if kind != "analysis" or not self.wheels:
            del target["wheels"]
        parts = {"target": target, "kind": kind, "common": COMMON, "vm": VM, "emulator": EMULATOR}
        if kind == "emulator":
            parts = {"suite": self.suite, "family": self.family, "kind": kind, "emulator": EMULATOR}
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
        for file in sorted(IMAGE_FILES.iterdir()):
            prefixes = [kind] + (["common"] if kind != "emulator" else []) + (["pip"] if "wheels" in target else [])
            if file.name.startswith(tuple(prefixes)):
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
        if kind == "vm":
            digest.update(LOADER.read_bytes())
        return digest.hexdigest()


# The name is also that of folders; debian-13 is the release 13 of the family debian.
_Name = Annotated[str, matching(r"[a-z0-9][a-z0-9.]{0,30}-[a-z0-9][a-z0-9.-]{0,30}", "a name such as debian-13 or ubuntu-24.04")]
# Debian Policy 5.6.1: at least two characters, of which the first is a letter or a digit. So no name is an option of apt-get.
# apt-get would remove a package whose name is followed by a hyphen.
_Package = Annotated[str, matching(r"[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+]", "the name of a package: lower-case letters, digits, +, - and .")]
# {kernel} stands for the release of the VM's kernel, as in linux-image-{kernel}-dbg.
_AnalysisPackage = Annotated[
    str, matching(r"[a-z0-9]([a-z0-9+.-]|\{kernel\}){0,98}([a-z0-9+]|\{kernel\})", "the name of a package, in which {kernel} may stand")
]
_Wheel = Annotated[
    str, matching(r"\w{1,60}-[\w.]{1,30}-cp3\d{1,2}-[\w.]{1,30}-[\w.]{1,90}\.whl", "a wheel's file name, such as drgn-0.3.0-cp311-….whl")
]
_Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", "a sha256, 64 digits")]
_Packages = Annotated[tuple[_Package, ...], Field(strict=False, max_length=500)]
_PageName = Annotated[str, matching(r"[\w./-]{1,200}(?<!\.md)", "the name of a page, without .md, like quick-start")]
MEMORY = size("256M", "8G")  # of a machine, also that of a page's front matter


class _Entry(Section):
    """What data/targets.yml says of one target; see Target."""

    family: Annotated[str, one_of(FAMILIES)]
    suite: Annotated[str, matching(r"[a-z0-9][a-z0-9.-]{0,60}", "the name of a suite, such as trixie")]
    label: Annotated[str, matching(r"[\w.()+-]+( [\w.()+-]+){0,9}", "a name for readers, such as Debian 13")]
    kernel: _Package
    emulator: str
    memory: Annotated[str, MEMORY]
    disk: Annotated[str, size("1G", "64G")]
    pool: _Packages = ()
    packages: _Packages = ()
    analysis: Annotated[tuple[_AnalysisPackage, ...], Field(strict=False, max_length=500)] = ()
    wheels: Annotated[dict[_Wheel, _Sha256], Field(max_length=20)] = Field(default_factory=dict)
    image: Annotated[str, matching(r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}", "an image by its digest, such as debian@sha256:…")] = ""
    dumps_of: Annotated[dict[_PageName, _PageName], Field(max_length=20)] = Field(default_factory=dict)


def load_targets(config: Config) -> dict[str, Target]:
    """All targets of a guide, by name. Raises a GuideError with the line of everything that is wrong in their file."""
    document = Document.read(config.targets_file, config.relative(config.targets_file))
    entries = check(document, dict[_Name, _Entry])
    if not entries:
        raise PageErrors([document.problem((), "expected at least one target, found none")])
    if strangers := [name for name, entry in entries.items() if entry.emulator not in entries]:
        known = ", ".join(entries)
        text = "expected the name of a target ({known}), found {found!r}"
        raise PageErrors(
            [document.problem((name, "emulator"), text.format(known=known, found=entries[name].emulator)) for name in strangers]
        )
    return {name: Target(name=name, **dict(entry)) for name, entry in entries.items()}


def host_release() -> dict[str, str]:
    """/etc/os-release of this host, as a mapping; empty where there is none."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines if "=" in line)}


def default_target(targets: dict[str, Target]) -> Target:
    """On Ubuntu the host's own release, else ubuntu-24.04; debian-13 elsewhere; the first target where a guide has none of these.

    A Debian host of another release runs debian-13, too: any Debian makes machines of every release of Debian, and the pages are
    written against that one.
    """
    release = host_release()
    wanted = [f"ubuntu-{release.get('VERSION_ID')}", "ubuntu-24.04"] if release.get("ID") == "ubuntu" else ["debian-13"]
    for name in (*wanted, *targets):
        if name in targets:
            return targets[name]
    raise GuideError("the guide names no target")


def choose_target(targets: dict[str, Target], name: str | None) -> Target:
    """The target with this name, or the default one. Raises a GuideError, which lists the targets, for any other name."""
    if name is None:
        return default_target(targets)
    if name not in targets:
        raise GuideError(f"there is no target {name!r}; the guide has {', '.join(targets)}")
    return targets[name]


def skip_reason(snippet: Snippet, target: str) -> str | None:
    """Why the snippet does not run on this target, as the report shows it; None if the snippet runs."""
    if snippet.skip:
        return snippet.skip
    if not meant_for(snippet.targets, target):
        return f"only for {' '.join(snippet.targets)}"
    return None


def runnable(page: Page, target: Target) -> list[Snippet]:
    """The page's snippets that run on this target, in order."""
    return [snippet for snippet in page.snippets if skip_reason(snippet, target.name) is None]


def applies(snippet: Snippet, target: str) -> bool:
    """Whether the snippet is meant to run on this target."""
    return skip_reason(snippet, target) is None
