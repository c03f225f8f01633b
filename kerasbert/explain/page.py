"""A page of explained texts, to be looked at without a model."""

import pathlib
from collections.abc import Iterable

from kerasbert import checks
from kerasbert.explain.explanation import Explanation
from kerasbert.pages import counted, document, escaped
from kerasbert.pages.files import html_path, write_html
from kerasbert.types import PathLike

_SEARCH = """<script>
const field = document.getElementById("search"), shown = document.getElementById("shown");
const explained = [...document.querySelectorAll("section")];
document.getElementById("tools").hidden = false;
field.addEventListener("input", () => {
  const wanted = field.value.toLowerCase();
  for (const one of explained) one.hidden = !one.textContent.toLowerCase().includes(wanted);
  shown.textContent = explained.filter((one) => !one.hidden).length;
});
</script>"""


def write_page(
    path: PathLike, explanations: Iterable[Explanation], title: str = "Explained texts"
) -> pathlib.Path:
    """Writes explanations of any task as one static page, on which readers can search.

    Each text has its answer, the probability, and coloured words. The page is one file that fetches nothing.
    For classifiers, `examples/clients/web/explain.html` also runs the model, on texts that readers type.

    Args:
        path: str or path of the HTML file, which ends in `.html`. A file of this name is replaced.
        explanations: what `integrated_gradients` or another function of this module returned.
        title: str.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        TypeError: if something is no `Explanation`.
        ValueError: if there are none, or the path does not end in `.html`.

    Example:

    >>> import tempfile
    >>> from kerasbert import BertTextClassifier, explain
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> explanations = explain.occlusion(classifier, ["good film", "film"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explain.write_page(folder + "/film.html", explanations).name
    'film.html'
    """
    where, path = "write_page", html_path(path, "write_page")
    found = [explanations] if isinstance(explanations, Explanation) else list(explanations)
    wrong = [one for one in found if not isinstance(one, Explanation)]
    if wrong or not found:
        raise checks.invalid(
            "A page of explanations needs at least one `Explanation`, and nothing else.",
            fix="Pass what `integrated_gradients` or another function of `kerasbert.explain` returned.",
            where=where,
            kind=TypeError if wrong else ValueError,
            explanations=type(wrong[0]).__name__ if wrong else found,
        )
    number = f'<span id="shown">{len(found):,}</span> of {counted(len(found), "text")}'
    tools = (
        '<p id="tools" hidden><label>Search in texts and answers: <input id="search" type="search"></label> '
        f'<span class="note">{number}</span></p>'
    )
    sections = "".join(f'<section style="margin: 1.75rem 0">{one.to_html()}</section>' for one in found)
    write_html(path, document(title, f"<h1>{escaped(title)}</h1>{tools}{sections}{_SEARCH}"))
    return path
