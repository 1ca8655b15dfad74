"""The one door for XML: what is harmful never reaches the parser that builds trees."""
import pytest

from engine.packs.xml import BPMN, DMN, MAX_DEPTH, MAX_NODES, MAX_TEXT, UnsafeXml, parse

HEAD = f'<bpmn:definitions xmlns:bpmn="{BPMN}" id="d">'
END = "</bpmn:definitions>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def diagram(inside=""):
    return f"{HEAD}\n{inside}\n{END}".encode()


@pytest.mark.parametrize(("data", "says"), [
    (f'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">{LAUGHS}]><lolz>&l9;</lolz>'.encode(), "DOCTYPE"),
    (f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}&x;{END}'.encode(), "DOCTYPE"),
    (f'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">{HEAD}{END}'.encode(), "DOCTYPE"),
    (diagram("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1)), "nested"),
    (b"<a>" * 100_000, "nested"),
    (diagram("<a/>" * (MAX_NODES + 1)), "parts"),
    (diagram("x" * 5_000_000), "larger than 2 MB"),
    (diagram("x" * (MAX_TEXT + 1)), "longer than"),
    (diagram(f'<a b="{"x" * (MAX_TEXT + 1)}"/>'), "longer than"),
    (diagram("<a " + " ".join(f'b{n}="1"' for n in range(41)) + "/>"), "attributes"),
    (diagram("<?php system('id') ?>"), "processing instruction"),
    (b'<?xml-stylesheet href="http://example.org/x.xsl"?>' + diagram(), "processing instruction"),
    (diagram('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'), "XInclude"),
    (diagram("<!--" + "x" * (MAX_TEXT + 1) + "-->"), "comments"),
    (diagram("<!---->" * (MAX_NODES + 1)), "comments"),
    (diagram("<a>"), "not well-formed"),
    (diagram("&unknown;"), "not well-formed"),
    (diagram("\x00"), "not well-formed"),
    (diagram().decode().encode("utf-16"), "not well-formed"),
    (b'<?xml version="1.0" encoding="latin-1"?>' + diagram("é").decode().encode("latin-1"), "not well-formed"),
    (b"", "not well-formed"),
    (b"GIF89a", "not well-formed"),
    (b"<html/>", "not a BPMN diagram or a DMN"),
])
def test_what_could_do_harm_is_refused(data, says):
    with pytest.raises(UnsafeXml, match=says):
        parse(data)


def test_a_refusal_names_the_line():
    with pytest.raises(UnsafeXml) as refused:
        parse(diagram("\n\n<?stop?>"))

    assert refused.value.line == 4


def test_a_harmless_diagram_comes_in_with_its_lines_and_without_its_comments():
    root = parse(diagram("<!-- a remark -->\n<bpmn:process id='p'/>"), BPMN)

    assert [(child.get("id"), child.sourceline) for child in root] == [("p", 3)]


def test_a_diagram_is_not_taken_for_a_table():
    with pytest.raises(UnsafeXml, match="not a DMN decision table"):
        parse(diagram(), DMN)
