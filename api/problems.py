"""RFC 9457 problems: one table from our errors, and one from what HTTP itself refuses.

What a caller may mend is said to him; what the operator must mend is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certgen.core.errors import (
    ApplicationError,
    CertgenError,
    FormatError,
    Lang,
    RegisterError,
    SettingsError,
    SigningError,
    TemplateError,
    Text,
    VerificationError,
)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its name in `type`, its HTTP status, its title, and whether the error's own words are told."""

    name: str
    status: int
    title: Text
    is_told: bool = False

    def as_json(self, lang: Lang, error: CertgenError | None = None) -> dict[str, object]:
        """Write it as the members of RFC 9457, clause 3.1."""
        body: dict[str, object] = {
            "type": f"urn:certgen:problem:{self.name}",
            "title": self.title.say(lang),
            "status": self.status,
        }
        if self.is_told and error is not None:
            body["detail"] = error.say(lang)
        return body


_OURS = Text("服务暂时出了问题，请稍后再试", "something is wrong on our side; please try again later")
_RESTING = Text("登记簿暂时查不了，请稍后再试", "the register cannot be asked just now; please try again later")

RESTING = Kind("register-unavailable", 503, _RESTING)

OF_ERROR: Mapping[type[CertgenError], Kind] = MappingProxyType(
    {
        TemplateError: Kind("internal", 500, _OURS),
        ApplicationError: Kind("faulty-record", 422, Text("记录有误", "the record has faults"), is_told=True),
        SettingsError: Kind("internal", 500, _OURS),
        RegisterError: RESTING,
        SigningError: Kind("internal", 500, _OURS),
        FormatError: Kind("malformed", 400, Text("内容格式不对", "the content is malformed"), is_told=True),
        VerificationError: Kind("not-verified", 422, Text("未通过核验", "not verified"), is_told=True),
    }
)

# One answer for a sid that is malformed, unknown or was never given out, and for every other address.
UNKNOWN = Kind("unknown-document", 404, Text("登记簿中查无此证照", "the register has no such document"))

# One answer for a digest that no file of ours has, and for an original that is not given out.
UNKNOWN_FILE = Kind(
    "unknown-file",
    404,
    Text("登记簿中没有这个文件", "the register has no such file"),
)

# One answer for what was never issued, what may not be looked up, and what is no number.
UNKNOWN_LICENCE = Kind(
    "unknown-licence",
    404,
    Text("可公开查询的证照中没有这个编号", "no licence that may be looked up has this number or code"),
)

NOT_PUBLISHED = Kind("not-published", 404, Text("没有发布这个文件", "no such file is published"))

OF_STATUS: Mapping[int, Kind] = MappingProxyType(
    {
        400: Kind("malformed", 400, Text("没有收到可核验的内容", "nothing to check was received")),
        404: UNKNOWN,
        405: Kind("wrong-method", 405, Text("此处不接受这种请求", "this address does not take such a request")),
        408: Kind("too-slow", 408, Text("上传时间过长", "the upload took too long")),
        413: Kind("too-large", 413, Text("文件过大，最多 25 MB", "the file is too large; 25 MB at most")),
        415: Kind(
            "wrong-type",
            415,
            Text("只接受 PDF 文件或二维码文字", "only a PDF file or the text of a QR code is taken"),
        ),
        429: Kind(
            "too-many",
            429,
            Text("这个网络查询过于频繁，请稍候再试", "this network asks too often; please wait a little"),
        ),
        500: Kind("internal", 500, _OURS),
        503: Kind(
            "busy", 503, Text("现在核验的人很多，请稍后再试", "many files are being checked; please try again soon")
        ),
    }
)


def kind_of(error: CertgenError) -> Kind:
    """Find the kind of an error in the table, by its nearest class."""
    return next((OF_ERROR[cls] for cls in type(error).__mro__ if cls in OF_ERROR), OF_STATUS[500])
