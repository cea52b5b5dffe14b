"""Where packages come from: the host's own apt configuration, or a mirror that the user names.

No address stands in this repository. A host of the target's family is asked
for the mirrors that it uses; for another family the target's official
container image is asked, whose apt configuration names them, or
``GUIDE_MIRROR_DEBIAN`` / ``GUIDE_MIRROR_UBUNTU`` (and ``..._SECURITY``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from checks.targets import FAMILIES, Target, host_release


@dataclass(frozen=True)
class Mirror:
    """The URIs of one archive; ``security`` equals ``main`` where one mirror has both, and is None where nobody names one."""

    main: str
    security: str | None

    def sources(self, target: Target) -> list[str]:
        """One-line apt sources of a target: the release, its updates and its security fixes."""
        family = target.distribution
        option = f"[signed-by={family.keyring}]" if Path(family.keyring).exists() else ""
        suites = [(self.main, target.suite), (self.main, f"{target.suite}-updates")]
        suites += [(self.security, f"{target.suite}-security")] if self.security else []
        return [" ".join(f"deb {option} {uri} {suite} {family.components}".split()) for uri, suite in suites]


def of_host(family: str) -> Mirror | None:
    """The mirror that this host uses, if it is of ``family`` and has the tools; else None."""
    if host_release().get("ID") != family or not shutil.which("apt-get"):
        return None
    return parse(_indextargets(), host_release().get("VERSION_CODENAME", ""))


def named(family: str) -> Mirror | None:
    """The mirror that the user names in the environment, or None."""
    main = os.environ.get(f"GUIDE_MIRROR_{family.upper()}")
    # Where security fixes usually stand on a mirror of their own, this one need not have them.
    both = main if FAMILIES[family].security is None else None
    return Mirror(main, os.environ.get(f"GUIDE_MIRROR_{family.upper()}_SECURITY", both)) if main else None


def parse(indextargets: str, codename: str) -> Mirror | None:
    """Read lines of ``$(REPO_URI) $(RELEASE)``; RELEASE is the suite as the sources name it.

    A host without a source of security fixes has images without them: the main mirror need not have any.
    """
    uris: dict[str, str] = {}
    for line in indextargets.splitlines():
        uri, _, suite = line.strip().partition(" ")
        # The repository's URI ends in dists/SUITE/; what stands before it is what a source line takes.
        uris.setdefault(suite, _first_of_list(uri.split("/dists/")[0]))
    main = uris.get(codename)
    return Mirror(main, uris.get(f"{codename}-security")) if main else None


def _first_of_list(uri: str) -> str:
    """``mirror+file:/etc/apt/apt-mirrors.txt`` names a list of mirrors, as on GitHub's runners; the first line has the best."""
    if not uri.startswith("mirror+file:"):
        return uri
    try:
        lines = Path(uri.removeprefix("mirror+file:").rstrip("/")).read_text().splitlines()
    except OSError:
        return uri
    return next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), uri)


def _indextargets() -> str:
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    return subprocess.run(command, capture_output=True, text=True).stdout
