"""In what a function returns, shows only what stands in backticks as code; mkdocstrings shows all of it."""

import re

CODE = re.compile(r"<code>([^<]*`[^<]*)</code>")


def on_page_content(html, page, config, files):
    """Gives the pages of the API code where a docstring has it."""
    return CODE.sub(_words_and_code, html) if page.url.startswith("api/") else html


def _words_and_code(match):
    parts = match[1].split("`")  # words, code, words, ...
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
