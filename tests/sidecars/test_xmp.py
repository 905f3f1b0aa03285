"""Keywords in XMP documents: what is put in, what is kept, and what is taken out again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import program
from results import failed_result, name, prediction, result_of
from xmp_samples import BARE, DARKTABLE, DIGIKAM, FIRST_VERSION, FIRST_VERSION_BESIDE, LIGHTROOM, SAMPLES

from mobilenet_cli.errors import SidecarError
from mobilenet_cli.records import Result
from mobilenet_cli.sidecars.keywords import keywords_of, with_keywords, without_keywords

CATS = ("animal", "cat", "tabby")
CATS_PATH = "mnclassify|animal|cat|tabby"
DC, LR = "{http://purl.org/dc/elements/1.1/}", "{http://ns.adobe.com/lightroom/1.0/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

every_style = pytest.mark.parametrize("style", SAMPLES)


def listed(document: bytes, name: str) -> list[str]:
    """The items of a list, found by Python's own XML parser."""
    found = ElementTree.fromstring(document).findall(f".//{name}/*/{RDF}li")
    return [item.text or "" for item in found]


def canonical(document: bytes) -> str:
    return ElementTree.canonicalize(document.decode("utf-8-sig"), with_comments=True)


def exiftool(tmp_path: Path, document: bytes) -> dict[str, object]:
    """What exiftool reads in the document, by group and name."""
    file = tmp_path / "read.xmp"
    file.write_bytes(document)
    done = subprocess.run(
        [program("exiftool"), "-json", "-G1", "-struct", "-XMP:all", str(file)], capture_output=True, check=True
    )
    (found,) = json.loads(done.stdout)
    return {name: value for name, value in found.items() if name != "SourceFile"}


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def test_a_new_sidecar_holds_each_keyword_flat_and_all_as_one_path_below_one_root():
    document = with_keywords(None, CATS, "some_model")
    assert document is not None
    assert listed(document, f"{DC}subject") == ["animal", "cat", "tabby"]
    assert listed(document, f"{LR}hierarchicalSubject") == ["mnclassify|animal|cat|tabby"]
    assert b"some_model" in document


def test_exiftool_reads_the_keywords_of_a_new_sidecar(tmp_path: Path):
    found = exiftool(tmp_path, with_keywords(None, CATS, "some_model") or b"")
    assert found["XMP-dc:Subject"] == ["animal", "cat", "tabby"]
    assert found["XMP-lr:HierarchicalSubject"] == ["mnclassify|animal|cat|tabby"]


@every_style
def test_exiftool_reads_all_that_was_there_before_and_the_keywords(tmp_path: Path, style: str):
    before = exiftool(tmp_path, SAMPLES[style])
    after = exiftool(tmp_path, with_keywords(SAMPLES[style], CATS, "some_model") or b"")
    assert before["XMP-xmp:Rating"] == after["XMP-xmp:Rating"] == 4
    for key, value in before.items():
        if key == "XMP-dc:Subject":
            assert as_list(after[key])[:-3] == as_list(value)
        elif key == "XMP-lr:HierarchicalSubject":
            assert as_list(after[key])[:-1] == as_list(value)
        else:
            assert after[key] == value
    assert as_list(after["XMP-dc:Subject"])[-3:] == ["animal", "cat", "tabby"]
    assert as_list(after["XMP-lr:HierarchicalSubject"])[-1] == CATS_PATH


@every_style
def test_a_document_has_each_property_once(style: str):
    merged = with_keywords(SAMPLES[style], CATS, "some_model") or b""
    for key in (f"{DC}subject", f"{LR}hierarchicalSubject"):
        assert len(ElementTree.fromstring(merged).findall(f".//{key}")) == 1


@every_style
def test_all_descriptions_are_about_the_same(style: str):
    merged = ElementTree.fromstring(with_keywords(SAMPLES[style], CATS, "some_model") or b"")
    assert len({each.get(f"{RDF}about") for each in merged.iter(f"{RDF}Description")}) == 1


@every_style
def test_a_second_run_changes_no_byte(style: str):
    once = with_keywords(SAMPLES[style], CATS, "some_model")
    assert with_keywords(once, CATS, "some_model") is once


@every_style
def test_taking_out_leaves_what_was_there_before(style: str):
    merged = with_keywords(SAMPLES[style], CATS, "some_model") or b""
    assert canonical(merged) != canonical(SAMPLES[style])
    assert canonical(without_keywords(merged) or b"") == canonical(SAMPLES[style])
    assert without_keywords(SAMPLES[style]) is SAMPLES[style]


def test_taking_out_leaves_nothing_of_a_sidecar_of_ours():
    assert without_keywords(with_keywords(None, CATS, "some_model") or b"") is None


def test_a_sidecar_of_ours_that_a_person_has_used_stays():
    ours = with_keywords(None, CATS, "some_model") or b""
    used = ours.replace(b"<rdf:li>tabby</rdf:li>", b"<rdf:li>tabby</rdf:li><rdf:li>Minka</rdf:li>", 1)
    rest = without_keywords(used) or b""
    assert listed(rest, f"{DC}subject") == ["Minka"]
    assert b"<mnclassify:" not in rest


@every_style
def test_another_run_replaces_our_keywords_and_keeps_the_persons(style: str):
    first = with_keywords(SAMPLES[style], CATS, "some_model") or b""
    second = with_keywords(first, ("tabby", "quilt"), "another_model") or b""
    own = listed(SAMPLES[style], f"{DC}subject")
    assert listed(second, f"{DC}subject") == [*own, "tabby", "quilt"]
    assert canonical(second) == canonical(with_keywords(SAMPLES[style], ("tabby", "quilt"), "another_model") or b"")
    assert with_keywords(None, (), "some_model") is None
    assert canonical(with_keywords(second, (), "another_model") or b"") == canonical(SAMPLES[style])


@pytest.mark.parametrize("persons", ["tabby", "Tabby"])
def test_a_keyword_that_the_person_has_already_is_not_added_and_never_taken_out(persons: str):
    own = LIGHTROOM.replace(b"<rdf:li>Oma's garden</rdf:li>", f"<rdf:li>{persons}</rdf:li>".encode())
    merged = with_keywords(own, CATS, "some_model") or b""
    assert listed(merged, f"{DC}subject") == [persons, "2019 & before", "animal", "cat"]
    assert CATS_PATH in listed(merged, f"{LR}hierarchicalSubject")
    assert with_keywords(merged, CATS, "some_model") is merged
    assert canonical(without_keywords(merged) or b"") == canonical(own)


def test_what_another_program_wrote_anew_is_still_known_as_ours(tmp_path: Path):
    file = tmp_path / "a.xmp"
    file.write_bytes(with_keywords(DARKTABLE, CATS, "some_model") or b"")
    subprocess.run(
        [program("exiftool"), "-q", "-overwrite_original", "-XMP:Rating=2", "-XMP-dc:Subject+=Minka", str(file)],
        check=True,
    )
    rewritten = file.read_bytes()
    assert b"x:xmptk='Image::ExifTool" in rewritten
    assert with_keywords(rewritten, CATS, "some_model") is rewritten
    rest = without_keywords(rewritten) or b""
    assert listed(rest, f"{DC}subject") == ["Oma's garden", "Minka"]
    assert b"mnclassify" not in rest
    assert exiftool(tmp_path, rest)["XMP-xmp:Rating"] == 2


def test_what_surrounds_the_root_is_kept_to_the_byte():
    merged = with_keywords(DIGIKAM, CATS, "some_model") or b""
    head, tail = DIGIKAM.index(b"<x:xmpmeta"), DIGIKAM.index(b"</x:xmpmeta>")
    assert merged[:head] == DIGIKAM[:head]
    assert merged.endswith(DIGIKAM[tail:])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "windows-1252"])
def test_the_encoding_and_the_byte_order_mark_are_kept(encoding: str):
    text = DARKTABLE.decode().replace("garden", "Gärtchen").replace('"UTF-8"', f'"{encoding.removesuffix("-sig")}"')
    text = "\ufeff" + text if encoding == "utf-16-be" else text
    before = text.replace("utf-16-be", "utf-16").encode(encoding)
    merged = with_keywords(before, ("Kätzchen 猫",), "some_model") or b""
    assert merged[:40] == before[:40]
    decoded = merged.decode(encoding)
    assert "Oma's Gärtchen" in decoded
    assert listed(merged, f"{DC}subject") == ["Oma's Gärtchen", "Kätzchen 猫"]


def test_windows_line_ends_are_kept():
    merged = with_keywords(LIGHTROOM.replace(b"\n", b"\r\n"), CATS, "some_model") or b""
    assert merged.count(b"\n") == merged.count(b"\r\n") > LIGHTROOM.count(b"\n") // 2
    assert b"&#13;" not in merged


def test_one_windows_line_end_among_others_does_not_make_more_of_them():
    mixed = LIGHTROOM.replace(b"\n", b"\r\n", 1)
    assert (with_keywords(mixed, CATS, "some_model") or b"").count(b"\r\n") == 0
    # What surrounds the root element has line ends of its own.
    packet = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\n" + LIGHTROOM.replace(b"\n", b"\r\n")
    merged = with_keywords(packet, CATS, "some_model") or b""
    assert merged.count(b"\n") == merged.count(b"\r\n") + 1


BEGIN, END = LIGHTROOM.index(b"<rdf:Bag>"), LIGHTROOM.index(b"</dc:subject>")
SUBJECT = LIGHTROOM[BEGIN:END]


@pytest.mark.parametrize(
    "document",
    [
        LIGHTROOM.replace(b"<dc:subject>\n    " + SUBJECT + b"</dc:subject>", b"<dc:subject/>"),
        LIGHTROOM.replace(SUBJECT, b""),
        LIGHTROOM.replace(SUBJECT, b"<!-- none yet -->"),
        LIGHTROOM.replace(SUBJECT, b"<!-- none yet --><rdf:Bag/>"),
        BARE.replace(b"xmp:Rating", b"xmlns:dc='http://purl.org/dc/elements/1.1/' dc:subject='' xmp:Rating"),
    ],
)
def test_a_property_without_keywords_is_filled(tmp_path: Path, document: bytes):
    merged = with_keywords(document, CATS, "some_model") or b""
    assert listed(merged, f"{DC}subject") == list(CATS)
    assert len(ElementTree.fromstring(merged).findall(f".//{DC}subject")) == 1
    assert b"dc:subject=" not in merged
    assert exiftool(tmp_path, merged)["XMP-dc:Subject"] == list(CATS)
    assert with_keywords(merged, CATS, "some_model") is merged
    rest = without_keywords(merged) or b""
    assert listed(rest, f"{DC}subject") == []
    assert b"mnclassify" not in rest
    assert rest.count(b"<!--") == document.count(b"<!--")
    assert without_keywords(document) is document


def test_a_comment_beside_the_keywords_stays():
    document = LIGHTROOM.replace(SUBJECT, b"<!-- before -->" + SUBJECT + b"<!-- after -->")
    merged = with_keywords(document, CATS, "some_model") or b""
    assert listed(merged, f"{DC}subject") == ["Oma's garden", "2019 & before", *CATS]
    assert canonical(without_keywords(merged) or b"") == canonical(document)


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + BARE.replace(b"/></rdf:RDF>", b">&b;</rdf:Description></rdf:RDF>")
)  # fmt: skip


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "damaged"),
        (LIGHTROOM[:900], "damaged"),
        (b"\xff\xd8\xff\xe0 JFIF", "damaged"),
        (LIGHTROOM.replace(b"Oma", b"Om\xe4"), "damaged"),
        (LIGHTROOM.replace(b"Oma", b"&oma;"), "damaged"),
        (LIGHTROOM.replace(b' xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"', b""), "damaged"),
        (BOMB, "DOCTYPE"),
        (b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">' + BARE, "DOCTYPE"),
        (b"<svg/>", "not XMP"),
        (b"<x>" + BARE + BARE + b"</x>", "not XMP"),
        (LIGHTROOM + b"<?a?>" * 99 + b"<!-- </x:xmpmeta>" + b" " * 9999 + b"-->", "unusual"),
        (BARE.replace(b"xmp:Rating", b"xmlns:dc='http://purl.org/dc/elements/1.1/' dc:subject"), "list"),
        (DARKTABLE.replace(b"rdf:Seq>", b"rdf:Description>"), "list"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused_with_a_reason(document: bytes, words: str):
    for edit in (lambda: with_keywords(document, CATS, "some_model"), lambda: without_keywords(document)):
        with pytest.raises(SidecarError, match=words) as caught:
            edit()
        assert str(caught.value).startswith("it")
        assert "\n" not in str(caught.value)


def named(*names: str) -> Result:
    """Return a Result whose label is the last name and whose kinds are those before it; its best class is another."""
    *kinds, label = map(name, names)
    return result_of("a.jpg", [prediction("Egyptian cat", 0.6)], label=label, kinds=kinds, model="some_model")


def test_keywords_are_the_kinds_and_the_sure_label_each_once():
    assert keywords_of(named("animal", "dog", "beagle")) == ("animal", "dog", "beagle")
    assert keywords_of(named("cat")) == ("cat",)
    assert keywords_of(named("fruit", "fruit")) == ("fruit",)


def test_without_a_sure_label_there_are_no_keywords():
    assert keywords_of(result_of("a.jpg", [prediction("tabby", 0.79)])) == ()
    assert keywords_of(failed_result("a.jpg")) == ()


def test_labels_of_any_text_become_keywords_that_xml_and_other_programs_can_hold(tmp_path: Path):
    keywords = keywords_of(named("a|b, c", "<b>&amp;", " \n ", "tab\tand\x00nul\ud800"))
    assert keywords == ("a|b, c", "<b>&amp;", "tab and nul")
    document = with_keywords(None, keywords, "m") or b""
    assert listed(document, f"{DC}subject") == list(keywords)
    assert listed(document, f"{LR}hierarchicalSubject") == ["mnclassify|a-b, c|<b>&amp;|tab and nul"]
    assert exiftool(tmp_path, document)["XMP-lr:HierarchicalSubject"] == ["mnclassify|a-b, c|<b>&amp;|tab and nul"]
    assert with_keywords(document, keywords, "m") is document


def test_a_sidecar_of_the_first_version_is_replaced_without_leaving_its_keywords():
    beside = with_keywords(FIRST_VERSION_BESIDE, CATS, "mobilenet_v1_100_128") or b""
    assert listed(beside, f"{DC}subject") == ["Oma's garden", *CATS]
    assert listed(beside, f"{LR}hierarchicalSubject") == ["places|Oma's garden", CATS_PATH]
    assert b"Egyptian" not in beside
    alone = with_keywords(FIRST_VERSION, CATS, "mobilenet_v1_100_128") or b""
    assert canonical(alone) == canonical(with_keywords(None, CATS, "mobilenet_v1_100_128") or b"")


def test_the_keywords_of_the_first_version_are_taken_out_and_its_sidecar_with_them():
    rest = without_keywords(FIRST_VERSION_BESIDE) or b""
    assert listed(rest, f"{DC}subject") == ["Oma's garden"]
    assert listed(rest, f"{LR}hierarchicalSubject") == ["places|Oma's garden"]
    assert b"<mnclassify:" not in rest
    assert b" mnclassify:" not in rest
    assert without_keywords(FIRST_VERSION) is None
    assert with_keywords(FIRST_VERSION, (), "mobilenet_v1_100_128") is None  # a run that is sure of no label
