"""Report and brief in a browser, and their two languages side by side."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from fixtures_results import write_result_folder

from povsim.population.geography import load_frame
from povsim.reporting.result import write

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
SAME_IN_BOTH = {
    "PKH", "povsim", "Rp", "E1", "E2", "E3", "E4", "E4x", "E5", "V", "D", "G", "A", "README", "Indonesia",
    "made-up source", "index", "percent", "per month", "per year", "Ikegami, Carter, Barrett, Janzen",
    "gL", "p_k", "r_m", "pkh_idr_year", "Aceh", "Jawa Tengah", "Papua Pegunungan", "Jawa Timur", "Gini",
}  # fmt: skip
"""Names, codes, and what a register or a user wrote."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = write_result_folder(tmp_path_factory.mktemp("pages") / "run")
    found = {}
    for code in ("en", "id"):
        report = write(folder, code)
        found[f"report.{code}"] = report.rename(report.with_name(f"report.{code}.html"))
        found[f"brief.{code}"] = folder / f"brief.{code}.html"
    return found


class Texts(HTMLParser):
    """Texts of a page in order, without style, code blocks, and short names on tiles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "pre")
        self.found += [value for name, value in attrs if name in ("aria-label", "alt") and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "pre")

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self._silent:
            self.found.append(text)


def texts(path: Path) -> list[str]:
    parser = Texts()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.found


@pytest.mark.parametrize("kind", ["report", "brief"])
def test_no_text_is_left_untranslated(pages: dict[str, Path], kind: str) -> None:
    from povsim.reporting.tile_map import TILES

    names = SAME_IN_BOTH | {short for _, _, short in TILES.values()}
    places = {str(name).lower() for column in ("province", "district") for name in load_frame()[column]}

    def is_name(text: str) -> object:
        plain = re.sub(r"[-+\N{MINUS SIGN}]?\d[\d.,]*%?", "", text).strip(" :()")
        return not re.search("[A-Za-z]{2}", plain) or {text, plain} & names or plain.lower() in places

    english, indonesian = texts(pages[f"{kind}.en"]), texts(pages[f"{kind}.id"])
    prose = {text for text in english if not is_name(text)}
    assert len(prose) > (150 if kind == "report" else 35)
    assert sorted(prose & set(indonesian)) == []


@pytest.mark.parametrize("name", ["report.en", "report.id", "brief.en", "brief.id"])
def test_no_address_is_fetched_by_any_of_the_ways_a_page_has(pages: dict[str, Path], name: str) -> None:
    html = pages[name].read_text(encoding="utf-8")
    for found in re.findall(r"""(?:src|href|srcset|poster|data|action|xlink:href)\s*=\s*["']([^"']*)""", html):
        assert found.startswith("#"), found
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    assert not re.search(r"<(script|link|iframe|img|object|embed|base|form)\b", html)


NO_CHROMIUM = "no chromium on this machine: the static checks of this file stand alone"


def visit(page: bytes, at: Path) -> tuple[list[str], str]:
    """What a browser asks the server for and says on its console when it opens the page."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/page.html" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if self.path == "/page.html" else b"")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/page.html"
    try:
        done = chromium("--enable-logging=stderr", "--v=0", "--dump-dom", address, at=at)
    finally:
        server.shutdown()
        server.server_close()
    assert "</html>" in done.stdout
    return [path for path in asked if path != "/favicon.ico"], done.stderr  # a browser asks for an icon by itself


@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
@pytest.mark.parametrize("name", ["report.en", "report.id", "brief.en", "brief.id"])
def test_a_browser_says_nothing_and_asks_for_nothing(pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    asked, said = visit(pages[name].read_bytes(), tmp_path)
    assert asked == ["/page.html"]
    assert "CONSOLE" not in said


@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
def test_a_page_that_complains_and_asks_would_be_found(tmp_path: Path) -> None:
    asked, said = visit(b"<html><body><img src='/a.png'><script>console.error('no')</script></body></html>", tmp_path)
    assert "/a.png" in asked
    assert "CONSOLE" in said


@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["report.en", "brief.id"])
def test_the_page_itself_does_not_scroll_sideways(pages: dict[str, Path], name: str, width: int, tmp_path: Path) -> None:
    probe = "<script>document.title = `${document.documentElement.scrollWidth} of ${window.innerWidth}`</script></body>"
    page = tmp_path / "probe.html"
    page.write_text(pages[name].read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    frame = tmp_path / "frame.html"  # a window of a browser without a screen is not as narrow as a telephone: a frame is
    frame.write_text(
        f'<iframe id="f" src="probe.html" style="width:{width}px;height:800px;border:0"></iframe><script>'
        'document.getElementById("f").onload = e => { document.title = e.target.contentDocument.title }</script>',
        encoding="utf-8",
    )
    done = chromium("--allow-file-access-from-files", "--dump-dom", frame.as_uri(), at=tmp_path)
    found = re.search(r"<title>(\d+) of (\d+)</title>", done.stdout)
    assert found is not None
    assert int(found[2]) == width and int(found[1]) <= width


@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
@pytest.mark.parametrize("code", ["en", "id"])
def test_the_printed_page_of_the_brief_is_two_pages(pages: dict[str, Path], code: str, tmp_path: Path) -> None:
    out = tmp_path / "printed.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={out}", pages[f"brief.{code}"].as_uri(), at=tmp_path)
    assert len(pypdfium2.PdfDocument(out)) == 2


def chromium(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None
    switches = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={at / 'profile'}")
    return subprocess.run([CHROMIUM, *switches, *arguments], capture_output=True, text=True, timeout=60, check=True)
