"""The tables of the page crashkernel-size: the packages' lists, and what the kernel makes of them."""

from __future__ import annotations

import re

import kernel_crashkernel as kernel
import pytest
import yaml
from guides import ROOT

MIB, GIB = 1 << 20, 1 << 30


def rows_of_tables(language: str) -> list[list[str]]:
    """The cells of every row in the section about lists, without the rows of dashes."""
    text = (ROOT / "docs" / language / "crashkernel-size.md").read_text()
    section = text.split("{#lists}", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in row] for row in rows]


def lists_of(language: str) -> list[str]:
    """The values of crashkernel= in the table, from its first row to its last."""
    return [found[0] for row in rows_of_tables(language) if len(row) == 2 and (found := re.findall(r"`([^`]+:[^`]+)`", row[1]))]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_package_s_value_is_in_the_table_of_lists(language):
    row = next(row for row in yaml.safe_load((ROOT / "data" / "releases.yml").read_text())["rows"] if row["id"] == "crashkernel")
    assert {cell["value"] for cell in row["cells"].values()} <= set(lists_of(language))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_sizes_says_what_the_kernel_would_reserve(language):
    values = lists_of(language)
    sizes = [row for row in rows_of_tables(language) if re.fullmatch(r"\d+ GiB", row[0])]
    assert len(values) == 4
    assert len(sizes) >= 6
    for memory, *shown in sizes:
        reserved = [kernel.reserved(value, int(memory.split()[0]) * GIB)[0] // MIB for value in values]
        assert [int(cell) for cell in shown] == reserved, memory
