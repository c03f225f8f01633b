"""Pages are whole: links, the API, translations, and messages that are those of the code."""

import ast
import configparser
import importlib
import pathlib
import re
import unicodedata

import pytest

import kerasbert

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCS = sorted(ROOT.glob("docs/**/*.md"))
EXAMPLES = [path for path in ROOT.glob("examples/**/*.md") if "node_modules" not in path.parts]
PAGES = [*ROOT.glob("*.md"), *DOCS, *EXAMPLES]
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.M)
# English, and its translations.
TRANSLATED = {
    path: path.with_suffix("").with_suffix(".md")
    for path in [ROOT / "README.zh.md", *DOCS]
    if ".zh" in path.name
}


def text_of(path):
    return FENCED.sub("", path.read_text("utf-8"))


def slug(heading):
    """The anchor that mkdocs gives a heading; GitHub's is the same for these pages."""
    heading = re.sub(r"[`*]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading))
    heading = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def anchors(page):
    return {slug(heading) for _, heading in HEADING.findall(text_of(page))}


def test_links_lead_somewhere():
    wrong = []
    for page in PAGES:
        for link in LINK.findall(text_of(page)):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists():
                wrong.append(f"{page.relative_to(ROOT)}: {link} does not exist")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                wrong.append(f"{page.relative_to(ROOT)}: {link} has no such heading")
    assert not wrong


def test_the_navigation_names_pages():
    """What the navigation names exists: a page, or a notebook of which a hook makes a page."""
    named = set(re.findall(r"[:-] ([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M))
    notebooks = {f"notebooks/{path.stem}.md" for path in ROOT.glob("examples/notebooks/*.ipynb")}
    assert notebooks <= named
    assert not [name for name in named - notebooks if not (ROOT / "docs" / name).is_file()]


@pytest.mark.parametrize("path", sorted(TRANSLATED), ids=lambda path: path.name)
def test_a_translation_is_in_step(path):
    """The same headings by level, the same code but for comments, the same links and tables."""

    def shape(page):
        text = page.read_text("utf-8")
        code = [re.sub(r"\s+#.*", "", block) for block in FENCED.findall(text)]
        prose = FENCED.sub("", text)
        levels = [level for level, _ in HEADING.findall(prose)]
        rows = [len(re.split(r"(?<!\\)\|", row)) for row in re.findall(r"^\|.*$", prose, re.M)]
        numbers = [re.findall(r"\d+\.\d+", row) for row in re.findall(r"^\|.*$", prose, re.M)]
        links = [link for link in LINK.findall(prose) if not re.search(r"README|#", link)]
        links = sorted(link.replace(".zh.md", ".md") for link in links)
        return {"levels": levels, "code": code, "rows": rows, "numbers": numbers, "links": links}

    assert shape(path) == shape(TRANSLATED[path])


def test_the_api_has_every_public_name():
    missing = []
    for package in sorted({*kerasbert._PACKAGES}):
        page = (ROOT / "docs" / "api" / f"{package}.md").read_text("utf-8")
        shown = re.findall(rf"^::: kerasbert\.{package}\.(\w+)$", page, re.M)
        names = importlib.import_module(f"kerasbert.{package}").__all__
        missing += [f"{package}: {name}" for name in {*names} ^ {*shown}]
    assert not missing


def strings(folder):
    """All strings of a folder's code, with `…` where an f-string has a value."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)


def test_messages_are_those_of_the_code():
    """The headings of the page of troubleshooting that quote a message of kerasbert."""
    code = "\n".join(
        " ".join(text.split()) for folder in ("kerasbert", "export") for text in strings(ROOT / folder)
    )
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    messages = [heading for level, heading in HEADING.findall(page) if level == "###"]
    messages = [message for message in messages if message[-1] in ".…"]
    assert len(messages) > 20
    missing = [m for m in messages if not all(part.strip() in code for part in m.split("…"))]
    assert not missing


def test_the_version_has_one_source():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    assert settings["metadata"]["version"] == "attr: kerasbert.__version__"
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == kerasbert.__version__
    assert f"## {kerasbert.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
