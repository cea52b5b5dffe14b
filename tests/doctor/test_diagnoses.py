"""What kdump-doctor said of each failure that the pages bring about, as the evidence has it: it names that failure, first."""

from __future__ import annotations

import json

import pytest
from guides import ROOT, this_evidence, this_guide

from checks.site.finding.diagnoses import Failure, first_finding, read

GUIDE = this_guide()
# The snippets with data-examine.
EXAMINED = {f"{snippet.page}#{snippet.id}" for page in GUIDE.primary for snippet in page.snippets if snippet.examine}
ASKED = [failure for failure in read(ROOT).failures if failure.asked_at in EXAMINED]


# Shown by a VM, and the doctor was not asked there, because of what is said beside it.
NOT_ASKED = {
    "storage#open-in-192m",  # the volume that needs too much memory is mounted nowhere at that moment; tests/doctor has the case
    # A load by hand was refused, and the machine is armed all the same. tests/doctor has the cases in which it is not.
    "secure-boot#load-old",
    "secure-boot#load-unsigned",
    "privacy#cannot-unload",
}


# What is true of a release as it comes. Debian 14 reserves 192 MiB where its kdump-config suggests 204, and its makedumpfile does not know
# its kernel.
OF_THE_RELEASE = {"debian-14": ("reservation.low", "makedumpfile.tail")}
# Where the release does not have the failure: the kernel of Debian 14 knows ,cma; and where nothing is left of it to see: the dump that
# the net of the page saved.
NO_FAILURE = {("debian-14", "crashkernel-forms#log-cma"), ("debian-14", "failures/no-dump#net-mounts")}


def name(failure: Failure) -> str:
    return f"{failure.asked_at}: {failure.en}"


def entry(target: str, failure: Failure) -> dict:
    page, _, snippet = (failure.asked_at or "").partition("#")
    run = this_evidence().of(target, page)
    return run.entries.get(snippet, {}) if run else {}


def test_every_failure_that_a_vm_shows_is_asked_about():
    shown = {failure.asked_at for failure in read(ROOT).failures if failure.asked_at and failure.doctor}
    machines = {page.name: page.machine for page in GUIDE.primary}
    assert {place for place in shown if machines[place.partition("#")[0]] == "vm"} - NOT_ASKED == EXAMINED


@pytest.mark.parametrize("failure", ASKED, ids=name)
def test_the_doctor_names_the_failure_first(failure):
    for target in this_evidence().targets():
        if answer := entry(target, failure).get("examined"):
            found = [first_finding(answer), *(each["id"] for each in json.loads(answer["output"])["findings"])]
            right = failure.doctor or ()
            first = next((each for each in found if each in right or each not in OF_THE_RELEASE.get(target, ())), None)
            assert (first in right) != ((target, failure.asked_at) in NO_FAILURE), target


def test_the_doctor_was_asked_about_most_failures():
    """Evidence from before a snippet had data-examine holds, and has no answer; ./guide test --all renews all evidence."""
    assert sum("examined" in entry("debian-13", failure) for failure in ASKED) >= 26
