"""The reader's program on the page, the form beside it, and the kernel's own rules give one answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import axe_playwright_python
import kernel_crashkernel as kernel
import pytest
import yaml
from guides import ROOT, this_guide, two_languages
from sites import VIOLATIONS

from checks.site import build as building

pytest_plugins = ["sites"]

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
FACTS = yaml.safe_load((ROOT / "data" / "crashkernel.yml").read_text())["releases"]
DEFAULTS = sorted({known["value"] for each in FACTS for known in each["architectures"].values() if known["value"]})
OTHERS = [
    "0", "1", "192M", "256m", "1G", "2G", "8T", "1024K", "256M@16M", "512M-:192M@16M", "1G-2G:128M@16M,2G-:256M", "0-:64M",
    "384-:128M", "512M-2G:64M,2G-:128M", "2G-4G:320M,4G-32G:512M", "1g-4g:160m,4g-:192m", "4G-:1G,1G-4G:128M", "1G-:0",
    "512M-:192M,", "1G-2G:4G,2G-:256M", "1000000T", "99999999999999999T-:1M", "1G-:256M,512M-1G:x",
]  # fmt: skip
# None of these reserves anything, on any machine; in what is wrong with them the kernel is more exact.
WRONG = [
    "", ":", "-", ",", "@", "M", "x", "auto", "-1", "1.5G", "0x10M", "256MB", "256M,high", "64M,low", "64M,cma", "١٢٨M",
    "512M:192M", "512M-", "512M-:", "-:192M", "-2G:192M", "2G-1G:64M", "2G-2G:64M", "512M-:-192M", ":192M", "1G-2G-3G:64M",
    ",512M-:192M", "512M-1M:64M", "a-b:c", "1G--2G:64M",
]  # fmt: skip


def memories() -> list[int]:
    """In bytes, up to 8 TiB."""
    found = set(range(0, 8 * GIB + 1, 64 * MIB)) | {1 << bits for bits in range(44)}
    bounds = [384 * MIB, 512 * MIB, *(gib * GIB for gib in (1, 2, 4, 32, 64, 128)), TIB, 8 * TIB]
    found |= {bound + off for bound in bounds for off in (-128 * MIB - 1, -128 * MIB, -128 * MIB + 1, -1, 0, 1, 128 * MIB)}
    sizes = [each * MIB for each in (64, 128, 192, 320, 512, 1024, 2048, 4096)]
    found |= {size + off for size in sizes for off in (-1, 0, 1)}
    return sorted(memory for memory in found if memory <= 8 * TIB)


@pytest.fixture(scope="module")
def program():
    """The function of the page's program: a value and bytes to bytes, or to what it raises."""
    page = this_guide().pages["en", "crashkernel"]
    names: dict = {"__name__": "crashkernel"}
    exec(next(snippet.code for snippet in page.snippets if snippet.id == "planner"), names)

    def ask(value: str, memory: int) -> int | str:
        try:
            return names["reserved"](value, memory)
        except ValueError as error:
            return str(error)

    return ask


def size(answer: int | str) -> int:
    return answer if isinstance(answer, int) else 0


def test_the_facts_are_complete():
    architectures = [list(each["architectures"]) for each in FACTS]
    assert all(each == ["amd64", "arm64", "ppc64el", "s390x"] for each in architectures)
    assert all(known.get("source") for each in FACTS for known in each["architectures"].values() if known["value"])
    targets = yaml.safe_load((ROOT / "data" / "targets.yml").read_text())
    assert {each["id"] for each in FACTS} >= set(targets)
    rows = yaml.safe_load((ROOT / "data" / "releases.yml").read_text())["rows"]
    defaults = next(row["cells"] for row in rows if row["id"] == "crashkernel")
    assert {each["id"]: each["architectures"]["amd64"]["value"] for each in FACTS} == {
        name: cell["value"] for name, cell in defaults.items()
    }


@pytest.mark.parametrize("value", DEFAULTS + OTHERS)
def test_the_program_reserves_what_the_kernel_would(value, program):
    for memory in memories():
        assert size(program(value, memory)) == kernel.reserved(value, memory)[0], (value, memory)


@pytest.mark.parametrize("value", WRONG)
def test_the_program_and_the_kernel_refuse_what_is_wrong(value, program):
    for memory in memories():
        assert isinstance(program(value, memory), str), (value, memory)
        bytes_, told = kernel.reserved(value, memory)
        assert bytes_ == 0 and told, (value, memory)


def test_an_invalid_size_is_what_the_kernel_calls_so(program):
    for value in DEFAULTS:
        for memory in memories():
            said = kernel.reserved(value, memory)[1]
            assert (program(value, memory) == "crashkernel: invalid size") == ("invalid size" in said), (value, memory)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A site with the form on its home page, in both languages."""
    folder = tmp_path_factory.mktemp("planner")
    text = '# Home {#top}\n\n## Ask {#ask}\n\n[[[ widget("planner") ]]]\n'
    config = two_languages(folder, {language: {"index": text} for language in ("en", "zh")})
    for name in ("crashkernel.yml", "sources.yml"):
        shutil.copy(ROOT / "data" / name, folder / "data")
    building.build(config, folder / "out")
    return folder / "out"


ASK_ALL = """cases => cases.map(([value, memory]) => {
    try {
        return Number(planner.reserved(value, BigInt(memory)));
    } catch (error) {
        return error.message;
    }
})"""


@pytest.mark.browser
def test_the_form_and_the_program_give_one_answer(planned, visit, program):
    page = visit(planned, "/en/")
    for value in DEFAULTS + OTHERS + WRONG:
        cases = [[value, str(memory)] for memory in memories()]
        assert page.evaluate(ASK_ALL, cases) == [program(value, memory) for memory in memories()], value
    page.context.close()


@pytest.mark.browser
def test_every_default_is_filled_in_and_marked(planned, visit):
    page = visit(planned, "/en/")
    for each in FACTS:
        page.select_option("#planner-release", each["id"])
        for architecture, known in each["architectures"].items():
            page.select_option("#planner-architecture", architecture)
            assert page.input_value("#planner-value") == (known["value"] or "")
            assert page.is_visible("#planner-documented") == bool(known["value"])
            assert (known.get("file") or "kdump-tools.cfg") in page.inner_text("#planner-source")
            assert bool(page.inner_text("#planner-answer")) == bool(known["value"])
    page.context.close()


@pytest.mark.browser
def test_the_form_answers_while_one_types(planned, visit):
    page = visit(planned, "/en/")
    page.focus("#planner-memory")
    answers = {
        ("2", "G", "512M-:192M"): "192 MiB reserved. The system keeps 1856 MiB.",
        ("256", "M", "512M-:192M"): "Nothing is reserved. Kdump cannot work.",
        ("1.5", "G", "1G-:256M"): "256 MiB reserved. The system keeps 1280 MiB.",
        ("1", "G", "2G-4G:320M,32G-:1024M"): "Nothing is reserved: crashkernel: invalid size",
        ("two", "G", "192M"): "Type the memory as a number, such as 2 or 1.5.",
        ("2", "G", "crashkernel=192M"): "192 MiB reserved. The system keeps 1856 MiB.",
    }
    for (memory, unit, value), answer in answers.items():
        page.fill("#planner-memory", memory)
        page.select_option("#planner-unit", unit)
        page.fill("#planner-value", value)
        assert page.inner_text("#planner-answer") == answer
    assert page.get_attribute("#planner-answer", "aria-live") == "polite"
    page.context.close()


@pytest.mark.browser
def test_the_form_is_reached_by_keyboard(planned, visit):
    page = visit(planned, "/zh/")
    page.focus("#planner-memory")
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["planner-unit", "planner-release", "planner-architecture", "planner-value"]
    page.keyboard.press("Enter")
    assert page.url.endswith("/zh/")
    page.context.close()


@pytest.mark.browser
def test_without_scripts_the_page_says_so(planned, visit):
    for language, sentence in (("en", "This form needs JavaScript"), ("zh", "这个表单需要 JavaScript")):
        page = visit(planned, f"/{language}/", java_script_enabled=False)
        assert sentence in page.inner_text("noscript")
        assert not page.is_visible("#planner-form")
        page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_accessibility_of_the_form(language, scheme, planned, visit):
    page = visit(planned, f"/{language}/", color_scheme=scheme, bypass_csp=True)
    page.select_option("#planner-architecture", "arm64")
    page.add_script_tag(path=Path(axe_playwright_python.__file__).with_name("axe.min.js"))
    page.wait_for_timeout(400)
    found = page.evaluate(VIOLATIONS, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    page.context.close()
    assert found == []
