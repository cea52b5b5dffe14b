"""A distribution's root file system made from packages by mmdebstrap, as a tar file."""

from __future__ import annotations

import hashlib
import logging
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path

from checks.files.plain import open_for_writing
from checks.host import cache_dir, process_owner
from checks.images import mirror, wheels
from checks.machines import engine as engines
from checks.machines.channel import LOADER
from checks.model import GuideError
from checks.targets import IMAGE_FILES, Target

log = logging.getLogger("guide")

# What mmdebstrap needs of root in a container. It cannot mount anything there, says so, and makes the same root without.
CAPABILITIES = (
    "--cap-drop=ALL",
    *(
        f"--cap-add={name}"
        for name in (
            "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETUID", "SYS_CHROOT",
        )
    ),
)  # fmt: skip
BUILD_TIMEOUT_S = 7200  # The longest step takes 2 minutes from a near mirror.
ID_RANGES = ("/etc/subuid", "/etc/subgid")


@dataclass(frozen=True)
class Root:
    """What a root file system is made of.

    ``hooks`` are (mmdebstrap's hook, script of images/files/): ("customize", "vm-setup.sh"). ``environment`` are
    variables that the scripts read. ``pool`` are packages that are put into the root with all that they need, not installed.
    ``wheels`` are files of Python packages, each with its sha256, which `pip install` finds in the root.
    """

    target: Target
    kind: str
    packages: Sequence[str]
    hooks: Sequence[tuple[str, str]] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    pool: Sequence[str] = ()
    wheels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What came out of a build.

    ``digest`` is the sha256 of the recipe and of the version of each package. ``archive`` is the day (UTC, "2026-11-28") of the
    newest Release file among the package lists that were used: of testing, which changes every day, it says which testing.
    It is None where no list names a day.
    """

    digest: str
    archive: str | None


def bootstrap(root: Root, recipe: str, tar: Path) -> Made:
    """Make ``tar``, a file in an empty folder.

    On a host of the target's family mmdebstrap runs on the host with the host's own mirror, else inside the
    distribution's official container image. Raises GuideError when mmdebstrap fails.
    """
    target = root.target
    sources = mirror.named(target.family) or mirror.of_host(target.family)
    on_host = sources is not None and shutil.which("mmdebstrap") is not None
    if on_host:
        require_root_or_id_ranges()
    log.info(f"building {target.name} ({root.kind}) from packages")
    began = time.monotonic()
    folder = tar.parent
    shutil.copytree(IMAGE_FILES, folder / "files")
    (folder / "files" / "loader.py").write_text(LOADER)
    if root.wheels:
        wheels.download(root.wheels, folder / "wheels")
    environment = {"POOL": " ".join(root.pool), **root.environment}
    options = ["--variant=apt", f"--include={','.join((*root.packages, *target.packages))}", '--aptopt=Acquire::Languages "none"']
    # Before the other hooks, one of which removes the lists.
    options += ['--customize-hook=grep -hs "^Date: " "$1"/var/lib/apt/lists/*Release >dates || true']
    options += [f'--{hook}-hook=sh files/{file} "$1"' for hook, file in root.hooks]
    # For the digest: names and versions of what was installed, without times.
    options += ['--customize-hook=chroot "$1" dpkg-query --show >manifest', "--customize-hook=sort -o manifest manifest"]
    if sources is not None and on_host:
        options += [f"--aptopt={line}" for line in mirror.host_options()]
        command = ["mmdebstrap", *options, "--", target.suite, str(tar), *sources.sources(target)]
        run_logged(command, folder, {**os.environ, **environment, "LOADER": "files/loader.py"}, f"mmdebstrap of {target.name} {root.kind}")
    else:
        _bootstrap_inside(root, options, tar, environment)
    pool = _pool_index(tar)
    if pool:
        (folder / "pool").write_text(pool)
    manifest = (folder / "manifest").read_text()
    log.info(f"built {target.name} ({root.kind}) in {time.monotonic() - began:.0f} s")
    return Made(hashlib.sha256((recipe + manifest + pool).encode()).hexdigest(), newest_day((folder / "dates").read_text()))


def newest_day(dates: str) -> str | None:
    """The newest of the days (UTC, "2026-11-28") in lines such as "Date: Sat, 28 Nov 2026 14:21:33 UTC"; None where there is none.

    Lines of another form are left out.
    """
    days = []
    for line in dates.splitlines():
        try:
            days.append(parsedate_to_datetime(line.removeprefix("Date: ")).astimezone(UTC).strftime("%Y-%m-%d"))
        except ValueError:
            continue
    return max(days, default=None)


def require_root_or_id_ranges() -> None:
    """Raise a GuideError, which says what is missing, where mmdebstrap could not make a root as this user.

    Root may. Any other user needs a range of user and group ids that the programs of the package uidmap give.
    """
    if os.geteuid() == 0:
        return
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    missing = [f"the program {name} (package uidmap)" for name in ("newuidmap", "newgidmap") if shutil.which(name) is None]
    missing += [f"a range of ids of {user} in {file}" for file in ID_RANGES if not _has_range(Path(file), user)]
    if missing:
        add = f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
        raise GuideError(
            f"{user} is not root and cannot make machines: missing are {', '.join(missing)}. "
            f"Run ./guide as root, or type: sudo apt-get install uidmap && {add}"
        )


def _has_range(file: Path, user: str) -> bool:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.split(":")[0] in (user, str(os.geteuid())) for line in lines)


def _bootstrap_inside(root: Root, options: list[str], tar: Path, environment: Mapping[str, str]) -> None:
    """Run mmdebstrap in the distribution's official container image, whose apt configuration names the mirror."""
    target = root.target
    official = target.image or target.distribution.image.format(suite=target.suite, version=target.version)
    log.info(f"this host has no mirror of {target.family}: bootstrapping inside the image {official}")
    if not target.image:
        log.info(f"{official} is a tag, which its owner may move; `image: NAME@sha256:…` in data/targets.yml names one image for good")
    variables = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    engine = engines.find(official)  # Pulls the image.
    # A network, and the host's proxies, since packages are fetched; else no more than mmdebstrap needs.
    command = engine.command(
        "run", "--rm", "--interactive", "--label", f"{engines.LABEL}={process_owner()}", "--log-driver=none", *engine.flags,
        *CAPABILITIES, "--security-opt=no-new-privileges", f"--volume={tar.parent}:/build:rw", "--workdir=/build", *variables,
        "--env=LOADER=files/loader.py", official, "sh", "-s", target.suite, tar.name, *options,
    )  # fmt: skip
    script = (IMAGE_FILES / "inside.sh").read_bytes()
    run_logged(command, tar.parent, dict(os.environ), f"bootstrapping {target.name} {root.kind} inside {official}", script)


def _pool_index(tar: Path) -> str:
    """The index of the packages that the root carries; "" for a root without a pool."""
    done = subprocess.run(["tar", "-xOf", str(tar), "./srv/pool/Packages"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def run_logged(command: list[str], folder: Path, environment: Mapping[str, str], purpose: str, stdin: bytes = b"") -> None:
    """Run a command in ``folder`` to its end; a failure is a GuideError with the last lines and the path of the whole log.

    A command that cannot be started, and one that has not ended after ``BUILD_TIMEOUT_S`` seconds, is a failure, too.
    """
    log_file = cache_dir() / "logs" / f"{purpose.replace(' ', '-').replace('/', '-')}.log"
    log_file.parent.mkdir(exist_ok=True)
    with open_for_writing(log_file) as output:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, input=stdin, timeout=BUILD_TIMEOUT_S
            )
        except OSError as error:
            raise GuideError(f"{purpose} failed: {command[0]} cannot be started: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            done = None
    if done is None or done.returncode:
        how = f"failed ({done.returncode})" if done else f"did not end within {BUILD_TIMEOUT_S} s"
        tail = "\n".join(log_file.read_text(errors="replace").splitlines()[-15:])
        raise GuideError(f"{purpose} {how}:\n{tail}\nall of it: {log_file}")
