"""The search box of the built guide, in a browser: a pasted message finds the page on which it stands, whatever characters are in it."""

from __future__ import annotations

import html
import re

import pytest
from searching import Search

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser

# The id in the address, and the id of the heading above the first block that has a text.
SECTION = """text => {
    const block = [...document.querySelectorAll("pre, p, li, td")].find(block => block.textContent.includes(text));
    const above = [...document.querySelectorAll("h1[id], h2[id], h3[id]")].filter(
        heading => heading.compareDocumentPosition(block) & Node.DOCUMENT_POSITION_FOLLOWING
    );
    return [location.hash.slice(1), above.pop().id];
}"""

# What is pasted, and the pages of which one has to be among the first three results. Both languages show the same output.
MESSAGES = [
    ("no crashkernel= parameter in the kernel cmdline", "kdump-config failures/not-armed"),
    ("Cannot change symbolic links when kdump is loaded", "kdump-config"),
    ("512M-:192M", "quick-start capture-kernel crashkernel crashkernel-size grub"),
    ("crashkernel=512M-:192M", "quick-start capture-kernel crashkernel crashkernel-size grub"),
    ("KDUMP_CMDLINE_APPEND+= panic=10: not found", "settings"),
    ("kexec_load failed: Permission denied", "secure-boot"),
    ('"Cannot change symbolic links"', "kdump-config"),
    ("W: kdump-tools: Executing in a chroot, skipping initramfs generation.", "install"),
    ("ls: cannot access '/proc/vmcore': No such file or directory", "concepts"),
    ("dpkg-query: no path found matching pattern /etc/default/kdump-tools", "install"),
    ("debconf_selections: Additional properties are not allowed ('debconf_selections' was unexpected)", "unattended"),
    ("1G -> crashkernel: invalid size", "crashkernel"),
    ("no kexec command recorded", "kdump-config"),
    ("crashkernel reservation failed - memory is in use.", "crashkernel-forms"),
    ("crashkernel size resulted in zero bytes", "crashkernel-forms messages"),
    ("KDUMP_INITRD does not exist: /var/lib/kdump/initrd.img", "kdump-config failures/not-armed"),
    ("/etc/default/kdump-tools: USE_KDUMP is not set or zero ... failed!", "kdump-config settings"),
    ("open_dump_memory: Can't open the dump memory(/proc/vmcore). No such file or directory", "kdump-config remote/ssh settings"),
    ("Error: Compression 'zstd' not supported. Disabling compression.", "settings"),
    ("mkdir: cannot create directory ‘/var/crash/202611291553’: Permission denied", "dump-levels"),
    ("kdump-config: makedumpfile failed, falling back to 'cp' ... failed!", "dump-levels"),
    ("kexec_file_load(unload) failed: Operation not permitted", "kdump-config privacy"),
    ("/usr/sbin/kdump-config: 1342: cannot create /var/crash/kdump_lock: Permission denied", "kdump-config"),
    ("Invalid kernel version : 1.2.3 ... failed!", "kdump-config"),
    ("BUG: kernel NULL pointer dereference, address: 0000000000000000", "triggers"),
    ("bash: /proc/sysrq-trigger: Permission denied", "triggers"),
    ("Kernel panic - not syncing: softlockup: hung tasks", "lockups"),
    ("BUG: soft lockup - CPU#0 stuck", "lockups"),
    ("Host key verification failed.", "remote/ssh"),
    ("kdump-config: Unable to reach remote server dumps@vault; can't continue ... failed!", "remote/ssh"),
    ("mount.nfs: access denied by server while mounting vault:/srv/crash", "remote/nfs"),
    ("Kernel is locked down from EFI Secure Boot", "secure-boot"),
    ("Enforced kernel signature verification failed (-61).", "secure-boot"),
    ("Warning: keyslot operation could fail as it requires more than available memory.", "storage"),
    ("dmesg: read kernel buffer failed: Operation not permitted", "privacy"),
    ("/sys/fs/pstore/dmesg-ramoops-0:Kernel panic - not syncing: sysrq triggered crash", "without-kdump"),
]
# What a reader's own machine prints, with other names and numbers than the page, or more around it.
OTHER_NUMBERS = [
    ("W: kdump-tools: Executing in a chroot...", "install"),
    ("kdump-config: Unable to reach remote server root@10.0.0.7; can't continue ... failed!", "remote/ssh"),
    ("mount.nfs: access denied by server while mounting 10.1.2.3:/export/dumps", "remote/nfs"),
    ("[ 4711.084512] BUG: kernel NULL pointer dereference, address: 0000000000000008", "triggers"),
    ("-bash: line 3: /proc/sysrq-trigger: Permission denied", "triggers"),
    ("/usr/sbin/kdump-config: 985: cannot create /var/crash/202701010101/dump-incomplete: Directory nonexistent", "dump-levels"),
    ("Jan 01 00:00:01 box kdump-tools[412]: Cannot change symbolic links when kdump is loaded ... failed!", "kdump-config"),
    ("Permission denied: kexec_load failed", "secure-boot"),
]
# The query, and whether a page has one of its words (None: either is right).
HOSTILE = [
    ("+ - ~ ^ : * \" \\ '", False),
    ('"', False),
    ("\\", False),
    ("***", False),
    ("\N{ZERO WIDTH SPACE}", False),
    ("dump", True),
    ("-512M", True),
    ("+crashkernel +512M", True),
    ("crashkernel~", True),
    ("crashkernel~99999999", True),
    ("crashkernel^x", True),
    ("~crashkernel", True),
    ("*crash*kernel*", True),
    ("crashkernel\\", True),
    ("title:crashkernel", True),
    ("nosuchfield:crashkernel", True),
    ("crashkernel: ", True),
    ('"crashkernel', True),
    ('""crashkernel""', True),
    ("[[crashkernel]] {x} <b>crashkernel</b> &lt; $(crashkernel)", True),
    ("constructor __proto__ toString hasOwnProperty crashkernel", True),
    ("the", None),
    ("\N{PILE OF POO} crashkernel \ud800", True),
    ("“预留内存”：512M！（crashkernel＝512M）、kdump？", True),
    ("「crashkernel」；《内核》……", True),
    ("crashkernel=" * 834, True),
    ("crashkernel" * 910, False),
    ("kdump: " * 1429, True),
    ("+" * 10_000, False),
    ("崩" * 10_000, None),
    ("内核崩溃转储" * 1667, True),
]


@pytest.fixture(scope="module", params=["en", "zh"])
def search(request, whole, visit):
    page = visit(whole[1], f"/{request.param}/")
    yield Search(page)
    page.context.close()


def words(text: str) -> str:
    """The words of a text or of HTML. The name of a dump, which each run of a page writes anew, is a word like any other such name."""
    return " ".join(re.findall(r"[\w=+:.-]+", re.sub(r"\b20\d{10}\b", "DUMP", html.unescape(re.sub(r"<[^>]*>", "", text)))))


@pytest.mark.parametrize(("message", "pages"), MESSAGES)
def test_a_pasted_message_finds_its_page(message, pages, search, whole):
    built = whole[1] / search.page.url.split("/")[3]
    having = [name for name in pages.split() if words(message) in words((built / name / "index.html").read_text())]
    assert having, f"no longer on {pages}: take another message into this table"
    found = search.paste(message)
    assert set(found[:3]) & set(having), found[:10]
    assert search.told == []


@pytest.mark.parametrize(("message", "pages"), OTHER_NUMBERS)
def test_a_message_with_other_names_and_numbers_finds_its_page(message, pages, search):
    found = search.paste(message)
    assert set(found[:3]) & set(pages.split()), found[:10]


@pytest.mark.parametrize(("query", "finds"), HOSTILE, ids=[f"{number}-{query[:20]!a}" for number, (query, _) in enumerate(HOSTILE)])
def test_no_character_is_an_operator_and_no_query_an_error(query, finds, search):
    found = search.paste(query)
    assert search.told == []
    assert finds is None or bool(found) == finds


def test_the_enter_key_opens_the_section_that_has_the_message(search):
    message, start = "Invalid kernel version : 1.2.3", search.page.url
    search.paste(message)
    search.page.keyboard.press("Enter")
    search.page.wait_for_url("**/kdump-config/**")
    search.page.wait_for_load_state()
    heading, section = search.page.evaluate(SECTION, message)
    search.page.goto(start)
    search.page.keyboard.press("/")
    assert heading == section
