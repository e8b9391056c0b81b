"""Read a finished press file again, nested objects included, and find what a press would stumble over.

It trusts nothing of how the file was made. The list is that of GWG 2015, as far as our files can offend against it:

    intent    a CMYK output intent with its profile
    boxes     TrimBox within BleedBox within MediaBox; bleed of 3 mm or what was ordered
    fonts     every font that shows type is embedded
    colour    no RGB, nowhere; no ink beyond the limit
    type      black type is black alone; white type knocks out; nothing below 5 pt
    images    300 ppi and more, one-bit pictures 600
    codes     QR modules of 0.38 mm and more, and a picture of the page reads them back
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pikepdf

from certgen.core.errors import Text
from certgen.print.colour import RICH
from certgen.print.marks import MM

LEAST_TYPE = 5.0  # points
LEAST_PPI, LEAST_BITMAP_PPI = 300.0, 600.0
LEAST_MODULE = 0.38  # mm; see certgen.layout
_PATHS = frozenset(["q", "Q", "cm", "m", "l", "c", "h", "re", "f", "S", "n", "W"])
_DEEPEST = 12  # forms in forms
Matrix = tuple[float, float, float, float, float, float]
Read = Callable[[bytes, int, tuple[float, float, float, float]], str]  # a file, a page, a place (points) → its code


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a press would stumble over; `page` counts from 1, 0 is the file."""

    page: int
    rule: str
    message: Text


@dataclass(frozen=True, slots=True)
class _State:
    """What is in force where an operator stands. A fill is CMYK, or a word for what else it is."""

    matrix: Matrix = (1, 0, 0, 1, 0, 0)
    fill: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    overprint: bool = False
    size: float = 0.0
    font: Any = None


@dataclass(slots=True)
class Preflight:
    """Looks at one file. `bleed_mm` and `ink_limit` are those of the order; `read` decodes a code from a picture."""

    ink_limit: float = 3.0
    bleed_mm: float = 3.0
    read: Read | None = None
    faults: list[Fault] = field(default_factory=list)
    _seen: set[tuple[int, str, str]] = field(default_factory=set)
    _page: int = 0
    _plain: set[tuple[int, int]] = field(default_factory=set)  # forms of paths alone: seen once, they are known
    _codes: list[tuple[int, tuple[float, float, float, float]]] = field(default_factory=list)

    def look(self, pdf: bytes) -> list[Fault]:
        """Give every fault; a file without any may be released."""
        try:
            opened = pikepdf.open(BytesIO(pdf), attempt_recovery=False)
        except pikepdf.PdfError as error:
            self._say("file", "文件损坏", f"the file is damaged: {str(error)[:80]}")
            return self.faults
        with opened as file:
            self._intent(file)
            for number, page in enumerate(file.pages, 1):
                self._page = number
                self._boxes(page)
                self._walk(
                    page.obj.get("/Contents"), page.obj.get("/Resources", pikepdf.Dictionary()), page.obj, _State(), 0
                )
        for page_number, place in self._codes if self.read else ():
            self._page = page_number
            if self.read and not self.read(pdf, page_number, place):
                self._say("codes", "二维码读不出来", "a QR code does not read back")
        return self.faults

    def _say(self, rule: str, zh: str, en: str) -> None:
        if (self._page, rule, en) not in self._seen:
            self._seen.add((self._page, rule, en))
            self.faults.append(Fault(self._page, rule, Text(zh, en)))

    def _intent(self, file: pikepdf.Pdf) -> None:
        intents = list(file.Root.get("/OutputIntents", []))
        ours = [intent for intent in intents if intent.get("/S") == "/GTS_PDFX"]
        if len(ours) != 1 or "/DestOutputProfile" not in ours[0]:
            self._say("intent", "没有输出意图", "no output intent with a profile")
        elif int(ours[0].DestOutputProfile.get("/N", 0)) != 4:
            self._say("intent", "输出意图不是 CMYK", "the output intent is not CMYK")
        if file.is_encrypted:
            self._say("file", "文件已加密", "the file is encrypted")

    def _boxes(self, page: pikepdf.Page) -> None:
        obj = page.obj
        if "/TrimBox" not in obj or "/BleedBox" not in obj:
            self._say("boxes", "缺少 TrimBox 或 BleedBox", "TrimBox or BleedBox is missing")
            return
        trim, bleed, media = ([float(v) for v in obj[name]] for name in ("/TrimBox", "/BleedBox", "/MediaBox"))
        wanted = self.bleed_mm * MM - 0.05
        if any(t - b < wanted for t, b in zip(trim[:2], bleed[:2], strict=True)) or any(
            b - t < wanted for t, b in zip(trim[2:], bleed[2:], strict=True)
        ):
            self._say("boxes", f"出血不足 {self.bleed_mm:g} 毫米", f"less than {self.bleed_mm:g} mm of bleed")
        if any(b < m for b, m in zip(bleed[:2], media[:2], strict=True)) or any(
            b > m for b, m in zip(bleed[2:], media[2:], strict=True)
        ):
            self._say("boxes", "BleedBox 超出 MediaBox", "the BleedBox lies outside the MediaBox")

    def _walk(self, content: Any, resources: Any, owner: Any, state: _State, depth: int) -> None:
        """Follow the operators of a page or a form."""
        if content is None:
            return
        if depth > _DEEPEST:
            self._say("file", "嵌套过深", "forms are nested too deeply")
            return
        stack, is_plain = list[_State](), True
        for said in pikepdf.parse_content_stream(owner):
            name, operands = str(said.operator), list(said.operands)
            is_plain = is_plain and name in _PATHS
            if name == "q":
                stack.append(state)
            elif name == "Q":
                state = stack.pop() if stack else state
            elif name == "cm":
                state = replace(state, matrix=_times(_numbers(operands), state.matrix))
            elif name in ("rg", "RG"):
                self._say("colour", "有 RGB 颜色", "an RGB colour")
            elif name in ("cs", "CS"):
                state = self._space(str(operands[0]), resources, state, is_fill=name == "cs")
            elif name in ("k", "K"):
                state = self._ink(tuple(_numbers(operands)), state, is_fill=name == "k")
            elif name == "g":
                state = replace(state, fill=(0.0, 0.0, 0.0, 1 - float(operands[0])))
            elif name == "gs":
                state = self._graphics(resources, str(operands[0]), state)
            elif name == "Tf":
                font = resources.get("/Font", {}).get(str(operands[0]))
                state = replace(state, font=font, size=float(operands[1]))
            elif name in ("Tj", "TJ", "'", '"'):
                self._type(state)
            elif name == "Do":
                self._paint(resources.get("/XObject", {}).get(str(operands[0])), resources, state, depth)
            elif name in ("sh", "BI", "INLINE IMAGE"):
                self._say("colour", f"有 {name}", f"a shading or an inline image ({name}), which no file of ours has")
        if is_plain and depth:
            self._plain.add(owner.objgen)

    def _space(self, name: str, resources: Any, state: _State, *, is_fill: bool) -> _State:
        space = resources.get("/ColorSpace", {}).get(name, name)
        said = str(space[0]) + str(space[1]) if isinstance(space, pikepdf.Array) else str(space)
        if said not in ("/DeviceCMYK", "/DeviceGray", "/Separation/All"):
            self._say("colour", f"有颜色空间 {said[:40]}", f"the colour space {said[:40]}")
        return replace(state, fill=()) if is_fill else state

    def _ink(self, inks: tuple[float, ...], state: _State, *, is_fill: bool) -> _State:
        if sum(inks) > self.ink_limit + 1e-6:
            zh, en = f"总墨量 {sum(inks):.0%}", f"{sum(inks):.0%} of ink, wanted at most {self.ink_limit:.0%}"
            self._say("colour", zh, en)
        return replace(state, fill=inks) if is_fill else state

    def _graphics(self, resources: Any, name: str, state: _State) -> _State:
        chosen = resources.get("/ExtGState", {}).get(name, {})
        if (
            float(chosen.get("/ca", 1)) < 1
            or float(chosen.get("/CA", 1)) < 1
            or chosen.get("/SMask", "/None") != "/None"
        ):
            self._say("colour", "有透明", "transparency")
        return replace(state, overprint=bool(chosen["/op"])) if "/op" in chosen else state

    def _type(self, state: _State) -> None:
        if len(state.fill) == 4:
            if state.fill[3] >= RICH and any(state.fill[:3]):
                self._say("type", "文字用了多色黑", "type in rich black")
            if not any(state.fill) and state.overprint:
                self._say("type", "白字设了叠印", "white type that overprints, so that it will not be seen")
        size = state.size * _scale(state.matrix)
        if size < LEAST_TYPE - 0.01:
            self._say("type", f"文字只有 {size:.1f} 磅", f"type of {size:.1f} pt, wanted {LEAST_TYPE:g} at least")
        if state.font is None or not _is_embedded(state.font):
            self._say("fonts", "字体未嵌入", "a font is not embedded")

    def _paint(self, painted: Any, resources: Any, state: _State, depth: int) -> None:
        if painted is None:
            self._say("file", "缺少图形对象", "a picture or a form is missing")
        elif painted.objgen in self._plain:
            return
        elif painted.get("/Subtype") == "/Form":
            inner = _times([float(v) for v in painted.get("/Matrix", [1, 0, 0, 1, 0, 0])], state.matrix)
            self._walk(painted, painted.get("/Resources", resources), painted, replace(state, matrix=inner), depth + 1)
        else:
            self._image(painted, state)

    def _image(self, image: Any, state: _State) -> None:
        a, b, c, d, x, y = state.matrix
        wide, tall = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
        pixels = int(image.Width), int(image.Height)
        if image.get("/ImageMask", False):
            module = wide / pixels[0] / MM
            if module < LEAST_MODULE:
                zh, en = f"二维码模块 {module:.2f} 毫米", f"QR modules of {module:.2f} mm, wanted {LEAST_MODULE}"
                self._say("codes", zh, en)
            self._codes.append((self._page, (min(x, x + a + c), min(y, y + b + d), wide, tall)))
            return
        if str(image.get("/ColorSpace")) not in ("/DeviceCMYK", "/DeviceGray"):
            self._say("colour", "有 RGB 图片", "a picture that is not CMYK or grey")
        ppi = min(pixels[0] / wide, pixels[1] / tall) * 72
        wanted = LEAST_BITMAP_PPI if int(image.get("/BitsPerComponent", 8)) == 1 else LEAST_PPI
        if ppi < wanted - 1:
            self._say("images", f"图片只有 {ppi:.0f} ppi", f"a picture of {ppi:.0f} ppi, wanted {wanted:.0f}")


def _numbers(operands: Any) -> list[float]:
    return [float(v) for v in operands]


def _times(inner: Any, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, l_ = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l_)


def _scale(matrix: Matrix) -> float:
    a, b, c, d = matrix[:4]
    return math.sqrt(abs(a * d - b * c))


def _is_embedded(font: Any) -> bool:
    inner = font.get("/DescendantFonts", [font])[0]
    descriptor = inner.get("/FontDescriptor", {})
    return any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
