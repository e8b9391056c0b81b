"""The examples of the description: what the service said once, of an invented licence. A test lets it say so again."""

import json
from pathlib import Path
from typing import Any

_SAID: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))

DOCUMENT: dict[str, Any] = _SAID["document"]
JUDGEMENT: dict[str, Any] = _SAID["judgement"]
LICENCES: dict[str, Any] = _SAID["licences"]
VECTORS: dict[str, Any] = {"vectors": [{"path": "/vectors/codes.json", "sha256": "0" * 64, "bytes": 3345}]}
CODE: str = _SAID["code"]
SID: str = DOCUMENT["sid"]
NUMBER: str = DOCUMENT["number"]
KIND: str = DOCUMENT["kind"]
