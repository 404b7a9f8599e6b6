"""Take the pictures of the page that the documents show: ``spikecost run --out RUN``, then this.

usage: screenshots.py RUN
"""

from __future__ import annotations

import io
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "reports"))
from page.browsers import Chromium, Shared

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
#: Sizes of a desktop and of a phone, in pixels.
SIZES = [(1400, 1000), (390, 844)]


def take(browser: Shared, page: Path, picture: Path, size: tuple[int, int], scheme: str = "light") -> None:
    """Open a page in a window of a size, and keep what it shows first, in few colours."""
    browser.prefer(scheme)
    with browser.sized(*size):
        browser.open(page)
        browser.execute_script("document.documentElement.style.scrollbarWidth = 'none'")
        seen = Image.open(io.BytesIO(b64decode(browser.get_screenshot_as_base64())))
    picture.parent.mkdir(exist_ok=True)
    seen.convert("RGB").quantize(128).save(picture, optimize=True)


def main() -> None:
    """Take a picture of each size, light and dark."""
    page = Path(sys.argv[1]) / "index.html"
    browser = Chromium(Path(tempfile.gettempdir()))
    try:
        for size in SIZES:
            for scheme in ("light", "dark"):
                take(browser, page, PICTURES / f"page_{size[0]}_{scheme}.png", size, scheme)
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
