"""podman or docker, with the flags that this host needs: found by starting a container, not by the engine's name.

What a host refuses shows only when a container is started there: crun gives up on hybrid cgroups where runc does
not, and podman's default resource limits need a capability that a nested root may lack. So the flags are found by
running ``true`` in a container, once per host boot and engine version.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.host import cache_dir, owner_is_alive, process_owner
from checks.model import GuideError

LABEL = "guide.owner"  # on each container: the process that started it ("PID:START"), so that a sweep finds orphans
ULIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
SMALL_ULIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
STATE_LABEL = "guide.state"  # on each image that is a saved state: the process that made it ("PID:START")
# A host that cannot enforce one of these limits refuses the container, and then that set of flags is not used.
PROBE_LIMITS = ("--memory=64m", "--pids-limit=32", "--cpus=1")
INSTALL_HINT = (
    "no container engine answers here. Install one: apt-get install -y podman runc (or start docker); then run the same command again"
)


@dataclass(frozen=True)
class Engine:
    """A container engine that has started a container on this host, and the flags that it needed for that.

    ``program`` is "podman" or "docker"; ``flags`` are added to each ``run``.
    """

    program: str
    flags: tuple[str, ...]

    def command(self, *args: str) -> list[str]:
        """The command line of one engine command."""
        return [self.program, *args]

    def call(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one engine command to its end; with ``check`` a failure is a GuideError with the engine's own words."""
        done = subprocess.run(self.command(*args), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            message = (done.stderr or done.stdout).strip()
            raise GuideError(f"{self.program} {args[0]} failed ({done.returncode}): {message}")
        return done

    def run_command(self, image: str, argv: list[str], *options: str, name: str | None = None) -> list[str]:
        """The command line of a container that the engine removes when it ends, and that carries the label for sweeps."""
        name = name or f"guide-{uuid.uuid4().hex[:12]}"
        return self.command("run", "--rm", "--name", name, "--label", f"{LABEL}={process_owner()}", *self.flags, *options, image, *argv)

    def has_image(self, tag: str) -> bool:
        """Whether the engine has an image of this tag."""
        return self.call("image", "inspect", tag, check=False).returncode == 0

    def image_id(self, tag: str) -> str:
        """The engine's identifier of an image, 64 hexadecimal digits."""
        return self.call("image", "inspect", "--format", "{{.Id}}", tag).stdout.strip().removeprefix("sha256:")

    def state_images(self, repository: str) -> list[tuple[str, str]]:
        """(tag, owner) of each image in ``repository`` that is a saved state of a container."""
        listed = self.call("images", "--filter", f"label={STATE_LABEL}", "--format", "{{.Repository}}:{{.Tag}}", check=False)
        tags = [tag for tag in listed.stdout.split() if tag.startswith(f"{repository}:")]
        form = '{{index .Config.Labels "' + STATE_LABEL + '"}}'
        return [(tag, self.call("image", "inspect", "--format", form, tag, check=False).stdout.strip()) for tag in tags]

    def remove(self, name: str) -> None:
        """Kill and remove a container; a container that does not exist is no error."""
        self.call("rm", "--force", *(["--time=0"] if self.program == "podman" else []), name, check=False)

    def ours(self) -> list[tuple[str, str]]:
        """(name, owner) of each container that carries ``LABEL``, running or not."""
        label = f'.Label "{LABEL}"' if self.program == "docker" else f'index .Labels "{LABEL}"'
        form = "{{.Names}} {{" + label + "}}"
        for _ in range(5):  # podman lists nothing and fails when a container is removed while it lists.
            done = self.call("ps", "--all", "--filter", f"label={LABEL}", "--format", form, check=False)
            if done.returncode == 0:
                break
            time.sleep(0.2)
        rows = (line.partition(" ") for line in done.stdout.splitlines() if " " in line)
        return [(name, owner) for name, _, owner in rows]

    def sweep(self) -> list[str]:
        """Remove the containers of runs that were killed; returns their names. A container of a living run is never touched."""
        gone = [name for name, owner in self.ours() if not owner_is_alive(owner)]
        for name in gone:
            self.remove(name)
        return gone


@cache
def answering() -> list[str]:
    """The engines that are installed and whose service, where they need one, answers; podman before docker."""
    programs = []
    for program in ("podman", "docker"):
        if shutil.which(program):
            info = subprocess.run([program, "info"], capture_output=True, stdin=subprocess.DEVNULL)
            if info.returncode == 0:
                programs.append(program)
    return programs


@cache
def find(probe_image: str) -> Engine:
    """The engine that can start ``probe_image`` with limits; a GuideError says what each engine answered."""
    cache_file = cache_dir() / "engine.json"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    answers = []
    for program in answering():
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
        key = f"{boot} {version}"
        flags = _remembered(cache_file, key)
        if flags is not None and _starts(program, flags, probe_image) is None:
            return Engine(program, flags)
        runtimes: list[tuple[str, ...]] = [()]
        if program == "podman":
            runtimes += [(f"--runtime={name}",) for name in ("crun", "runc") if shutil.which(name)]
        for runtime in runtimes:
            for ulimits in (ULIMITS, SMALL_ULIMITS):
                flags = (*runtime, *ulimits)
                error = _starts(program, flags, probe_image)
                if error is None:
                    _remember(cache_file, key, flags)
                    return Engine(program, flags)
                answers.append(f"  {program} {' '.join(flags)}: {error}")
    if not answers:
        raise GuideError(INSTALL_HINT)
    raise GuideError("no container engine can start a container with limits here:\n" + "\n".join(answers))


def _starts(program: str, flags: tuple[str, ...], image: str) -> str | None:
    """Start a container of ``image``; the error in the engine's words, or None when it works."""
    command = [program, "run", "--rm", "--label", f"{LABEL}={process_owner()}", "--network=none", *PROBE_LIMITS, *flags, image, "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    except subprocess.TimeoutExpired:
        return "did not answer within 300 s"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["the engine printed nothing"])[-1]


def _remembered(cache: Path, key: str) -> tuple[str, ...] | None:
    try:
        return tuple(json.loads(cache.read_text())[key])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(cache: Path, key: str, flags: tuple[str, ...]) -> None:
    aside = cache.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps({key: flags}))
    aside.replace(cache)
