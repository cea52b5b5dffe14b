"""Comparing and renewing outputs."""

from pathlib import Path

import pytest
from guides import ROOT

from checks import config as configuration
from checks.model import GuideError, Output
from checks.running.outputs import Shapes, difference, matches, renewed
from checks.running.update import rewritten

NONE = Shapes()
GUIDE = Shapes.load(configuration.load(ROOT / "mkdocs.yml").shapes_file)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("", "", True),
        ("", "x", False),
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a", "a\nb", False),
        ("...", "", True),
        ("...", "a\nb", True),
        ("a\n...", "a", True),
        ("a\n...", "a\nb\nc", True),
        ("...\nc", "a\nb\nc", True),
        ("...\nc", "a\nc\nb", False),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("a\n...\nc\n...\ne", "a\nc\nd\ne", True),
        ("a\n...\na", "a", False),
        ("...\nb\n...\nb", "b", False),
        ("...\nb\n...\nb", "b\nb", True),
        ("  ...", "a", True),
        ("a...", "ab", False),
        ("a ", "a", True),
        (" a", "a", False),
    ],
)
def test_lines_and_elisions(expected, actual, same):
    assert matches(expected, actual, NONE) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("crashkernel addr: 0x69000000", "crashkernel addr: 0x6c000000", True),
        ("linux 6.12.107+deb13-cloud-amd64", "linux 6.12.117+deb13-cloud-amd64", True),
        ("linux 6.8.0-31-generic", "linux 6.17.0-1018-azure", True),
        ("Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (1:1.10.7ubuntu3) ...", True),
        ("Setting up crash (8.0.6-1) ...", "Setting up crash (9.0.1+~16.3-1ubuntu1) ...", True),
        ("Setting up crash (8.0.6-1) ...", "Setting up drgn (8.0.6-1) ...", False),
        ("[  104.208641] mark", "[   99.000001] mark", True),
        ("[  104.208641] mark", "[   99.000001] Mark", False),
        ("1c1 3f0c2a4e-0d0b-4c57-9b7a-5f0f3a7c1e11", "1c1 8d1f6a52-6a63-4a0e-8f2f-0c9f4f0f7b22", True),
        ("/var/crash/202611231254/dump.202611231254", "/var/crash/202701010000/dump.202701010000", True),
        ("  69000000-7cffffff : Crash kernel", "  6c000000-7fffffff : Crash kernel", True),
        ("-rw-r--r-- 1 root root 97M Nov 23 12:54 dump", "-rw-r--r-- 1 root root 52M Dec  1 01:02 dump", True),
        ("-rw-r--r-- 1 root root 97M Nov 23 12:54 dump", "-rw------- 1 root root 52M Dec  1 01:02 dump", False),
        ("exit status: 0", "exit status: 1", False),
        ("1", "0", False),
        ("crashkernel=512M-:192M", "crashkernel=512M-:192M", True),
        ("crashkernel=512M-:192M", "crashkernel=2G-4G:320M", False),
        # the place in a function, and its length, change with every build of a kernel
        ("sysrq_handle_crash+0x1a/0x20", "sysrq_handle_crash+0x16/0x30", True),
        ("sysrq_handle_crash+0x1a/0x20", "sysrq_handle_reboot+0x1a/0x20", False),
    ],
)
def test_shapes_of_the_guide(expected, actual, same):
    assert matches(expected, actual, GUIDE) is same


def test_a_pattern_that_is_none_is_named(tmp_path):
    path = tmp_path / "shapes.yml"
    path.write_text("broken:\n  pattern: '('\n  why: never\n")
    with pytest.raises(GuideError, match=r"shapes.yml:2: broken.pattern: expected a regular expression \(missing \)"):
        Shapes.load(path)


def test_the_difference_shows_what_agrees_by_shape_as_agreeing():
    diff = difference("at 0x10\nold", "at 0x20\nnew", GUIDE)
    assert diff == "  at 0x20\n- old\n+ new"


@pytest.mark.parametrize(
    ("expected", "actual", "new"),
    [
        ("a\n...\nc", "a\nb\nc", "a\n...\nc"),
        ("at 0x10", "at 0x20", "at 0x20"),
        ("old", "new\nlines", "new\nlines"),
        ("...\nkeep\n...", "1\nkeep\n2", "...\nkeep\n..."),
        ("...\nkeep\ngone\n...", "1\nkeep\n2", "...\nkeep\n..."),
        ("...\ngone", "1\n2", "1\n2"),
        ("...", "1\n2", "..."),
        ("old", "", ""),
    ],
)
def test_renewing_keeps_what_the_author_chose(expected, actual, new):
    assert renewed(expected, actual, GUIDE) == new


def test_renewing_keeps_the_fence_and_its_indent():
    text = "- item\n\n    ```text {.output}\n    old\n    ```\n\nend\n"
    out = Output("old", 3, 5)
    new = "- item\n\n    ```text {.output}\n    new\n\n    lines\n    ```\n\nend\n"
    assert rewritten(text, [(out, "new\n\nlines")], Path("x.md")) == new
    with pytest.raises(GuideError, match=r"x.md:3: the output has a line that would close its fence"):
        rewritten(text, [(out, "```")], Path("x.md"))
