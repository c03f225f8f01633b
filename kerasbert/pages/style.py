"""How tables and pages look: in light and dark, on a phone, and on paper."""

from kerasbert.pages.tables import escaped

# Colours are named here, once. Everything else refers to them, charts too.
LIGHT = {
    "paper": "#ffffff",
    "card": "#f6f7f9",
    "ink": "#1c2127",
    "faint": "#5b6570",
    "line": "#d5dae0",
    "good": "21, 128, 61",
    "bad": "217, 98, 10",
    "c0": "#2563eb",
    "c1": "#d9620a",
    "c2": "#15803d",
    "c3": "#9333ea",
    "c4": "#b91c5c",
    "c5": "#0e7490",
}
DARK = {
    "paper": "#14171b",
    "card": "#1d2127",
    "ink": "#e7eaee",
    "faint": "#9aa5b1",
    "line": "#363d46",
    "good": "74, 190, 110",
    "bad": "245, 150, 60",
    "c0": "#7aa7ff",
    "c1": "#f5963c",
    "c2": "#4abe6e",
    "c3": "#c58bff",
    "c4": "#ff7aa8",
    "c5": "#4cc3dc",
}


def _variables(colours):
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


STYLE = f"""
.kerasbert {{ {_variables(LIGHT)} color-scheme: light dark; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
@media screen and (prefers-color-scheme: dark) {{ .kerasbert {{ {_variables(DARK)} }} }}
body.kerasbert {{ background: var(--paper); max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }}
div.kerasbert {{ background: var(--paper); padding: .5rem 1rem; }}
.kerasbert h1 {{ font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }}
.kerasbert h2 {{ font-size: 1.3rem; line-height: 1.25; margin: 2.75rem 0 .5rem; }}
.kerasbert h3 {{ font-size: 1rem; margin: 1.5rem 0 .25rem; }}
.kerasbert p {{ margin: .5rem 0; max-width: 46rem; }}
.kerasbert .note {{ color: var(--faint); font-size: .875em; }}
.kerasbert .verdict {{ background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  margin: 1.25rem 0; padding: 1rem 1.25rem; }}
.kerasbert .verdict > strong {{ font-size: 1.35rem; line-height: 1.3; display: block; }}
.kerasbert .verdict ul {{ list-style: none; margin: .75rem 0 0; padding: 0; }}
.kerasbert .verdict li {{ margin: .3rem 0; padding-left: 1.6rem; text-indent: -1.6rem; }}
.kerasbert .verdict li::before {{ content: "✓"; color: rgb(var(--good)); display: inline-block;
  font-weight: 700; text-indent: 0; width: 1.6rem; }}
.kerasbert .verdict li.look::before {{ content: "!"; color: rgb(var(--bad)); }}
.kerasbert .scroll {{ overflow-x: auto; margin: .75rem 0; }}
.kerasbert table {{ border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }}
.kerasbert th, .kerasbert td {{ background: none; border: 0; border-bottom: 1px solid var(--line);
  padding: .4rem .75rem; text-align: left; vertical-align: top; }}
.kerasbert thead th {{ border-bottom: 2px solid var(--faint); color: var(--faint); font-size: .8125rem;
  font-weight: 600; vertical-align: bottom; }}
.kerasbert tbody th {{ font-weight: 600; }}
.kerasbert td .note {{ display: block; line-height: 1.2; }}
.kerasbert tbody th, .kerasbert thead th:first-child {{ background: var(--paper); left: 0; position: sticky; }}
.kerasbert .wide tbody th {{ font-weight: 400; min-width: 9rem; overflow-wrap: anywhere; }}
.kerasbert .wide td:not(.num) {{ min-width: 5.5rem; overflow-wrap: anywhere; }}
.kerasbert .num {{ text-align: right; white-space: nowrap; }}
.kerasbert thead .num {{ white-space: normal; }}
.kerasbert td.good {{ background: rgba(var(--good), calc(.06 + .5 * var(--share))); }}
.kerasbert td.bad {{ background: rgba(var(--bad), calc(.65 * var(--share))); }}
.kerasbert .bar {{ background: var(--line); border-radius: 2px; display: block; height: 4px; margin-top: .3rem;
  min-width: 4rem; }}
.kerasbert .bar i {{ background: var(--c0); border-radius: 2px; display: block; height: 4px; }}
.kerasbert figure {{ margin: 1rem 0; }}
.kerasbert figure svg {{ display: block; height: auto; max-width: 36rem; width: 100%; }}
.kerasbert .pair {{ display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }}
.kerasbert dl {{ display: grid; gap: .35rem 1.25rem; grid-template-columns: max-content 1fr; margin: .75rem 0; }}
.kerasbert dt {{ color: var(--faint); }} .kerasbert dd {{ margin: 0; overflow-wrap: anywhere; }}
@media (max-width: 40rem) {{
  body.kerasbert {{ padding: 1.25rem 1rem 3rem; }}
  .kerasbert h1 {{ font-size: 1.5rem; }}
  .kerasbert .pair {{ grid-template-columns: 1fr; }}
  .kerasbert dl {{ grid-template-columns: 1fr; gap: 0; }} .kerasbert dd {{ margin-bottom: .6rem; }}
  .kerasbert table {{ font-size: .875rem; }} .kerasbert th, .kerasbert td {{ padding: .35rem .4rem; }}
  .kerasbert tbody th {{ max-width: 9rem; }} .kerasbert .wide tbody th {{ max-width: none; }}
  .kerasbert .wide, .kerasbert .wide tbody, .kerasbert .wide tr, .kerasbert .wide tbody th, .kerasbert .wide td
    {{ display: block; border: 0; padding: .1rem 0; text-align: left; white-space: normal; }}
  .kerasbert .wide thead {{ display: none; }}
  .kerasbert .wide tr {{ border-bottom: 1px solid var(--line); padding: .6rem 0; }}
  .kerasbert .wide td::before {{ color: var(--faint); content: attr(data-label) ": "; }}
  .kerasbert .wide td:empty {{ display: none; }}
}}
@media print {{
  body.kerasbert {{ max-width: none; padding: 0; font-size: 11pt; }}
  .kerasbert h2, .kerasbert h3 {{ break-after: avoid; }}
  .kerasbert table {{ font-size: .72rem; }} .kerasbert thead th {{ font-size: .65rem; }}
  .kerasbert th, .kerasbert td {{ padding: .25rem .45rem; }} .kerasbert .num {{ white-space: normal; }}
  .kerasbert tr, .kerasbert figure, .kerasbert .verdict {{ break-inside: avoid; }}
  .kerasbert .scroll {{ overflow: visible; break-inside: avoid; }}
  .kerasbert .scroll:has(.wide) {{ break-inside: auto; }}
  .kerasbert td, .kerasbert th, .kerasbert .bar, .kerasbert .bar i {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
}}
"""  # noqa: E501


def fragment(content: str) -> str:
    """Wraps HTML for a notebook, with its style."""
    return f'<div class="kerasbert"><style>{STYLE}</style>{content}</div>'


def document(title: str, content: str) -> str:
    """Returns a whole page, which fetches nothing from elsewhere.

    Args:
        title: str, not escaped yet.
        content: str, HTML.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escaped(title)}</title><style>{STYLE}</style></head><body class="kerasbert">{content}'
        "</body></html>\n"
    )
