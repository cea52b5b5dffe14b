"""Wheels that an image carries: fetched by pip, held against their sha256, and part of the recipe of the images that have them."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace

import pytest

from checks.images import wheels
from checks.model import GuideError
from checks.targets import Target

FILE = "little-1.0-cp311-cp311-manylinux2014_x86_64.whl"


@pytest.fixture
def sha256(tmp_path, monkeypatch) -> str:
    """The sha256 of the wheel ``FILE``, which lies in a folder that is all that pip knows."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with zipfile.ZipFile(shelf / FILE, "w") as wheel:
        wheel.writestr("little.py", "")
        wheel.writestr("little-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: little\nVersion: 1.0\n")
        wheel.writestr("little-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux2014_x86_64\n")
        wheel.writestr("little-1.0.dist-info/RECORD", "little.py,,\nlittle-1.0.dist-info/RECORD,,\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return hashlib.sha256((shelf / FILE).read_bytes()).hexdigest()


def test_a_wheel_is_fetched_for_the_python_in_its_name(sha256, tmp_path):
    wheels.download({FILE: sha256}, tmp_path / "wheels")
    assert [file.name for file in (tmp_path / "wheels").iterdir()] == [FILE]


def test_a_wheel_with_another_sha256_is_refused(sha256, tmp_path):
    with pytest.raises(GuideError, match=rf"(?s)pip could not fetch {FILE}, with the sha256 in data/targets.yml:.*{sha256}"):
        wheels.download({FILE: "0" * 64}, tmp_path / "wheels")


def test_a_wheel_that_is_not_there_is_named(sha256, tmp_path):
    file = FILE.replace("1.0", "2.0")
    with pytest.raises(GuideError, match=f"pip could not fetch {file}"):
        wheels.download({file: sha256}, tmp_path / "wheels")


@pytest.mark.parametrize("file", ["little-1.0.tar.gz", "little-1.0-py3-none-any.whl", "../little-1.0-cp311-cp311-any.whl"])
def test_what_is_no_wheel_for_cpython_is_refused(file, tmp_path):
    with pytest.raises(GuideError, match="is not the name of a wheel for CPython"):
        wheels.download({file: "0" * 64}, tmp_path / "wheels")


def test_wheels_change_the_recipe_of_pages_that_read_dumps_and_no_other():
    target = Target("debian-13", "debian", "trixie", "Debian 13", "linux", "debian-13", "2G", "8G")
    with_wheel = replace(target, wheels={FILE: "0" * 64})
    same = {kind for kind in ("container", "vm", "emulator", "analysis") if with_wheel.recipe(kind) == target.recipe(kind)}
    assert same == {"container", "vm", "emulator"}
    assert replace(target, wheels={FILE: "1" * 64}).recipe("analysis") != with_wheel.recipe("analysis")
