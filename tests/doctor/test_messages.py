"""data/messages.yml: every message has a section that helps, what is marked as seen stands in the evidence, and the doctor has them."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache

import pytest
from guides import ROOT
from made import FILE, doctor, sections

from checks.model import PageErrors
from doctor import messages

ALL = messages.load()
TARGETS = ("debian-13", "debian-12", "debian-14")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@cache
def printed(target: str, page: str) -> dict[str, str]:
    """What each snippet of a page printed on a target, by the evidence; of those that were left out there nothing."""
    file = ROOT / "evidence" / target / f"{page}.json"
    entries = json.loads(file.read_text())["snippets"] if file.exists() else []
    return {entry["id"]: entry.get("output") or "" for entry in entries if "skip" not in entry}


@cache
def console(page: str) -> str:
    """What the machine of a page showed on its console."""
    with gzip.open(ROOT / "evidence" / TARGETS[0] / f"{page}.cast.gz", "rt") as lines:
        events = [json.loads(line) for line in lines]
    return ESCAPES.sub("", "".join(event[2] for event in events if isinstance(event, list)))


@pytest.mark.parametrize("entry", ALL.messages, ids=lambda entry: entry.id)
def test_what_is_marked_as_seen_stands_in_the_evidence(entry):
    if entry.seen is None:
        return
    page, _, snippet = entry.seen.partition("#")
    text = "\n".join(printed(target, page).get(snippet, "") for target in TARGETS) if snippet else console(page)
    assert any(doctor.message_in(entry.text, line) for line in text.splitlines()), entry.seen


def test_many_are_seen():
    assert sum(entry.seen is not None for entry in ALL.messages) >= 50


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_leads_to_a_section_that_exists(language):
    assert {entry.see for entry in ALL.messages} - sections(language) == set()


def test_the_doctor_has_the_messages_that_it_looks_for():
    program = FILE.read_text()
    assert messages.embedded(program, ALL) == program, "type: .venv/bin/python -m doctor.messages --write"
    wanted = [(entry.text, entry.doctor, entry.see, entry.means["en"], entry.means["zh"]) for entry in ALL.messages if entry.doctor]
    assert [tuple(message) for message in doctor.MESSAGES] == wanted


def test_a_message_of_success_is_none_that_the_doctor_looks_for():
    """Journals as good boots have left them."""
    forms = printed(TARGETS[0], "crashkernel-forms")
    more = "The kernel version is not supported.\nToo many dumps, purging: /var/crash/1"
    good = {
        "load": "kdump-tools: Generating /var/lib/kdump/initrd.img-6.12\nInvalid symlink : /var/lib/kdump/vmlinuz\nloaded kdump kernel",
        "capture": f"{printed(TARGETS[0], 'capture-kernel')['journal']}\n{more}",
        "boot": f"{forms['log']}\n{forms['log-high']}",
    }
    for where, text in good.items():
        for line in text.splitlines():
            found = [message.text for message in doctor.MESSAGES if where in message.where and doctor.message_in(message.text, line)]
            assert found == [], line


SMALL = """\
speakers:
  kexec: {en: kexec, zh: kexec}
places:
  terminal: {en: the terminal, zh: 终端}
messages:
  - id: loaded
    group: loading
    text: loaded kdump kernel
    by: kexec
    where: [terminal]
    means: {en: well, zh: 好}
    see: kdump-config#load
    source: kdump-tools
    seen: quick-start#show
    doctor: [load]
  - id: not-ready
    group: loading
    text: Not ready
    by: kexec
    where: [terminal]
    means: {en: ill, zh: 坏}
    see: grub#lost
    source: gdb 16.3
"""


def small(folder, text: str):
    """The messages of a guide that has only these."""
    (folder / "data").mkdir()
    (folder / messages.FILE).write_text(text)
    return messages.load(folder)


def test_a_small_file_is_read(tmp_path):
    assert [entry.id for entry in small(tmp_path, SMALL).messages] == ["loaded", "not-ready"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("by: kexec\n", "by: kexecc\n", "expected one of the speakers"),
        ("where: [terminal]", "where: [somewhere]", "expected places"),
        ("id: loaded\n", "id: not-ready\n", "expected each id once, found 'not-ready' 2 times"),
        ("see: kdump-config#load", "see: kdump-config", "expected PAGE#SECTION"),
        ("text: loaded kdump kernel", "text: …", "expected a message with words in it"),
        ("doctor: [load]", "doctor: [reload]", "doctor"),
        ("    source: gdb 16.3\n", "", "expected the key source"),
        ("seen: quick-start#show", "seen: Quick Start", "expected PAGE#SNIPPET"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, old, new, problem):
    assert old in SMALL
    with pytest.raises(PageErrors, match=re.escape(problem)) as raised:
        small(tmp_path, SMALL.replace(old, new, 1))
    assert re.match(r"data/messages\.yml:[0-9]+: ", str(raised.value))


def test_the_table_is_written_into_the_doctor(tmp_path, monkeypatch, capsys):
    program = tmp_path / "kdump_doctor.py"
    program.write_text(f"first = 1\n{messages.BEGIN}\nold\n{messages.END}\nlast = 2\n")
    monkeypatch.setattr(messages, "DOCTOR", program)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "load", lambda: ALL)
    assert messages.main([]) == 1
    assert "--write" in capsys.readouterr().out
    assert messages.main(["--write"]) == 0
    assert messages.main([]) == 0
    assert program.read_text().startswith("first = 1\n")
    assert program.read_text().endswith("\nlast = 2\n")
    with pytest.raises(ValueError, match="BEGIN messages"):
        messages.embedded("nothing\n", ALL)
