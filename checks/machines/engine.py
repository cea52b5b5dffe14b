"""podman or docker, with the flags that this host needs: found by starting a container, not by the engine's name.

What a host refuses shows only when a container is started there: crun gives up on hybrid cgroups where runc does
not, and podman's default resource limits need a capability that a nested root may lack. So the flags are found by
running ``echo`` in a container, once per host boot and engine version. What keeps page containers apart from the host
(checks/sandbox/flags.py) is found in the same way, in the image of the first page.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.host import cache_dir, host_lock, owner_is_alive, process_owner, write_whole
from checks.model import GuideError
from checks.sandbox import calls
from checks.sandbox import flags as sandbox

log = logging.getLogger("guide")

LABEL = "guide.owner"  # on each container: the process that started it ("PID:START"), so that a sweep finds orphans
ULIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
SMALL_ULIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
STATE_LABEL = "guide.state"  # on each image that is a saved state: the process that made it ("PID:START")
# A host that cannot enforce one of these limits refuses the container, and then that set of flags is not used.
PROBE_LIMITS = ("--memory=64m", "--pids-limit=32", "--cpus=1")
# What `su` and the reader's `sudo apt install` need of root; none of these reaches the host.
PAGE_CAPABILITIES = (
    "--cap-drop=ALL",
    *(f"--cap-add={name}" for name in ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETUID")),
)
PROBE_WORD = "guide-probe"  # what a container prints when it is tried; an engine that prints something else is broken
PROBE_TIMEOUT_S = 300  # The first container of an image may have to copy the image.
# The reader's login and sudo, and a file that must be found in the container's own layer afterwards.
PAGE_PROBE = f"su --login reader --command 'sudo --non-interactive touch /var/{PROBE_WORD}' && echo {PROBE_WORD}"


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
        """Run one engine command to its end; with ``check`` a failure is a GuideError with the engine's own words.

        A GuideError in any case when the engine does not answer in time (checks/sandbox/calls.py).
        """
        done = calls.call(self.program, *args)
        if check and done.returncode:
            message = (done.stderr or done.stdout).strip()
            raise GuideError(f"{self.program} {args[0]} failed ({done.returncode}): {message}")
        return done

    def run_command(self, image: str, argv: list[str], *options: str, name: str | None = None) -> list[str]:
        """The command line of a container that the engine removes when it ends, and that carries the label for sweeps."""
        name = name or f"guide-{uuid.uuid4().hex[:12]}"
        label = f"{LABEL}={process_owner()}"
        return self.command(
            "run", "--rm", "--name", name, "--label", label, *sandbox.always(self.program), *self.flags, *options, image, *argv
        )

    def has_image(self, tag: str) -> bool:
        """Whether the engine has an image of this tag."""
        return self.call("image", "inspect", tag, check=False).returncode == 0

    def image_id(self, tag: str) -> str:
        """The engine's identifier of an image, 64 hexadecimal digits."""
        return self.call("image", "inspect", "--format", "{{.Id}}", tag).stdout.strip().removeprefix("sha256:")

    def image_facts(self, tag: str) -> tuple[str, dict[str, str]]:
        """(identifier, labels) of an image; a GuideError when the engine's answer is something else."""
        answer = self.call("image", "inspect", "--format", "{{.Id}} {{json .Config.Labels}}", tag).stdout
        identifier, _, labels = answer.strip().partition(" ")
        try:
            found = json.loads(labels)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise GuideError(
                f"`{self.program} image inspect {tag}`: expected an identifier and labels, found {answer[:200]!r}. "
                f"Mend or install {self.program} again; then run the same command again"
            )
        return identifier.removeprefix("sha256:"), {str(key): str(value) for key, value in found.items()}

    def state_images(self, repository: str) -> list[tuple[str, str]]:
        """(tag, owner) of each image in ``repository`` that is a saved state of a container."""
        listed = self.call("images", "--filter", f"label={STATE_LABEL}", "--format", "{{.Repository}}:{{.Tag}}", check=False)
        tags = [tag for tag in listed.stdout.split() if tag.startswith(f"{repository}:")]
        form = '{{json .RepoTags}} {{index .Config.Labels "' + STATE_LABEL + '"}}'
        # One call for all images. An image that another run removes meanwhile has no line.
        lines = self.call("image", "inspect", "--format", form, *tags, check=False).stdout.splitlines() if tags else []
        owners: dict[str, str] = {}
        for names, _, owner in (line.rpartition(" ") for line in lines):
            with suppress(ValueError, TypeError):
                owners.update(dict.fromkeys(json.loads(names), owner))
        return [(tag, owners[tag]) for tag in tags if tag in owners]

    def remove(self, name: str) -> None:
        """Kill and remove a container; a container that does not exist is no error, and an engine that hangs a message."""
        try:
            self.call("rm", "--force", *(["--time=0"] if self.program == "podman" else []), name, check=False)
        except GuideError as error:
            log.warning(f"the container {name} may be left: {error}")

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
def _trials() -> dict[str, str | None]:
    """Each engine that is installed, podman first: None when the engine, and its service where it has one, answers, else what is wrong."""
    found: dict[str, str | None] = {}
    for program in ("podman", "docker"):
        if shutil.which(program):
            try:
                done = calls.call(program, "ps", "--quiet")  # A sixth of the time that podman takes for `info`.
            except GuideError as error:
                found[program] = str(error)
            else:
                found[program] = f"`{program} ps` failed: {calls.last_line(done)}" if done.returncode else None
    return found


def answering() -> list[str]:
    """The engines that are installed and whose service, where they need one, answers; podman before docker."""
    return [program for program, problem in _trials().items() if problem is None]


def required() -> list[str]:
    """The engines that answer, at least one; else a GuideError that says what is wrong with each, and what to install."""
    if programs := answering():
        return programs
    problems = "".join(f"\n  {problem}" for problem in _trials().values())
    raise GuideError(
        "no container engine answers here. Install one: apt-get install -y podman runc (or start docker); "
        f"then run the same command again{problems}"
    )


@cache
def find(probe_image: str) -> Engine:
    """The engine that can start ``probe_image`` with limits; a GuideError says what each engine answered."""
    answers = []
    for program in required():
        key = _key(program)
        flags = _remembered(key)
        if flags is not None and _refusal(program, flags, probe_image) is None:
            return Engine(program, flags)
        runtimes: list[tuple[str, ...]] = [()]
        if program == "podman":
            runtimes += [(f"--runtime={name}",) for name in ("crun", "runc") if shutil.which(name)]
        for runtime in runtimes:
            for ulimits in (ULIMITS, SMALL_ULIMITS):
                flags = (*runtime, *ulimits)
                error = _refusal(program, flags, probe_image)
                if error is None:
                    _remember(key, flags)
                    return Engine(program, flags)
                answers.append(f"  {program} {' '.join(flags)}: {error}")
    raise GuideError("no container engine can start a container with limits here:\n" + "\n".join(answers))


@cache
def page_flags(engine: Engine, image: str, disk_mib: int, files: int) -> tuple[str, ...]:
    """The flags that keep a container of ``image`` apart from the host, as far as this host allows them.

    They are tried once per host boot and engine version; what the host refuses is logged. ``disk_mib`` and ``files``
    bound what the container writes.
    """
    protections = sandbox.protections(engine.program, cache_dir(), disk_mib, files)
    stronger = sandbox.runtimes(engine.program)
    wanted = " ".join(flag for protection in (*stronger, *protections) for flag in (*engine.flags, *protection.flags))
    key = f"pages {_key(engine.program)} {hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    with host_lock("engine-flags"):  # Pages start side by side; the second one finds what the first one has tried.
        if (known := _remembered(key)) is not None:
            return known
        chosen, refused = sandbox.choose(stronger, protections, lambda flags, keeps: _page_refusal(engine, flags, image, keeps))
        for name, error in refused.items():
            log.info(f"{engine.program} refuses page containers {name} here, so they run without: {error}")
        _remember(key, chosen)
    return chosen


def forget_page_flags() -> None:
    """Have the flags of page containers tried anew: a container with them did not start."""
    page_flags.cache_clear()
    with host_lock("engine-flags"):
        known = {key: flags for key, flags in _all_remembered().items() if not key.startswith("pages ")}
        write_whole(cache_dir() / "engine.json", json.dumps(known).encode())


def _refusal(program: str, flags: Sequence[str], image: str) -> str | None:
    """Start a container of ``image``; the error in the engine's words, or None when it works."""
    command = Engine(program, tuple(flags)).run_command(image, ["echo", PROBE_WORD], "--network=none", *PROBE_LIMITS)
    return _refusal_of(command)


def _refusal_of(command: list[str]) -> str | None:
    try:
        done = calls.call(*command, within_s=PROBE_TIMEOUT_S)
    except GuideError as error:
        return str(error)
    if done.returncode:
        return calls.last_line(done)
    return None if done.stdout.strip() == PROBE_WORD else f"expected {PROBE_WORD!r} from the container, found {done.stdout[:200]!r}"


def _page_refusal(engine: Engine, flags: tuple[str, ...], image: str, keeps_files: bool) -> str | None:
    """Start a page container with these flags, log its reader in, use sudo; the error, or None when that works.

    With ``keeps_files`` the engine must find the file that the container has written, too.
    """
    name = f"guide-{uuid.uuid4().hex[:12]}"
    options = ["--network=none", *PAGE_CAPABILITIES, *flags]
    command = engine.run_command(image, ["sh", "-c", PAGE_PROBE], *options, name=name)
    if not keeps_files:
        return _refusal_of(command)
    try:
        error = _refusal_of([word for word in command if word != "--rm"])
        if error is None and f"/var/{PROBE_WORD}" not in engine.call("diff", name, check=False).stdout:
            return "what a container writes cannot be seen from outside, so no state can be saved"
        return error
    except GuideError as silent:
        return str(silent)
    finally:
        engine.remove(name)


def _key(program: str) -> str:
    """What the flags of an engine depend on: the boot of this host, and the engine's version."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {calls.call(program, '--version').stdout.strip()}"


def _all_remembered() -> dict[str, list[str]]:
    with suppress(OSError, ValueError):
        known = json.loads((cache_dir() / "engine.json").read_text())
        if isinstance(known, dict):
            return known
    return {}


def _remembered(key: str) -> tuple[str, ...] | None:
    flags = _all_remembered().get(key)
    return tuple(flags) if isinstance(flags, list) and all(isinstance(flag, str) for flag in flags) else None


def _remember(key: str, flags: tuple[str, ...]) -> None:
    boot = key.removeprefix("pages ").split(" ")[0]
    known = {other: value for other, value in _all_remembered().items() if boot in other}
    write_whole(cache_dir() / "engine.json", json.dumps({**known, key: list(flags)}).encode())
