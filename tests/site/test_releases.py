"""What a page says of releases: blocks, captions of outputs, values, sources, the note in its head; and what holds between neighbours."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

from guides import HEAD, evidence, one_language

from checks.pages.reader import read_guide
from checks.site import releases
from checks.site.context import context_of

TARGETS = "".join(
    f"{family}-{version}: {{family: {family}, suite: s, label: {family.title()} {version}{more}, kernel: linux-image-amd64,"
    f" emulator: debian-12, memory: 2G, disk: 8G}}\n"
    for family, version, more in (
        ("debian", "12", ""), ("debian", "13", ""), ("debian", "14", " (testing)"),
        ("ubuntu", "22.04", " LTS"), ("ubuntu", "24.04", " LTS"),
    )
)  # fmt: skip
SNIPPET = "```bash {{#say}}\necho {}\n```\n\n"
OUTPUT = '```text {{.output data-target="{}"}}\n{}\n```\n\n'


def context(folder: Path, text: str, *ran: str, sources: str = "", rows: str = ""):
    """The context of the page x, which has run on these targets. The oldest release comes first in ORDER of the guide's mkdocs.yml."""
    config = one_language(folder, {"x": HEAD + "# X {#x}\n\n" + text})
    (folder / "data" / "targets.yml").write_text(TARGETS)
    for name, content in (("sources", sources), ("releases", rows)):
        if content:
            (folder / "data" / f"{name}.yml").write_text(content)
    guide = read_guide(config)
    for target in ran:
        evidence(config, guide, target)
    return replace(context_of(config, guide, "en"), page="x", base="./")


def caption(context, target: str) -> tuple[str, str]:
    return releases.of_output(context, "say", tuple(target.split()))


def shown(line: str, target: str) -> str:
    """What a reader sees of a line who has chosen the target; all that has no data-only where none is chosen ("")."""
    seen = []
    for attributes, text in re.findall(r'<span((?! class="value")[^>]*)>([^<]*)</span>', line):
        own = re.search(r'data-(target|only)="([^"]*)"', attributes)
        if own is None or (target in own[2].split() if target else own[1] == "target"):
            seen.append(text)
    return " ".join(seen)


def test_an_output_of_all_releases_is_what_you_should_see(tmp_path):
    line, targets = caption(context(tmp_path, SNIPPET.format("x") + "```text {.output}\nx\n```\n", "debian-13"), "*")
    assert targets == ""
    assert shown(line, "") == shown(line, "debian-13") == "what you should see"
    assert shown(line, "ubuntu-22.04") == "Debian 13 printed"


def test_without_any_run_nobody_is_said_to_have_printed_it(tmp_path):
    line, _ = caption(context(tmp_path, SNIPPET.format("x") + "```text {.output}\nx\n```\n"), "*")
    assert shown(line, "") == shown(line, "ubuntu-24.04") == "what you should see"


def test_an_older_and_a_newer_release_that_printed_the_same_are_named_as_such(tmp_path):
    line, _ = caption(context(tmp_path, SNIPPET.format("x") + "```text {.output}\nx\n```\n", "debian-12", "debian-13", "debian-14"), "*")
    assert shown(line, "ubuntu-24.04") == "Debian 12, which is older, and Debian 13, which is newer, printed the same"
    assert shown(line, "ubuntu-22.04") == "Debian 12, 13, 14 printed"  # nothing older has run


def test_neighbours_whose_numbers_differ_are_not_said_to_have_printed_the_same(tmp_path):
    before = context(tmp_path, SNIPPET.format("x") + "```text {.output}\n111 MB\n```\n", "debian-12")
    file = tmp_path / "docs/x.md"
    file.write_text(file.read_text().replace("111 MB", "195 MB"))
    guide = read_guide(before.config)
    evidence(before.config, guide, "debian-13")
    made = replace(context_of(before.config, guide, "en"), page="x", base="./")
    line, _ = caption(made, "*")
    said = "Debian 12, which is older, and Debian 13, which is newer, printed this, but for numbers and names that vary"
    assert shown(line, "ubuntu-24.04") == said


def test_a_release_in_between_that_printed_something_else_keeps_two_from_being_neighbours(tmp_path):
    text = SNIPPET.format("x") + OUTPUT.format("debian-12 debian-14", "a") + OUTPUT.format("debian-13", "b")
    made = context(tmp_path, text, "debian-12", "debian-13", "debian-14")
    assert shown(caption(made, "debian-12 debian-14")[0], "ubuntu-24.04") == "Debian 12, 14 printed"
    assert shown(caption(made, "debian-13")[0], "ubuntu-24.04") == "Debian 13 printed"


def test_of_several_outputs_each_is_shown_where_it_was_printed_and_to_the_releases_next_to_it(tmp_path):
    text = SNIPPET.format("x") + OUTPUT.format("debian-12", "a") + OUTPUT.format("debian-13 debian-14", "b")
    made = context(tmp_path, text, "debian-12", "debian-13", "debian-14")
    first, second = caption(made, "debian-12"), caption(made, "debian-13 debian-14")
    assert first[1] == "debian-12 ubuntu-22.04 ubuntu-24.04"
    # The nearest newer of Ubuntu 22.04 is Debian 12, and nothing older has run; Ubuntu 24.04 is between Debian 12 and 13.
    assert second[1] == "debian-13 debian-14 ubuntu-24.04"
    assert shown(first[0], "") == shown(first[0], "debian-12") == "what you should see on Debian 12"
    assert shown(second[0], "") == "what you should see on Debian 13, 14"
    assert shown(second[0], "ubuntu-24.04") == "Debian 13, 14 printed"


def test_an_output_for_a_release_stands_there_alone_also_before_it_has_run(tmp_path):
    text = SNIPPET.format("x") + OUTPUT.format("debian-*", "a") + OUTPUT.format("ubuntu-24.04", "b")
    made = context(tmp_path, text, "debian-13")
    assert caption(made, "debian-*")[1] == "debian-12 debian-13 debian-14 ubuntu-22.04"
    line, targets = caption(made, "ubuntu-24.04")
    assert "ubuntu-24.04" in targets.split() and "debian-13" not in targets.split()
    assert shown(line, "ubuntu-24.04") == "what you should see on Ubuntu 24.04"


def test_what_is_known_to_differ_is_not_taken_from_the_neighbours(tmp_path):
    rows = (
        "rows:\n- id: size\n  cells:\n    debian-12: {value: 512M, traces: [192 MiB]}\n    debian-13: {value: 512M, traces: [192 MiB]}\n"
        "    ubuntu-24.04: {value: 320M}\n"
    )
    text = SNIPPET.format("x") + "```text {.output}\nabout 192 MiB\n```\n"
    made = context(tmp_path, text, "debian-12", "debian-13", rows=rows)
    assert shown(caption(made, "*")[0], "ubuntu-24.04") == "Debian 12, 13 printed"


def test_a_snippet_for_some_releases_has_their_names_above_it_unless_the_block_around_it_has(tmp_path):
    only = '```bash {#say data-target="ubuntu-*"}\necho x\n```\n\n'
    label = '<p class="release__label" data-search-exclude>Ubuntu 22.04, 24.04</p>'
    assert releases.of_snippet(context(tmp_path, only), "say") == (label, "ubuntu-22.04 ubuntu-24.04")
    around = f'<div data-target="ubuntu-*" markdown>\n\n{only}</div>\n'
    (tmp_path / "b").mkdir()
    assert releases.of_snippet(context(tmp_path / "b", around), "say") == ("", "ubuntu-22.04 ubuntu-24.04")


def note(made, target: str) -> str:
    line = re.search(rf'<span data-only="{re.escape(target)}" hidden>(.*?)</span>', releases.picker(made))
    assert line is not None
    return re.sub("<[^>]*>", "", line[1])


def test_the_head_says_what_has_not_run_on_a_release(tmp_path):
    text = SNIPPET.format("x") + '```bash {#more data-target="debian-*"}\ntrue\n```\n'
    made = context(tmp_path, text, "debian-12", "debian-13")
    assert note(made, "debian-13") == "All of this page ran on Debian 13."
    assert note(made, "ubuntu-24.04") == "Nothing on this page has run on Ubuntu 24.04. Outputs are those of Debian 12, 13, and say so."
    page = tmp_path / "docs" / "x.md"
    page.write_text(page.read_text().replace("\ntrue\n", "\n: true\n"))
    later = replace(context_of(made.config, read_guide(made.config), "en"), page="x")
    assert note(later, "debian-13") == "Not run on Debian 13: more"


def test_the_head_of_a_page_for_others_and_of_one_that_never_ran(tmp_path):
    made = context(tmp_path, '```bash {#say data-target="debian-*"}\necho x\n```\n')
    assert note(made, "ubuntu-24.04") == "The snippets of this page are not for Ubuntu 24.04."
    assert note(made, "debian-13") == "Nothing on this page has run on Debian 13."


def plain(markup: str) -> str:
    return html.unescape(markup)


def test_a_value_is_that_of_the_readers_release_or_names_whose_it_is(tmp_path):
    text = SNIPPET.format("x") + OUTPUT.format("debian-12", "size 128") + OUTPUT.format("debian-13 debian-14", "size 192")
    made = context(tmp_path, text, "debian-12", "debian-13")
    outputs = made.guide.pages["en", "x"].snippets[0].outputs
    line = releases.value(made, "say", [(output, output.text.split()[1]) for output in outputs])
    assert shown(line, "debian-12") == "128"
    assert shown(line, "debian-13") == "192"
    for target in ("", "ubuntu-24.04", "debian-14"):
        assert plain(shown(line, target)) == "128 (Debian 12), 192 (Debian 13)"


def test_a_value_of_one_output_is_bare_where_it_was_printed(tmp_path):
    made = context(tmp_path, SNIPPET.format("x") + "```text {.output}\nsize 192\n```\n", "debian-12", "debian-13")
    output = made.guide.pages["en", "x"].snippets[0].outputs[0]
    line = releases.value(made, "say", [(output, "192")])
    assert line.startswith('<span class="value">192<span ')
    assert shown(line, "debian-13") == "" and plain(shown(line, "ubuntu-24.04")) == " (Debian 12, 13)"


def test_the_mark_of_a_source_is_a_link_with_its_title_and_day_and_no_markup(tmp_path):
    sources = 'page:\n  title: "a | *b* `c` [d](e) <f>"\n  url: https://example.org/?a=1&b=_2_\n  read: 2026-07-21\n'
    mark = releases.documented(context(tmp_path, "x\n", sources=sources), "page")
    found = re.fullmatch(r'<a class="documented" href="([^"]*)" title="([^"]*)">documented</a>', mark)
    assert found is not None
    assert plain(found[1]) == "https://example.org/?a=1&b=_2_"
    assert plain(found[2]) == "a | *b* `c` [d](e) <f>, read on 2026-07-21"
    assert not set("|*`[<_") & set(found[1] + found[2])


def test_neighbours_are_the_nearest_older_and_newer_that_ran_and_agree(tmp_path):
    made = context(tmp_path, "x\n")

    def found(target, **ran):
        return releases.neighbours(made, target, lambda name: ran.get(name.replace("-", "_").replace(".", "_")))

    assert found("ubuntu-24.04", debian_12="x", debian_13="x", debian_14="y") == ("debian-12", "debian-13")
    assert found("ubuntu-24.04", ubuntu_22_04="x", debian_14="x") == ("ubuntu-22.04", "debian-14")
    assert found("ubuntu-24.04", debian_12="x", debian_13="y") is None
    assert found("ubuntu-22.04", debian_12="x", debian_13="x") is None
    assert found("plan-9", debian_12="x", debian_13="x") is None
