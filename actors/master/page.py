"""The page at a master's port, for people: who leads, how the log fares, and what to do about that.

It is plain HTML that loads itself anew, needs nothing else, and can be read on a phone.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from actors import __version__
from actors.log.causes import Cause, masters
from actors.master.log_view import LogView, MemberView
from transport.pid import Address

#: What the browser may do with the page: show it.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_RELOAD_SECONDS: Final = 5
#: Nothing is broken by these.
_MILD: Final = frozenset({Cause.NO_SPARE, Cause.CATCHING_UP, Cause.FORMING, Cause.STALE_MEMBER})

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --soft: #5b6675; --line: #d8dee6;
  --good: #18794e; --mild: #8a5a00; --bad: #b42318; --bad-paper: #fef0ee; --mild-paper: #fff6e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --paper: #14181f; --soft: #9aa5b4;
  --line: #2d3540; --good: #4cc38a; --mild: #f1b64c; --bad: #ff8b7d; --bad-paper: #3a1d1a;
  --mild-paper: #33270f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 50rem; padding: 1.2rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: 0 0 1rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
a { color: inherit; } p { margin: .3rem 0; } .soft { color: var(--soft); }
.good { color: var(--good); } .mild { color: var(--mild); } .bad { color: var(--bad); }
.notice { border-left: .3rem solid; padding: .6rem .9rem; margin: 1rem 0; border-radius: .2rem;
  overflow-wrap: anywhere; }
.notice.bad { background: var(--bad-paper); } .notice.mild { background: var(--mild-paper); }
.notice span { color: var(--ink); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); } footer { margin-top: 2rem; font-size: .85rem; }
"""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows."""

    #: Name of the cluster; empty when it has none.
    cluster: str
    #: Where this master is reached.
    own: Address
    #: Where the leading one is; None while there is none.
    leader: Address | None
    leads: bool
    epoch: int
    #: Why nobody leads, where more is known than that nobody was elected.
    nobody: str = ""
    #: None when this master keeps no log, or it did not answer: `trouble` says which.
    log: LogView | None
    trouble: str = ""

    def render(self) -> str:
        """The whole document."""
        title = html.escape(self.cluster or "Pion")
        return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}: master</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{_RELOAD_SECONDS}"><style>{_STYLE}</style></head>
<body><h1>{title} <span class="soft">master {html.escape(str(self.own))}</span></h1>
<main>{self._leadership()}{self._notice()}<h2>Replicated log</h2>{self._log()}</main>
<footer class="soft">Pion {__version__} · <a href="/log/status">/log/status</a> ·
<a href="/metrics/snapshot">/metrics/snapshot</a> · <a href="/flags">/flags</a> ·
<a href="/help">/help</a> · <a href="/openapi.json">/openapi.json</a></footer></body></html>
"""

    def _leadership(self) -> str:
        if self.leads:
            return f'<p><strong class="good">This master leads</strong>, in epoch {self.epoch}.</p>'
        if self.leader is None:
            why = html.escape(f": {self.nobody}" if self.nobody else ".")
            return f'<p><strong class="bad">No master leads</strong>, as far as this one knows{why}</p>'
        address = html.escape(str(self.leader))
        return (
            f'<p>The master at <strong><a href="//{address}/">{address}</a></strong> leads, in epoch '
            f"{self.epoch}; this one stands by.</p>"
        )

    def _notice(self) -> str:
        text, kind = self.trouble, "bad"
        if self.log is not None:
            text = self.log.advice
            kind = "mild" if self.log.cause in _MILD else "bad"
        if not text:
            return ""
        return f'<p class="notice {kind}" role="status"><span>{html.escape(text)}</span></p>'

    def _log(self) -> str:
        log = self.log
        if log is None:
            return '<p class="soft">Nothing is known of it.</p>'
        good = "" if log.cause else '<p class="good">All is well.</p>'
        return f"""{good}
<p class="soft">--quorum={log.quorum} is for {masters(log.masters_expected)};
{html.escape(log.zookeeper)}.</p>
<div class="wide"><table><thead><tr><th>Replica</th><th>Status</th><th>Positions</th></tr></thead>
<tbody>{_rows(log.members)}</tbody></table></div>"""


def _rows(members: Iterable[MemberView]) -> str:
    return "\n".join(
        f"<tr><td>{html.escape(member.address)}{' (this master)' if member.this_master else ''}</td>"
        f'<td class="{"good" if member.fare == "VOTING" else "mild"}">{html.escape(member.fare)}</td>'
        f"<td>{f'{member.begin} to {member.end}' if member.end else 'none'}</td></tr>"
        for member in members
    )
