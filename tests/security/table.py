"""The table of cases in SECURITY.md and SECURITY.zh.md, made from cases.yml.

.venv/bin/python tests/security/table.py --write     # both files
.venv/bin/python tests/security/table.py --settle    # first, open cases whose test is there become "holds"
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("cases.yml")
FILES = {"en": ROOT / "SECURITY.md", "zh": ROOT / "SECURITY.zh.md"}
BEGIN, END = "<!-- cases: tests/security/table.py writes what follows -->", "<!-- end of the cases -->"
HEADS = {
    "en": ("No.", "Area", "Input or fault", "What has to happen", "Test", "Result"),
    "zh": ("编号", "范围", "输入或故障", "应当如何", "测试", "结果"),
}
RESULTS = {
    "holds": {"en": "holds", "zh": "成立"},
    "open": {"en": "open", "zh": "未了"},
    "limit": {"en": "falls short: ", "zh": "有所不及："},
}
COUNTS = {
    "en": "Of {total} cases {holds} hold. Those that fall short say why: {limit}. Open: {open}.",
    "zh": "共 {total} 例，其中 {holds} 例成立；有所不及并说明原因的 {limit} 例；未了的 {open} 例。",
}


def load() -> dict[str, Any]:
    """The content of cases.yml."""
    data: dict[str, Any] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return data


def table(data: dict[str, Any], language: str) -> str:
    """The counts and the table of one language, in Markdown."""
    rows = [HEADS[language], ("---",) * 6]
    for case in data["cases"]:
        wanted = data["wanted"][case["wanted"]] if isinstance(case["wanted"], str) else case["wanted"]
        result = RESULTS[case["result"]][language] + (case["why"][language] if case["result"] == "limit" else "")
        test = f"`{case['test'].removeprefix('tests/')}`" if case["test"] else ""
        rows.append((case["id"], data["areas"][case["area"]][language], case["input"][language], wanted[language], test, result))
    results = [case["result"] for case in data["cases"]]
    counts = COUNTS[language].format(total=len(results), **{name: results.count(name) for name in RESULTS})
    return "\n".join([counts, "", *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)])


def with_table(text: str, made: str) -> str:
    """The text of a file with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


@cache
def tests_of(file: str) -> frozenset[str]:
    """The names of the tests in a file, none for a file that is not there."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def exists(test: str) -> bool:
    """Whether the test that a case names is there."""
    file, _, name = test.partition("::")
    return name.partition("[")[0] in tests_of(file)


def settle() -> list[str]:
    """Open cases whose test is there become "holds" in cases.yml; returns their ids."""
    settled = []
    lines = CASES.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        found = re.fullmatch(r'  - \{id: "?([A-Z]?\d+)"?, .* test: (\S+), result: open\}', line)
        if found and exists(found[2]):
            lines[number] = line.removesuffix("open}") + "holds}"
            settled.append(found[1])
    CASES.write_text("\n".join(lines), encoding="utf-8")
    return settled


def main(arguments: list[str]) -> int:
    """Write both files."""
    if arguments not in (["--write"], ["--settle"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments == ["--settle"]:
        print("settled:", ", ".join(settle()) or "none")
    data = load()
    for language, file in FILES.items():
        file.write_text(with_table(file.read_text(encoding="utf-8"), table(data, language)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
