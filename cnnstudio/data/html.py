"""Reports as one HTML page that needs nothing else: pictures inside, dark or light, printable."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path

from cnnstudio.data.pictures import thumbnail


def html_page(title: str, parts: Iterable[str]) -> str:
    """A page of `parts`, which are HTML; `title` is escaped already."""
    return _PAGE.replace("$title", title).replace("$body", "\n".join(parts))


def picture_source(path: Path, side: int) -> str:
    """A picture file as the `src` of an `<img>`, at most `side` pixels. Raises `PictureError`."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(thumbnail(path, side)).save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root { --ground: #ffffff; --card: #f4f5f8; --line: #d7dce5; --text: #1b2030; --quiet: #5d6679;
  --accent: #1769d2; --error: #c2251d; --warning: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ground: #15171c; --card: #1c1f26; --line: #323844;
  --text: #e8eaf0; --quiet: #98a1b3; --accent: #5aa9ff; --error: #ff7a72; --warning: #f0b43c; } }
@media print { :root { --ground: #ffffff; --card: #ffffff; --line: #bbbbbb; --text: #000000;
  --quiet: #444444; --accent: #1769d2; --error: #a00000; --warning: #6b4600; }
  section, tr, figure { break-inside: avoid; } }
* { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, sans-serif;
  max-width: 1040px; margin: 32px auto; padding: 0 24px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 15px; margin: 0; } p { margin: 4px 0 8px; } .quiet { color: var(--quiet); }
section { background: var(--card); border: 1px solid var(--line); border-left-width: 4px;
  border-radius: 6px; padding: 12px 16px; margin: 12px 0; }
section.error { border-left-color: var(--error); }
section.warning { border-left-color: var(--warning); }
section.info { border-left-color: var(--accent); }
figure { display: inline-block; width: 104px; margin: 4px 4px 8px 0; vertical-align: top; }
figure img { max-width: 96px; max-height: 96px; display: block; border-radius: 4px; }
figcaption { font-size: 11px; color: var(--quiet); overflow-wrap: anywhere; }
.group { display: inline-block; border: 1px solid var(--line); border-radius: 6px;
  padding: 4px 4px 0 8px; margin: 0 8px 8px 0; vertical-align: top; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 4px 12px 4px 0;
  vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 400; } table.classes { width: 100%; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.w { width: 460px; } .figures { display: flex; flex-wrap: wrap; gap: 24px 48px; }
.figures .w { width: 170px; border-bottom: none; } .figures td { border-bottom: none; }
.bar { display: inline-block; height: 8px; border-radius: 4px; background: var(--accent); }
.classes .bar { display: block; margin: 7px 0; }
</style></head><body>
$body
</body></html>
"""
