"""The page of messages shows all of data/messages.yml, each with an anchor, in the words of the glossary; the search knows each."""

from __future__ import annotations

import re

import pytest
from guides import ROOT, this_config, this_context, this_guide

from checks.mkdocs_yml import read_yaml
from checks.pages import glossary
from checks.site.finding import catalogue, messages, names

CONFIG = this_config()


@pytest.fixture(scope="module")
def guide():
    return this_guide()


@pytest.fixture(scope="module")
def known(guide):
    """The catalogue. Reading it fails where a section or a snippet that it names does not exist."""
    return catalogue.load(ROOT, guide)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_every_message_with_an_anchor(guide, known, language):
    groups = [macro.arguments[0] for macro in guide.pages[language, "messages"].macros if macro.name == "messages"]
    assert sorted(groups) == sorted({message.group for message in known.messages})
    context = this_context(language)
    shown = "".join(messages.messages(context, group) for group in groups)
    assert re.findall(r'<h3 class="message__text" id="message-([a-z0-9-]+)">', shown) == [
        message.id for group in groups for message in known.messages if message.group == group
    ]


def test_there_are_as_many_as_the_reports_ask_for(known):
    assert len(known.messages) >= 180
    assert sum(message.seen is not None for message in known.messages) >= 80


def test_what_is_marked_as_seen_is_linked(guide, known):
    """A page that is changed at the moment has no valid evidence; its messages are shown with their sources."""
    context = this_context("en")
    pages = {page.name: page for page in guide.of("en")}
    for message in known.messages:
        if message.seen and context.evidence.page_state("debian-13", pages[message.seen.partition("#")[0]]) == "valid":
            assert messages.recording(context, message) is not None, message.id


def test_meanings_use_the_names_of_the_glossary(guide, known):
    terms = glossary.load_terms(CONFIG, guide)
    for message in known.messages:
        for language, text in message.means.items():
            prose = re.sub(r"`[^`]*`|\"[^\"]*\"|“[^”]*”", " ", text)
            for term in terms:
                for name in term.words[language].avoid:
                    bounded = rf"\b{re.escape(name)}\b" if language == "en" else re.escape(name)
                    assert not re.search(bounded, prose, re.IGNORECASE), f"{message.id}: {name!r}: write {term.words[language].term}"


def test_the_search_knows_each_message_and_each_word_of_its_file(guide, known):
    context = this_context("en")
    found = {text for texts in names.load_names(context).values() for text in texts}
    assert {names.whole_words(message.text) for message in known.messages} <= found
    words = {word for answer in read_yaml(ROOT / names.FILE) for word in answer.get("words", ())}  # an entry of equal words has none
    assert words <= found and len(words) >= 300
