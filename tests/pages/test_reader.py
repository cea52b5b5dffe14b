"""Reading the pages: what is extracted is what is shown, and all that is wrong is told with its line."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import markdown
import pytest
from guides import HEAD, ROOT, errors, one_language

from checks.mkdocs_yml import site_settings
from checks.model import GuideError, PageErrors
from checks.pages.fences import Reader
from checks.pages.reader import PageReader, ReadBefore, read_guide

CODE = "echo one\n\n\techo two  # <&>\"'"

# (what opens, what is before each line, what closes): every one of these is a code block for the site, or
# is not; a scanner that guesses disagrees about many of them.
HEADERS = [
    "```bash", "``` bash", "```  bash", "```.bash", "``` .bash", "~~~bash", "~~~ bash", "````bash", "~~~~~bash",
    "```bash {#x}", "```bash { #x }", "```bash{#x}", "```{.bash #x}", "``` { .bash #x }", "```{ #x .bash }", "```{#x}",
    '```bash title="t"', '```bash linenums="1"', '```bash hl_lines="1 2"', '```bash title="t" linenums="1" hl_lines="1"',
    "```bash title='t'", '```bash {#x title="t"}', '```bash {#x data-k="v"}', '```bash {#x data-k="v w"}', "```bash {#x data-k=v}",
    "```bash {#x .y}", "```bash {.y}", "```bash {}", "```bash {#x} ", "```bash\t{#x}", "```bash foo", "```bash foo bar",
    '```bash key="v"', "```bash key=v", "```bash .x", "```bash #x", "```bash {#x", "```bash #x}", "```bash {#x} y", "```bash,x",
    "```bash:x", "```bash`x", "```ba`sh", "```", "~~~", "```text", "```console", "```no-such-language", "```c++", "```a.b",
    "`` ```bash", "``bash", "~~bash", "```bash ~~~", "~~~bash ```", "``````bash",
]  # fmt: skip
PLACES = ["", "    ", "> ", "- item\n\n    ", "!!! note\n\n    ", '=== "tab"\n\n    ', "1. item\n\n    "]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(site_settings(ROOT / "mkdocs.yml"))


@pytest.fixture(scope="module")
def site() -> markdown.Markdown:
    """Python-Markdown as the site has it, showing and not recording."""
    settings = site_settings(ROOT / "mkdocs.yml")
    return markdown.Markdown(extensions=settings.extensions, extension_configs=settings.extension_settings)


def placed(header: str, place: str) -> str:
    *before, prefix = place.split("\n")
    closing = re.search(r"[`~]{2,}", header).group()
    lines = [header, *CODE.split("\n"), closing]
    return "\n".join([*before, *[prefix + line for line in lines], "", "after"])


@pytest.mark.parametrize("place", PLACES, ids=repr)
@pytest.mark.parametrize("header", HEADERS)
def test_recorded_are_exactly_the_blocks_that_the_site_shows(header, place, reader, site):
    text = placed(header, place)
    rendered = reader.read(text)
    site.reset()
    shown = re.findall(r'data-fence="([^"]*)"', re.sub("<!--.*?-->", "", site.convert(text), flags=re.DOTALL))
    if rendered.unrendered:
        # What looks like a fence and is none is never passed over.
        assert rendered.unrendered[0].line == len(place.split("\n"))
    else:
        assert [fence.language or "text" for fence in rendered.fences] == shown
    for fence in rendered.fences:
        assert fence.line == len(place.split("\n"))
        assert fence.code == CODE
        assert fence.end_line == fence.line + 4


def test_a_snippet_has_its_lines_attributes_and_output(tmp_path):
    text = (
        HEAD
        + '# T {#t}\n\n```bash {#a data-exit="3" data-timeout="1.5" data-target="ubuntu-* debian-13"}\n<<-E cat\n\tx\nE\n```\n\nprose\n\n```text {.output}\nx\n```\n'
    )
    page = read_guide(one_language(tmp_path, {"x": text})).pages["en", "x"]
    (snippet,) = page.snippets
    assert (page.title, page.machine, page.path) == ("T", "container", Path("docs/x.md"))
    assert (snippet.line, snippet.end_line, snippet.code) == (6, 10, "<<-E cat\n\tx\nE")
    assert (snippet.exit_status, snippet.timeout_s, snippet.targets) == (3, 1.5, ("ubuntu-*", "debian-13"))
    (output,) = snippet.outputs
    assert (output.text, output.line, output.end_line, output.targets) == ("x", 14, 16, ("*",))


def test_a_snippet_may_have_an_output_for_each_kind_of_target(tmp_path):
    one, two = '```text {.output data-target="debian-* ubuntu-24.04"}\n1\n```\n', "```text {.output}\n2\n```\n"
    config = one_language(
        tmp_path, {"x": HEAD + BASH + "\n" + one.replace(" ubuntu-24.04", "") + "\n" + two, "y": HEAD + BASH + "\n" + one}
    )
    (x,), (y,) = (page.snippets for page in read_guide(config).primary)
    assert [(output.text, output.line, output.targets) for output in x.outputs] == [("1", 8, ("debian-*",)), ("2", 12, ("*",))]
    assert [output.targets for output in y.outputs] == [("debian-*", "ubuntu-24.04")]


def test_without_a_targets_file_any_target_may_be_named(tmp_path):
    text = (
        HEAD
        + BASH
        + "".join(f'\n```text {{.output data-target="{globs}"}}\nx\n```\n' for globs in ("fedora-1[0-9]", "fedora-* suse", "suse"))
    )
    config = one_language(tmp_path, {"x": text})
    (tmp_path / "data/targets.yml").unlink()
    assert errors(config) == ["docs/x.md:16: an output of a that is never chosen: on each of its targets one before it is (line 8, 12)"]


def test_lines_are_right_after_an_empty_block_and_in_a_nested_one(tmp_path):
    text = HEAD + "```text\n```\n\n- item\n\n    ```bash {#a}\n    true\n    ```\n"
    (snippet,) = read_guide(one_language(tmp_path, {"x": text})).pages["en", "x"].snippets
    assert (snippet.line, snippet.end_line, snippet.code) == (9, 11, "true")


BASH = "```bash {#a}\ntrue\n```\n"

WRONG = {
    "bare word": ("```bash foo\nx\n```", '4: `bash foo` after the fence makes the site show it as inline text: expected a language, then attributes in braces: ```bash {#name data-exit="1"}'),
    "bare word in braces": ("```bash {#a foo}\nx\n```", "4: bare word foo in the braces (known: exit expect dump host on target skip timeout file examine, as data-*)"),
    "unclosed": ("```bash {#a}\nx", "4: this fence is never closed: expected a line ``` with the same indentation"),
    "list marker": ("- ```bash {#a}\n  x\n  ```", "4: a fence cannot start on the line of its list marker: start it on the next line, indented by four spaces"),
    "comment": ("<!--\n```bash {#a}\nx\n```\n-->", "5: this fence is not rendered as a code block: look at its indentation, and at the fences before it"),
    "no id": ("```bash\nx\n```", "4: this snippet has no id: expected ```bash {#some-name}"),
    "bad id": ("```bash {#A_b}\nx\n```", "4: bad id A_b: expected lower-case letters, digits and single hyphens"),
    "repeated id": (BASH + "\n" + BASH, "8: the id a is taken by the snippet on line 4"),
    "id of a heading": ("## H {#a}\n\n" + BASH, "6: the id a is taken by a heading"),
    "unknown attribute": ('```bash {#a data-exot="1"}\nx\n```', "4: unknown attribute data-exot (known: exit expect dump host on target skip timeout file examine, as data-*)"),
    "without data-": ('```bash {#a exit="1"}\nx\n```', "4: unknown attribute exit: write data-exit"),
    "class": ("```bash {#a .annotate}\nx\n```", "4: a snippet has no classes, found .annotate"),
    "exit": ('```bash {#a data-exit="256"}\nx\n```', "4: data-exit: expected 0 to 255, found '256'"),
    "expect": ('```bash {#a data-expect="oops"}\nx\n```', "4: data-expect: expected reboot, kexec, crash or panic, found 'oops'"),
    "dump": ('```bash {#a data-expect="crash" data-dump="no"}\nx\n```', "4: data-dump: expected none, found 'no'"),
    "dump of no crash": ('```bash {#a data-dump="none"}\nx\n```', '4: data-dump="none" says what a crash leaves: it needs data-expect="crash"'),
    "on": ('```bash {#a data-on="vault"}\nx\n```', "4: data-on: expected peer, found 'vault'"),
    "examine in a container": ('```bash {#a data-examine="yes"}\nx\n```', "4: data-examine: expected machine: vm in the front matter, where the guide's program can be run as root"),
    "examine": ('```bash {#a data-examine="no"}\nx\n```', "4: data-examine: expected yes, found 'no'"),
    "on without a peer": ('```bash {#a data-on="peer"}\nx\n```', '4: data-on="peer": this page has no second machine: expected peer: true in its front matter'),
    "expect and exit": ('```bash {#a data-expect="crash" data-exit="1"}\nx\n```', '4: data-expect="crash" leaves no exit status to compare: drop data-exit'),
    "host": ('```bash {#a data-expect="crash" data-host="power"}\nx\n```', "4: data-host: expected nmi, found 'power'"),
    "host without a crash": ('```bash {#a data-expect="reboot" data-host="nmi"}\nx\n```', '4: data-host="nmi" is for a snippet with data-expect="crash"'),
    "timeout": ('```bash {#a data-timeout="2m"}\nx\n```', "4: data-timeout: expected seconds, like 120, at most 14400 (4 hours), found '2m'"),
    "target": ('```bash {#a data-target="fedora-*"}\nx\n```', "4: data-target: no target is called fedora-* (known: debian-13, ubuntu-24.04)"),
    "skip": ('```bash {#a data-skip=" "}\nx\n```', "4: data-skip: expected the reason, which the page shows"),
    "file of bash": ('```bash {#a data-file="x.py"}\nx\n```', "4: data-file: only a python snippet is saved under a name"),
    "file": ('```python {#a data-file="../x.py"}\nx = 1\n```', "4: data-file: expected a file name like crashkernel.py, found '../x.py'"),
    "file and title": ('```python {#a data-file="x.py" title="y"}\nx = 1\n```', "4: data-file already gives the block its title: drop title"),
    "empty": ("```bash {#a}\n```", "4: this snippet is empty"),
    "trailing white space": ("```bash {#a}\nx\n\n```", "6: this snippet ends in white space, which copying it drops"),
    "output alone": ("```text {.output}\nx\n```", "4: an output without a snippet before it"),
    "two outputs": (BASH + "\n```text {.output}\nx\n```\n\n```text {.output}\nx\n```", "12: an output of a that is never chosen: on each of its targets one before it is (line 8)"),
    "output after one for all": (BASH + '\n```text {.output}\nx\n```\n\n```text {.output data-target="debian-13"}\nx\n```', "12: an output of a that is never chosen: on each of its targets one before it is (line 8)"),
    "outputs for the same targets": (BASH + '\n```text {.output data-target="debian-*"}\nx\n```\n\n```text {.output data-target="debian-13"}\nx\n```', "12: an output of a that is never chosen: on each of its targets one before it is (line 8)"),
    "output after those for all": (BASH + '\n```text {.output data-target="debian-*"}\nx\n```\n\n```text {.output data-target="ubuntu-*"}\nx\n```\n\n```text {.output}\nx\n```', "16: an output of a that is never chosen: on each of its targets one before it is (line 8, 12)"),
    "output for where it does not run": ('```bash {#a data-target="ubuntu-*"}\ntrue\n```\n\n```text {.output data-target="debian-13"}\nx\n```', "8: an output for debian-13, but a runs on ubuntu-* only"),
    "target of an output": (BASH + '\n```text {.output data-target="fedora-*"}\nx\n```', "8: data-target: no target is called fedora-* (known: debian-13, ubuntu-24.04)"),
    "no target of an output": (BASH + '\n```text {.output data-target=""}\nx\n```', '8: data-target: expected names of targets, like "ubuntu-*", found nothing'),
    "target of an output without data-": (BASH + '\n```text {.output target="debian-13"}\nx\n```', "8: unknown attribute target: write data-target"),
    "unknown attribute of an output": (BASH + '\n```text {.output data-exit="1"}\nx\n```', "8: unknown attribute data-exit (known: target varies, as data-*)"),
    "output of another language": (BASH + "\n```ini {.output}\nx\n```", "8: an output is written ```text {.output}, found ini"),
    "console": ("```console\n$ x\n```", "4: a console fence would copy its prompts and output: write bash, then ```text {.output} for what it prints"),
    "pycon": ("```pycon\n>>> x\n```", "4: a pycon fence would copy its prompts and output: write python, then ```text {.output} for what it prints"),
    "sh": ("```sh\nx\n```", "4: a sh fence would not run: write bash"),
    "Bash": ("```Bash {#a}\nx\n```", "4: unknown language Bash: write bash"),
    "misspelt": ("```bahs {#a}\nx\n```", "4: unknown language bahs: did you mean bash?"),
    "no language": ("```\nx\n```", "4: a fence without a language: expected bash or python, or text for what is only shown"),
    "control character": ("```bash {#a}\nprintf '\x1b'\n```", "5: U+001B, which a reader cannot see"),
    "NEL": ("```bash {#a}\nprintf '\x85'\n```", "5: U+0085, which a reader cannot see"),
    "line separator": ("```bash {#a}\nprintf '\u2028'\n```", "5: U+2028 LINE SEPARATOR, which a reader cannot see"),
    "no-break space": ("```bash {#a}\necho\xa0x\n```", "5: U+00A0 NO-BREAK SPACE, which a reader cannot see"),
    "carriage return": ("```bash {#a}\nx\r\n```", "5: carriage return: save this file with line feeds only"),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(text, expected, tmp_path):
    head = HEAD.replace("container", "vm") if "data-expect" in text else HEAD  # what restarts is a VM
    assert errors(one_language(tmp_path, {"x": head + text + "\n"})) == [f"docs/x.md:{expected}"]


FRONT_MATTER = {
    "unknown key": ("---\nmachines: vm\n---\n", "2: machines: unknown key (known: title, description, machine, after, dumps, programs, memory, firmware, peer, symbols, read_against, hide, search)"),
    "machine": ("---\nmachine: vms\n---\n", "2: machine: expected container or vm, found 'vms'"),
    "memory": ("---\nmachine: vm\nmemory: 3 GB\n---\n", "3: memory: expected a size like 3G or 1536M, from 256M to 8G, found '3 GB'"),
    "firmware": ("---\nmachine: vm\nfirmware: bios\n---\n", "3: firmware: expected secure-boot, found 'bios'"),
    "peer": ("---\nmachine: vm\npeer: vault\n---\n", "3: peer: expected true, or no such line, found 'vault'"),
    "peer of a container": ("---\nmachine: container\npeer: true\n---\n", "3: peer: only a page with machine: vm has one, found container"),
    "read_against": ("---\nread_against: today\n---\n", "2: read_against: expected 12 hexadecimal digits, which `./guide parity --accept PAGE` writes, found 'today'"),
    "no mapping": ("---\n- machine\n---\n", "2: front matter: expected `key: value` lines, found a list"),
    "no YAML": ("---\nmachine: [vm\n---\n", "3: front matter: not YAML: expected ',' or ']', but got '<stream end>'"),
    "unclosed": ("---\nmachine: vm\n", "1: this front matter is never closed: expected a line ---"),
    "none": ("Note: this line would vanish.\n", "1: `Note: this line would vanish.` would be taken for front matter and vanish: start the page with ---"),
    "no machine": ("---\ntitle: T\n---\n" + BASH, "1: this page has snippets, but its front matter names no machine: expected machine: container or vm"),
    "after": ("---\nmachine: vm\nafter: nope\n---\n", "3: after: there is no page nope in en"),
    "after itself": ("---\nmachine: vm\nafter: x\n---\n", "3: after: goes in a circle: x -> x"),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", FRONT_MATTER.values(), ids=FRONT_MATTER)
def test_bad_front_matter(text, expected, tmp_path):
    assert errors(one_language(tmp_path, {"x": text})) == [f"docs/x.md:{expected}"]


def test_all_problems_of_all_pages_are_told_at_once(tmp_path):
    broken = "```bash foo\nx\n```\n\n```bash {#a}\ny\n```\n\n~~~python bar\nz\n~~~\n\n```sh\nx\n```\n"
    found = errors(one_language(tmp_path, {"x": HEAD + broken, "y": HEAD + "```bash\nx\n```\n"}))
    assert [error.split(": ")[0] for error in found] == ["docs/x.md:4", "docs/x.md:12", "docs/x.md:16", "docs/y.md:4"]


def test_a_file_that_is_not_utf8(tmp_path):
    config = one_language(tmp_path, {"x": "# X\n"})
    (tmp_path / "docs/x.md").write_bytes(b"# X\n\n\xb1\xc0\n")
    assert errors(config) == ["docs/x.md:3: not UTF-8: byte 0xb1"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("> ```python {#a}\n> x = 1\n> ```", "4: pytest-examples does not see this Python snippet: expected ```python {#name}, in no block quote"),
        ("~~~python {#a}\nx = 1\n~~~", "4: pytest-examples does not see this Python snippet: expected ```python {#name}, in no block quote"),
        ("~~~text\n```python\nx = 1\n```\n~~~", "4: this block goes on to line 8, but line 5 (```python) is a snippet, which would not run: close the block before that line with ~~~, indented like its opening; where the line belongs to the block, open and close the block with ~~~~ or more, and give a block in it a language and an end"),
        ("```python {#a}\n    x = 1\n    y = 2\n```", "4: pytest-examples reads other code here than the page shows: are all lines indented alike?"),
    ],
)  # fmt: skip
def test_pytest_examples_must_see_the_same_python(text, expected, tmp_path):
    head = HEAD.replace("container", "vm") if "data-expect" in text else HEAD  # what restarts is a VM
    assert errors(one_language(tmp_path, {"x": head + text + "\n"})) == [f"docs/x.md:{expected}"]


def test_tabs_are_kept_everywhere(tmp_path):
    text = HEAD + "- item\n\n    ```bash {#a}\n    cat <<-E\n    \tx\ty\n    E\n    ```\n"
    (snippet,) = read_guide(one_language(tmp_path, {"x": text})).pages["en", "x"].snippets
    assert snippet.code == "cat <<-E\n\tx\ty\nE"


def test_a_site_without_superfences_is_refused(tmp_path):
    (tmp_path / "mkdocs.yml").write_text("markdown_extensions: [tables]\n")
    with pytest.raises(GuideError, match="mkdocs.yml:1: markdown_extensions: expected pymdownx.superfences"):
        site_settings(tmp_path / "mkdocs.yml")


def test_only_what_has_changed_is_read_again(tmp_path, monkeypatch):
    config = one_language(tmp_path, {"a": "# A\n", "b": "# B\n"})
    read, read_page = [], PageReader._page
    monkeypatch.setattr(PageReader, "_page", lambda reader, name, data: read.append(name) or read_page(reader, name, data))
    before = ReadBefore()
    for name, text, expected in (
        ("docs/b.md", "# B\n", ["a", "b"]),
        ("docs/b.md", "# Other\n", ["b"]),
        ("docs/b.md", "# Other\n", []),
        ("data/sources.yml", "x: {title: X, url: https://x.example, read: 2026-01-02}\n", ["a", "b"]),
        ("docs/a.md", "a\0b\n", ["a"]),
        ("docs/b.md", "# B\n", ["b"]),
        ("docs/a.md", "# A\n", ["a"]),
    ):
        (tmp_path / name).write_text(text)
        read.clear()
        wrong = "\0" in (tmp_path / "docs/a.md").read_text()
        with pytest.raises(PageErrors, match=r"docs/a\.md:1") if wrong else nullcontext():
            assert read_guide(config, before).pages["en", "b"].title == (tmp_path / "docs/b.md").read_text()[2:].strip()
        assert read == expected


@pytest.mark.parametrize(
    "heading, text",
    [
        ("Above and below: `,high` and `,low`", "Above and below: ,high and ,low"),
        ("Less is `a < b && c`", "Less is a < b && c"),
        ("R&D, *soon*, [a link](https://example.org)", "R&D, soon, a link"),
        ("A &amp; &lt;b&gt;", "A & <b>"),
    ],
)
def test_the_text_of_a_heading_is_what_a_reader_sees(heading, text, reader):
    assert [each.text for each in reader.read(f"# {heading} {{#x}}\n").outline.headings] == [text]
