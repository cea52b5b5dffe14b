"""Wheels of Python packages that an image carries, so that `pip install` works in a machine without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from checks.model import GuideError

DOWNLOAD_TIMEOUT_S = 1800
# As in drgn-0.3.0-cp311-cp311-manylinux2014_x86_64.whl. Source: packaging.python.org, "Binary distribution format".
FILE_NAME = re.compile(r"(?P<name>\w+)-(?P<version>[\w.]+)-cp3(?P<minor>\d+)-[\w.]+-(?P<platforms>[\w.]+)\.whl")


def download(wheels: Mapping[str, str], folder: Path) -> None:
    """Fetch each wheel into ``folder``, which is made. ``wheels`` gives a file's name and its sha256.

    pip fetches them from where this host's pip is set up to look. Raises a GuideError, with pip's last lines, for a wheel that is
    not there or that has another sha256.
    """
    folder.mkdir()
    for file, digest in wheels.items():
        parts = FILE_NAME.fullmatch(file)
        if parts is None:
            raise GuideError(f"{file!r} is not the name of a wheel for CPython, such as drgn-0.3.0-cp311-cp311-manylinux2014_x86_64.whl")
        requirement = folder / "requirement.txt"
        requirement.write_text(f"{parts['name']}=={parts['version']} --hash=sha256:{digest}\n")
        platforms = [word for platform in parts["platforms"].split(".") for word in ("--platform", platform)]
        command = [
            sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
            "--require-hashes", "--requirement", str(requirement), "--dest", str(folder),
            "--python-version", f"3.{parts['minor']}", *platforms,
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise GuideError(f"pip did not fetch {file} within {DOWNLOAD_TIMEOUT_S} s") from None
        requirement.unlink()
        if done.returncode or not (folder / file).exists():
            tail = "\n".join(f"{done.stdout}{done.stderr}".splitlines()[-5:])
            raise GuideError(f"pip could not fetch {file}, with the sha256 in data/targets.yml:\n{tail}")
