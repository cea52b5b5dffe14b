"""SECURITY.md in both languages: the table is that of cases.yml, and each case names a test that is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import table

DATA = table.load()
CASES = DATA["cases"]
HAN = "\u4e00-\u9fff"


def test_the_tables_are_up_to_date():
    for language, file in table.FILES.items():
        text = file.read_text(encoding="utf-8")
        made = table.with_table(text, table.table(DATA, language))
        assert text == made, f"{file.name}: type .venv/bin/python tests/security/table.py --write"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_each_case_is_whole_and_its_test_is_there(case):
    assert set(case) - {"why"} == {"id", "area", "input", "wanted", "test", "result"}
    assert case["area"] in DATA["areas"]
    assert case["result"] in table.RESULTS
    assert (case["result"] == "limit") == ("why" in case), "what falls short says why, and nothing else does"
    wanted = DATA["wanted"][case["wanted"]] if isinstance(case["wanted"], str) else case["wanted"]
    for text in (case["input"], wanted, *([case["why"]] if "why" in case else [])):
        assert set(text) == {"en", "zh"}
        assert all(text.values())
    if case["result"] != "open":
        assert table.exists(case["test"]), f"{case['id']}: there is no test {case['test']}"


def test_no_case_is_there_twice():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))
    assert sum(name.startswith("E") for name in ids) >= 40, "cases of our own"


CHINESE = [text["zh"] for text in (*DATA["areas"].values(), *DATA["wanted"].values())] + [case["input"]["zh"] for case in CASES]


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_is_set_as_chinese(text):
    plain = re.sub("`[^`]*`", "x", text)
    assert not re.search(f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]", plain), "a space between Han and Latin"
    assert not re.search(f"[{HAN}][,;:?!()]|[,;:?!()][{HAN}]", plain), "punctuation of full width"


def test_both_texts_say_the_same_things():
    headings = [re.findall("^(#+) ", file.read_text(encoding="utf-8"), re.MULTILINE) for file in table.FILES.values()]
    items = [re.findall(r"^- \*\*", file.read_text(encoding="utf-8"), re.MULTILINE) for file in table.FILES.values()]
    commands = [re.findall(r"^ *(?:gh|git|\./guide) .*$", file.read_text(encoding="utf-8"), re.MULTILINE) for file in table.FILES.values()]
    assert headings[0] == headings[1]
    assert len(items[0]) == len(items[1])
    assert commands[0] == commands[1]


@pytest.mark.parametrize(
    ("line", "settled"),
    [
        ('  - {id: "1", test: tests/security/test_security_md.py::test_no_case_is_there_twice, result: open}', True),
        ("  - {id: E7, test: tests/security/test_security_md.py::test_nothing_of_this_name, result: open}", False),
        ("  - {id: E7, test: tests/nowhere.py::test_x, result: open}", False),
        ('  - {id: "1", test: "", result: open}', False),
        ('  - {id: "1", test: tests/security/test_security_md.py::test_no_case_is_there_twice, result: holds}', False),
    ],
)
def test_settle_closes_the_cases_whose_test_is_there(tmp_path, monkeypatch, line, settled):
    file = tmp_path / "cases.yml"
    file.write_text(f"cases:\n{line.replace('test: ', 'x: y, test: ')}\n")
    monkeypatch.setattr(table, "CASES", file)
    assert bool(table.settle()) is settled
    assert ("result: holds" in file.read_text()) is (settled or "holds" in line)
