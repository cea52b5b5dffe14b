"""The built site: what its HTML says, and how a build or a server fails."""

# ruff: noqa: E501  an expected text stands in one line, as the page has it

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from guides import ROOT, evidence, one_language, small_guide

from checks.model import GuideError, PageErrors
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.check import read_built_page
from checks.site.urls import page_folder

pytest_plugins = ["sites"]


def text_of(out: Path, *parts: str) -> str:
    return out.joinpath(*parts).read_text(encoding="utf-8")


def test_each_page_shows_and_copies_exactly_what_was_extracted(small):
    config, out = small
    for (language, name), page in read_guide(config).pages.items():
        built = read_built_page(Path(out, language, page_folder(name), "index.html").read_bytes())
        assert [(block.id, block.copied) for block in built.snippets] == [(snippet.id, snippet.code) for snippet in page.snippets]


def test_a_badge_names_target_date_and_seconds_and_links_to_what_was_printed(small):
    _, out = small
    badge = (
        '<a class="proof__run" href="./proof/debian-13/index/#special">Debian 13<span class="proof__more"> · 2026-01-02 · 0.2 s</span></a>'
    )
    assert badge in text_of(out, "en", "index.html")
    assert 'href="../../proof/debian-13/deep/page/#panic"' in text_of(out, "zh", "deep/page/index.html")
    assert "内核在这里崩溃" in text_of(out, "zh", "deep/page/index.html")


def test_what_did_not_run_says_why(small):
    _, out = small
    assert "not run: needs a disk" in text_of(out, "en", "index.html")
    assert "未运行：需要一块磁盘" in text_of(out, "zh", "index.html")
    assert '<span class="proof__none">not run yet</span>' in text_of(out, "en", "index.html")


def test_an_output_that_is_not_for_every_release_says_whose_it_is(small):
    _, out = small
    for language, own, others in (
        ("en", "what you should see on Debian 13", "what you should see on Ubuntu 24.04"),
        ("zh", "在 Debian 13 上应当看到", "在 Ubuntu 24.04 上应当看到"),
    ):
        page = text_of(out, language, "deep/page/index.html")
        caption = r'class="expected__on" data-search-exclude><span>(.*?)</span>'
        first = re.findall(rf'<div class="expected" data-target="[a-z0-9.-]*"><p {caption}</p><div class=', page)
        second = re.findall(
            rf'<details class="expected" data-target="[a-z0-9.-]*" open><summary><span {caption}</span></summary><div class=', page
        )
        assert (first, second) == ([own], [others])
    others = '<span data-only="ubuntu-24.04" hidden>Debian 13 printed</span>'
    assert f'<span data-target="debian-13">what you should see</span>{others}</p>' in text_of(out, "en", "index.html")


def test_an_output_for_several_releases_names_them_all(tmp_path):
    config = small_guide(tmp_path)
    for language in ("en", "zh"):
        file = tmp_path / f"docs/{language}/deep/page.md"
        file.write_text(
            file.read_text()
            .replace('data-target="debian-*"', 'data-target="ubuntu-* debian-13"')
            .replace("```text {.output}\narmed elsewhere\n```\n", "")
        )
    building.build(config, tmp_path / "out")
    assert "what you should see</span></p>" in text_of(tmp_path / "out", "en", "deep/page/index.html")
    assert "应当看到</span></p>" in text_of(tmp_path / "out", "zh", "deep/page/index.html")


def test_of_which_day_the_packages_were_is_shown(small):
    """Of testing, which changes every day, the name alone says little."""
    _, out = small
    day = '<dd><time datetime="2026-01-01">2026-01-01</time></dd>'
    for page in ("index.html", "proof/debian-13/deep/page/index.html"):
        assert f"<dt>packages of</dt>{day}" in text_of(out, "en", page)
        assert f"<dt>软件包截至</dt>{day}" in text_of(out, "zh", page)


def test_a_transcript_shows_what_was_printed_and_what_the_crash_left(small):
    _, out = small
    page = text_of(out, "en", "proof/debian-13/deep/page/index.html")
    for part in (
        '<section id="panic">',
        "<samp>armed</samp>",
        "boot-0</code> → <code>boot-1",
        "1,234,567 bytes",
        "4b44554d50",
        'href="../../../../deep/page/#panic"',
    ):
        assert part in page
    assert "booting" in text_of(out, "zh", "proof/debian-13/deep/page/console.html")


def test_the_home_page_counts_what_ran_and_what_did_not(small):
    _, out = small
    page = text_of(out, "en", "index.html")
    assert re.search(r"<b>7</b> <span>snippets ran<br>\s*on 2 pages</span>", page)
    assert "2 not run, with the reason" in page
    assert "left a dump of 1 MB" in page


def test_a_changed_snippet_loses_its_badge_and_so_do_those_after_it(small, tmp_path):
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    for language in ("en", "zh"):
        file = tmp_path / f"docs/{language}/deep/page.md"
        file.write_text(file.read_text().replace("echo armed", "echo alarmed"))
    out = tmp_path / "out"
    building.build(config, out)
    page = text_of(out, "en", "deep/page/index.html")
    assert page.count("changed since the last run") == 2
    assert "proof__run" not in page


def test_a_twin_that_differs_has_no_badge(tmp_path):
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    file = tmp_path / "docs/zh/deep/page.md"
    file.write_text(file.read_text().replace("echo armed", "echo 好"))
    building.build(config, tmp_path / "out")
    assert "proof__run" not in text_of(tmp_path / "out", "zh", "deep/page/index.html")
    assert "proof__run" in text_of(tmp_path / "out", "en", "deep/page/index.html")


BROKEN = {
    "broken link": ("[x](nope.md)", "docs/en/index.md:80: Doc file 'index.md' contains a link 'nope.md', but the target is not found among documentation files."),
    "broken anchor": ("[x](deep/page.md#nope)", "docs/en/index.md:80: Doc file 'index.md' contains a link 'deep/page.md#nope', but the doc 'deep/page.md' does not contain an anchor '#nope'."),
    "unknown widget": ('[[[ widget("nope") ]]]', "docs/en/index.md:80: widget: there is no theme/widgets/nope.html"),
    "widget of another folder": ('[[[ widget("../../theme/widgets/planner") ]]]', "docs/en/index.md:80: widget: expected a name of lower-case letters, digits and single hyphens, found '../../theme/widgets/planner'"),
    "facts of another folder": ('[[[ facts("../../../etc/passwd.yml") ]]]', "docs/en/index.md:80: facts: expected a YAML file of the guide, like data/releases.yml, found '../../../etc/passwd.yml'"),
    "id that a macro has as well": ('## A {#diagram-memory-title}', "docs/en/index.md: the built page has the id 'diagram-memory-title' 2 times"),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", BROKEN.values(), ids=BROKEN)
def test_a_broken_page_fails_the_build_with_its_position_and_the_old_site_stays(text, expected, tmp_path):
    config = small_guide(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / building.MARKER).touch()
    (out / "old").write_text("kept")
    file = tmp_path / "docs/en/index.md"
    file.write_text(file.read_text() + f"\n{text}\n")
    with pytest.raises(GuideError) as error:
        building.build(config, out)
    assert str(error.value) == expected
    assert {path.name for path in out.iterdir()} == {building.MARKER, "old"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


@pytest.mark.parametrize("name", ["root/robots.txt", "overrides/main.html"])
def test_a_broken_template_fails_the_build_with_its_position(name, tmp_path, capfd):
    config = one_language(tmp_path, {"index": "# Title\n"})
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    (tmp_path / "theme" / name).write_text("one line\n{% nope %}\n")
    with pytest.raises(GuideError) as error:
        building.build(config, tmp_path / "out")
    assert str(error.value) == f"theme/{name}:2: Encountered unknown tag 'nope'."
    assert "Traceback" not in capfd.readouterr().err


def test_bad_pages_are_reported_before_anything_is_built(tmp_path):
    config = small_guide(tmp_path)
    (tmp_path / "docs/zh/index.md").write_text("```bash foo\nx\n```\n")
    with pytest.raises(PageErrors, match=r"docs/zh/index.md:1: `bash foo` after the fence"):
        building.build(config, tmp_path / "out")


def test_the_root_and_the_sitemaps_know_both_languages(small):
    _, out = small
    assert {path.name for path in out.iterdir()} == {building.MARKER, "en", "zh", "index.html", "404.html", "robots.txt"}
    sitemap = text_of(out, "zh", "sitemap.xml")
    assert "<loc>http://localhost:8000/zh/deep/page/</loc>" in sitemap
    for hreflang, language in (("en", "en"), ("zh-Hans", "zh"), ("x-default", "en")):
        assert f'hreflang="{hreflang}" href="http://localhost:8000/{language}/deep/page/"/>' in sitemap
    assert "Sitemap: http://localhost:8000/en/sitemap.xml\n" in text_of(out, "robots.txt")
    assert '<html lang="zh-Hans"' in text_of(out, "zh", "index.html")
    assert 'href="../../../en/deep/page/" hreflang="en"' in text_of(out, "zh", "deep/page/index.html")


def test_no_page_names_another_host_to_load_from(whole):
    _, out = whole
    for file in out.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)="(https?:[^"]*)"', file.read_text())
        assert [url for url in loaded if not url.startswith(building.LOCAL_URL)] == [], file


def test_serve_rebuilds_shows_errors_and_ends_without_a_trace(tmp_path):
    (tmp_path / "guide").mkdir()
    (tmp_path / "tmp").mkdir()
    config = small_guide(tmp_path / "guide")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from pathlib import Path; from checks import config; from checks.site import serve; serve.serve(config.load(Path({str(config.file)!r})), '127.0.0.1', {port})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")}
    server = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def page() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/", timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def wait_until_shown(text: str) -> None:
        """A busy host may be slow, so the limit is only there for a text that never comes."""
        deadline = time.monotonic() + 300
        while text not in page():
            assert time.monotonic() < deadline and server.poll() is None, f"{text!r} is not shown"
            time.sleep(0.05)

    try:
        wait_until_shown("A small guide")
        file = tmp_path / "guide/docs/en/index.md"
        whole = file.read_text()
        file.write_text(whole + "\nSomething new.\n")
        wait_until_shown("Something new.")
        file.write_text(whole + "\n```bash foo\nx\n```\n")
        wait_until_shown("docs/en/index.md:80: `bash foo` after the fence")
        file.write_text(whole + "\nMended.\n")
        wait_until_shown("Mended.")
        assert 'role="alert"' not in page()
    finally:
        server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=300)
    assert server.returncode == 0, output
    assert "docs/en/index.md:80: `bash foo` after the fence" in output
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_build_replaces_only_what_a_build_has_written(tmp_path):
    (tmp_path / "guide").mkdir()
    config = small_guide(tmp_path / "guide")
    out = tmp_path / "out"
    building.build(config, out)
    building.build(config, out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("kept")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    for folder, reason in (
        (config.root, "holds the guide itself"),
        (tmp_path, "holds the guide itself"),
        (tmp_path / "repository", "holds the guide itself"),
        (tmp_path / "mine", "holds files that ./guide build did not write"),
        (tmp_path / "mine" / "file", "holds files that ./guide build did not write"),
    ):
        with pytest.raises(GuideError, match=f"--out: {folder} {reason}"):
            building.build(config, folder)
    assert (tmp_path / "mine" / "file").read_text() == "kept"
    assert config.file.exists()
