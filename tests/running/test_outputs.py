"""What agrees with an output of a page, and what does not."""

from __future__ import annotations

import random

import pytest
from printed import GUIDE, NONE, shown

from checks.evidence import outputs
from checks.evidence.outputs import matches


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("", "", True),
        ("", "x", False),
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a", "a\nb", False),
        ("a\nb", "a", False),
        ("a\n...", "a", True),
        ("a\n...", "a\nb\nc", True),
        ("a\n...", "", False),
        ("...\nc", "a\nb\nc", True),
        ("...\nc", "a\nc\nb", False),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("a\n...\nc\n...\ne", "a\nc\nd\ne", True),
        ("a\n...\na", "a", False),
        ("...\nb\n...\nb", "b", False),
        ("...\nb\n...\nb", "b\nb", True),
        ("...\na\na\nb\n...", "a\na\na\nb\nc", True),
        ("...\na\na\nb\n...", "a\nb\na\nc", False),
        ("...\n...\na\n...\n...", "b\na\nb", True),
        ("  ...\na", "b\na", True),
        ("a...", "ab", False),
        ("a ", "a", True),
        (" a", "a", False),
        # a line \... stands for a line ... that was printed, \\... for \..., and so on
        ("\\...", "...", True),
        ("\\...", "anything", False),
        ("\\...", "", False),
        ("  \\...", "  ...", True),
        ("a\n\\...\nc", "a\nb\nc", False),
        ("\\\\...", "\\...", True),
        ("...\n\\...", "a\n...", True),
        ("\\... more", "\\... more", True),
    ],
)
def test_lines_and_elisions(expected, actual, same):
    assert matches(shown(expected), actual, NONE) is same


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("crashkernel=512M-:192M", "crashkernel=1G-:64M"),
        ("crashkernel=512M-:192M", "crashkernel=2G-4G:320M"),
        ("crashkernel=512M", "crashkernel=1B"),
        ("268435456", "20000"),
        ("201326592", "134217728"),
        ("uid 12345", "uid 99999"),
        ("linux 6.1.0-1", "linux 0.0.0-evil"),
        ("crash 8.0.6-1", "crash 9.0.1-1"),
        ("(192 MB)", "(1 MB)"),
        ("  6c000000-77ffffff : Crash kernel", "  00000000-00000000 : Crash kernel"),
        ("crashkernel addr: 0x6c000000", "crashkernel addr: 0x69000000"),
        ("/var/crash/202611231254", "/var/crash/202701010000"),
        ("took 4 s", "took 5 s"),
        ("exit status: 0", "exit status: 1"),
        ("1", "0"),
        # the name of a shape is text like any other
        ("<size>", "97M"),
        ("97M", "<size>"),
        ("size", "97M"),
        ("<uuid>", "3f0c2a4e-0d0b-4c57-9b7a-5f0f3a7c1e11"),
    ],
)
def test_what_a_page_does_not_declare_is_compared_exactly(expected, actual):
    assert not matches(shown(expected), actual, GUIDE)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("[  104.208641] mark", "[   99.000001] mark", True),
        ("[  104.208641] mark", "[   99.000001] Mark", False),
        ("[    0.0] mark", "[    0.1] mark", False),
        ("1c1 3f0c2a4e-0d0b-4c57-9b7a-5f0f3a7c1e11", "1c1 8d1f6a52-6a63-4a0e-8f2f-0c9f4f0f7b22", True),
        ("256 SHA256:" + "a" * 43, "256 SHA256:" + "B" * 43, True),
        ("256 SHA256:" + "a" * 43, "256 SHA256:" + "B" * 42, False),
        ("at 2026-11-23 12:54:01.5 UTC", "at 2027-01-02T03:04Z", True),
        ("on 2026-11-23", "on 2027-01-02", False),
    ],
)
def test_shapes_that_count_everywhere(expected, actual, same):
    assert matches(shown(expected), actual, GUIDE) is same


@pytest.mark.parametrize(
    ("varies", "expected", "actual", "same"),
    [
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: 0x6c000000", True),
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: 0x6c0000000", False),
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: none", False),
        ("address", "  69000000-7cffffff : Crash kernel", "  6c000000-7fffffff : Crash kernel", True),
        ("kernel-release", "linux 6.12.107+deb13-cloud-amd64", "linux 6.12.117+deb13-cloud-amd64", True),
        ("kernel-release", "linux 6.8.0-31-generic", "linux 6.17.0-1018-azure", True),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (1:1.11.7ubuntu3) ...", True),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (1:0.10.7) ...", False),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (0.0.0-evil) ...", False),
        ("version", "Setting up crash (8.0.6-1) ...", "Setting up crash (8.1.1+~16.3-1ubuntu1) ...", True),
        ("version", "Setting up crash (8.0.6-1) ...", "Setting up drgn (8.0.6-1) ...", False),
        ("dump-stamp", "/var/crash/202611231254/dump.202611231254", "/var/crash/202701020000/dump.202701020001", True),
        ("dump-stamp", "purging /var/crash/202001010000", "purging /var/crash/202611231254", False),
        ("byte-count", "saved 123083120", "saved 91610266", True),
        ("byte-count", "saved 123083120", "saved 1230831", False),
        ("byte-count", "saved 123083120", "saved 0", False),
        ("size", "97M dump", "520M dump", True),
        ("size", "97M dump", "1.1G dump", False),
        ("size", "970M dump", "1.1G dump", True),
        ("size", "1.5 MiB", "900 KiB", True),
        ("size", "97M dump", "97 dump", False),
        ("seconds", "took 8 s", "took 14 s", True),
        ("seconds", "took 8 s", "took 800 s", False),
        ("code-offset", "sysrq_handle_crash+0x1a/0x20", "sysrq_handle_crash+0x16/0x30", True),
        ("code-offset", "sysrq_handle_crash+0x1a/0x20", "sysrq_handle_reboot+0x1a/0x20", False),
        # what a shape does not find stays exact, also on its line
        ("byte-count", "-rw-r--r-- 97000 dump", "-rw------- 52000 dump", False),
        # and so do the other lines
        ("size: saved", "saved 97M\nreserved 192M", "saved 98M\nreserved 192M", True),
        ("size: saved", "saved 97M\nreserved 192M", "saved 97M\nreserved 193M", False),
        # a line is compared by its own shapes, wherever it is looked for
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "x\nsaved 96M\nreserved 192M\ny", True),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "x\nsaved 9M\nsaved 98M\nreserved 193M\nsaved 9M\nreserved 192M", True),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "saved 96M\nreserved 193M", False),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "saved 96000M\nreserved 192M", False),
    ],
)
def test_what_a_page_declares_varies_within_its_bounds(varies, expected, actual, same):
    assert matches(shown(expected, varies), actual, GUIDE) is same


def test_a_search_agrees_with_the_plain_way_of_looking():
    """Shift-And against a loop over all places, on outputs of few different lines."""
    chance = random.Random(3)
    lines = ["a", "b", "saved 97M", "saved 8M", "saved 99999M", "keeps 97M"]
    for _ in range(3000):
        group = GUIDE.expected(shown("\n".join(chance.choices(lines, k=chance.randrange(1, 4))), "size: saved"))
        printed = chance.choices(lines, k=chance.randrange(9))
        at = chance.randrange(len(printed) + 1)
        places = range(at, len(printed) - len(group) + 1)
        plainly = next((n for n in places if all(line.agrees(printed[n + i]) for i, line in enumerate(group))), None)
        assert outputs._Search(group).first(printed, at) == plainly
