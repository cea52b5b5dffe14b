"""How the doctor reads what others wrote: as the kernel, sh, dpkg, makedumpfile and kdump-config read it."""

from __future__ import annotations

import shutil
import subprocess

import kernel_crashkernel
import pytest
import test_planner
from hypothesis import given, settings
from hypothesis import strategies as st
from made import MIB, doctor

GIB = 1024 * MIB


def reserved(value: str, memory: int, kernel: tuple[int, int] = (6, 12)) -> tuple[int, str]:
    found = doctor.reserve([f"crashkernel={word}" for word in value.split()], memory, kernel)
    return found.size // MIB, found.why


@pytest.mark.parametrize(
    ("value", "memory", "wanted"),
    [
        ("512M-:192M", 2 * GIB, (192, "")),
        ("512M-:192M", 385 * MIB, (192, "")),  # rounded up to 128 MiB first
        ("512M-:192M", 384 * MIB, (0, "range")),
        ("2G-4G:320M,4G-32G:512M", 4 * GIB, (512, "")),
        ("2G-4G:320M,4G-32G:512M", 32 * GIB, (0, "range")),
        ("2G-4G:2G,4G-:512M", 1 * GIB, (0, "size")),
        ("4G", 2 * GIB, (0, "large")),
        ("192M@512M", 2 * GIB, (192, "")),
        ("1G-:192M@512M", 2 * GIB, (192, "")),
        ("64M 192M", 2 * GIB, (192, "")),
        ("auto", 2 * GIB, (0, "auto")),
        ("lots", 2 * GIB, (0, "syntax")),
        ("512M-192M:1M", 2 * GIB, (0, "syntax")),
        ("512M:192M", 2 * GIB, (0, "syntax")),
        ("128Mx", 2 * GIB, (0, "syntax")),
        ("256M,high", 2 * GIB, (256, "")),
        ("256M,high 64M,low", 8 * GIB, (256, "")),
        ("64M,low", 8 * GIB, (0, "syntax")),
        ("0x10000000", 2 * GIB, (256, "")),
        ("192m", 2 * GIB, (192, "")),
    ],
)
def test_crashkernel_is_read_as_the_kernel_reads_it(value, memory, wanted):
    assert reserved(value, memory) == wanted


def test_cma_is_known_from_6_17_on():
    assert reserved("512M-:192M 128M,cma", 2 * GIB) == (0, "cma")
    assert reserved("128M,cma 512M-:192M", 2 * GIB) == (192, "")
    assert reserved("512M-:192M 128M,cma", 2 * GIB, (6, 17)) == (192, "")


def test_it_agrees_with_the_kernel_line_by_line():
    """Values of each kind, right and wrong ones, on machines of all sizes."""
    for value in [*test_planner.OTHERS, *test_planner.WRONG, *test_planner.DEFAULTS]:
        if value.endswith((",high", ",low", ",cma")) or value.startswith("0x"):
            continue  # the lines that follow are for values without a suffix, in decimal numbers
        for memory in (256 * MIB, 511 * MIB, GIB, 2 * GIB, 4 * GIB, 33 * GIB, 1024 * GIB):
            kernel, _ = kernel_crashkernel.reserved(value, memory)
            assert doctor.reserve([f"crashkernel={value}"], memory, (6, 12)).size == kernel, (value, memory)


def test_the_estimate_is_that_of_kdump_config():
    """The numbers of crashkernel-size#estimate, whose program adds up what kdump-config suggests."""
    memory = {"MemTotal": 1753812, "MemFree": 1658264 + 38596}
    found = doctor.estimate(12 * MIB - 5, 11 * MIB - 5, 36, memory, 1, "x86_64")
    assert found.least == 72 + 11 + 36
    assert found.suggested == max(119 + (1753812 - 1658264 - 38596) // 1024 - 11, 119 + 32)
    assert doctor.estimate(12 * MIB, 11 * MIB, 36, memory, 1, "aarch64").least == 48 + 11 + 36
    huge = doctor.estimate(12 * MIB, 11 * MIB, 36, {"MemTotal": 768 * GIB // 1024}, 128, "x86_64")
    assert huge.suggested > 100_000  # without the lines for free memory, all of it counts as used


SHELL_TEXTS = [
    "A=1\nB='two words'\nC=\"a $A b\"\n",
    "A=1;B=2 # comment\n#C=3\nD=${A}x$B\n",
    "A='it''s'\nB=\"q\\\"q\"\nC=a\\ b\nD=\\\nE=5\n",
    "A=\nB=$NONE\nC=x$A$B\n",
    "export A=1\n  B=2\n\tC=3\n",
    "A='line one\nline two'\nB=2\n",
    'A="$A more"\nA="$A and more"\n',
    "A=a=b=c\nB=http://x/#y\n",
]


@pytest.mark.skipif(not shutil.which("dash"), reason="there is no dash here")
@pytest.mark.parametrize("text", SHELL_TEXTS)
def test_assignments_are_those_of_sh(text, tmp_path):
    known: dict[str, str] = {}
    assert not [each for each in doctor.assignments(text, known) if each.fault]
    file = tmp_path / "settings"
    file.write_text(text)
    names = " ".join(sorted(known))
    script = f'. {file}; for name in {names}; do eval "printf \'%s=%s\\0\' $name \\"\\$$name\\""; done'
    done = subprocess.run(["env", "-i", "dash", "-c", script], capture_output=True, text=True, check=True)
    assert dict(each.split("=", 1) for each in done.stdout.split("\0") if each) == known


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="A=1 '\"\\$;#\n&|{}+`()x\r", max_size=60))
def test_any_text_is_read_to_its_end(text):
    lines = [each.line for each in doctor.assignments(text)]
    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)


def test_what_sh_does_not_have_is_noticed():
    found = list(doctor.assignments('A+=" x"\nB = 1\nC=-c -d 31\nif true; then\nD="$D x"\nE=$(date)\nF="open\n'))
    assert [(each.line, each.name, each.plus, each.fault) for each in found] == [
        (1, "A", True, ""), (2, "", False, "command"), (3, "", False, "command"), (4, "", False, "flow"),
        (5, "D", False, ""), (6, "E", False, ""), (7, "F", False, "quote"),
    ]  # fmt: skip
    assert found[4].asked == ("D",)
    assert found[5].unknown


VERSIONS = [
    "1:1.6.10ubuntu2.2", "1:1.7.5-1", "1:1.7.5-1ubuntu1", "1:1.7.6-1", "1:1.7.6-1+b1", "1:1.10.7", "1:1.10.7ubuntu2",
    "1:1.10.7ubuntu3", "1:1.10.7ubuntu5", "1:1.10.9", "2.0.29-2", "1:2.0.29~rc1-1", "1:2.0.29-1", "1:2.0.29-2+b2",
]  # fmt: skip


@pytest.mark.skipif(not shutil.which("dpkg"), reason="there is no dpkg here")
def test_versions_sort_as_dpkg_sorts_them():
    wanted = sorted(VERSIONS, key=doctor.debian_key)
    for older, newer in zip(wanted, wanted[1:], strict=False):
        subprocess.run(["dpkg", "--compare-versions", older, "le", newer], check=True)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("-c -d 31", None),
        ("-F -c -d 31", None),
        ("-l -d 1", None),
        ("-cd31", None),
        ("-d 1,31 --message-level 7", None),
        ("-E -d 31", None),
        ("--num-threads=2 -z", None),
        ("--show-stats -c", None),
        ("-c -d 31 --wrong", "--wrong"),
        ("-c -d 32", "-d 32"),
        ("-c -d", "-d"),
        ("-k", "-k"),
        ("-c -d31 extra", "extra"),
        ("-E -c", "-E -c"),
        ("-E --num-threads 2", "-E --num-threads"),
        ("--split -c", "--split"),
        ("-R", "-R"),
        ("--config x", "--config"),
        ("--message-level", "--message-level"),
    ],
)
def test_arguments_are_judged_as_makedumpfile_does(arguments, wanted):
    assert doctor.refused(arguments) == wanted


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(10, 90))
def test_wrapped_text_fits_and_loses_nothing(text, columns):
    shown = doctor.clean(text)
    lines = doctor.wrap(shown, columns)
    assert "".join("".join(lines).split()) == "".join(shown.split())
    assert all(doctor.width(line) <= columns + 2 for line in lines)


def test_a_full_stop_never_begins_a_line():
    text = "启动菜单里已有 crashkernel=512M-:192M，但正在运行的内核启动时还没有它：之后没有重启过。" * 3
    for columns in range(10, 80):
        assert not [line for line in doctor.wrap(text, columns) if line[0] in "，。："]


def test_hosts_are_known_by_name_pattern_or_hash():
    from base64 import b64encode
    from hashlib import sha1
    from hmac import new

    salt = b"0123456789abcdefghij"
    code = new(salt, b"vault", sha1).digest()
    assert doctor._names_host("vault,192.0.2.2", "192.0.2.2")
    assert doctor._names_host("*.example.org", "vault.example.org")
    assert doctor._names_host("[192.0.2.2]:2222,[vault]:2222", "[vault]:2222")
    assert not doctor._names_host("[vault]:2222", "v:2222")
    assert not doctor._names_host("*.example.org,!vault.example.org", "vault.example.org")
    assert doctor._names_host(f"|1|{b64encode(salt).decode()}|{b64encode(code).decode()}", "vault")
    assert not doctor._names_host(f"|1|{b64encode(salt).decode()}|{b64encode(code).decode()}", "lab")


def test_sizes_are_written_shortly():
    wanted = {80 * MIB: "80 MiB", GIB: "1 GiB", GIB * 3 // 2: "1.5 GiB", 300 * GIB: "300 GiB", 0: "0 MiB"}
    assert {size: doctor.human(size) for size in wanted} == wanted
