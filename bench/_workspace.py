"""A demo workspace that is thrown away, and records to issue in it.

The kinds are the shipped ones. A workspace of one copy has the same kind without its 正本: there one record is one
document, the 副本, as the figures are defined.
"""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from certgen import wiring
from certgen.authorities import AuthorityRecord
from certgen.core import codes, sid
from certgen.core.model import Application, Slot
from certgen.issue import Issuer, Ready
from certgen.register import Reserved
from certgen.settings import SHIPPED, Settings

KIND = "food-business"
ORIGIN = "https://licence.example.cn"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

_SURNAMES = (
    "王李张刘陈杨黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏"
    "卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧巧美淑惠珠翠雅芝玉萍红娥玲芬燕"
    "彩春菊兰凤洁梅琳素云莲真雪荣爱香月瑞凡佳嘉琼勤珍贞莉建国庆志远文博鹏飞子涵思雨浩"
)
_PLACES = (
    "桂花源",
    "九宫云雾",
    "竹海",
    "金桂",
    "羊楼洞",
    "陆水",
    "三国古镇",
    "楚天香",
    "隐水洞",
    "白泉河",
    "青砖",
    "汀泗",
)
_MORE = ("太阳溪", "富水", "清江", "沧湖", "老味", "四季", "福满堂", "聚贤", "悦来", "鸿运", "锦绣", "百味", "农家")
_TRADES = ("餐饮管理", "餐饮服务", "食品", "酒店管理", "商贸", "超市", "农业发展", "食品科技", "饮品", "生态农庄")
_ROADS = (
    "淦河大道",
    "长安大道",
    "永安大道",
    "银泉大道",
    "桂乡大道",
    "迎宾大道",
    "解放东路",
    "隽水大道",
    "古塔路",
    "发展大道",
    "樱花路",
    "贺胜路",
    "民主路",
    "凤池路",
    "沿河路",
)
_TOWNS = (
    "温泉街道办事处",
    "永安街道办事处",
    "浮山街道办事处",
    "官桥镇",
    "潘家湾镇",
    "麦市镇",
    "沙坪镇",
    "通羊镇",
    "洪港镇",
    "车埠镇",
    "新店镇",
    "横沟桥镇",
)
_ENDS = ("", "一层", "一层、二层", "1栋1单元101室", "3栋2号门面", "负一层A区", "（原粮食局门面）")
_BUSINESS = (
    "餐饮服务经营者（大型餐馆、集体用餐配送）",
    "餐饮服务经营者（小型餐馆）",
    "餐饮服务经营者（饮品店）",
    "餐饮服务经营者",
    "食品销售经营者（网络经营）",
    "食品销售经营者",
    "单位食堂（学校食堂）",
    "单位食堂（企业食堂）",
)
_ITEMS = (
    "预包装食品销售（含冷藏冷冻食品）",
    "散装食品销售（含冷藏冷冻食品、含散装熟食）",
    "特殊食品销售（保健食品）",
    "热食类食品制售",
    "冷食类食品制售",
    "生食类食品制售",
    "糕点类食品制售（含裱花蛋糕）",
    "自制饮品制售",
    "其他类食品制售",
)
_ITEMS_2023 = (
    "餐饮服务（热食类食品制售、冷食类食品制售、自制饮品制售）",
    "食品销售（散装食品销售、预包装食品销售）",
    "食品经营管理",
)
_FIRST, _DAYS = date(2022, 1, 4), 1780


def sample(name: str = "sample") -> dict[str, object]:
    """Give `sample.json`, or one of the cases."""
    file = "sample.json" if name == "sample" else f"cases/{name}.json"
    record: dict[str, object] = json.loads((SHIPPED / KIND / file).read_text("utf-8"))
    return record


def records(count: int, seed: int = 421200) -> Iterator[dict[str, object]]:
    """Make up records as an office's table would hold them: seven authorities, two forms, valid codes.

    The same seed gives the same records.
    """
    chance = random.Random(seed)
    offices = sorted(wiring.authorities().values(), key=lambda office: office.id)
    for i in range(count):
        yield _record(chance, chance.choice(offices), i)


def _record(chance: random.Random, authority: AuthorityRecord, i: int) -> dict[str, object]:
    pick = chance.choice
    day = _FIRST + timedelta(days=chance.randrange(_DAYS))
    office = authority.on(day)

    def person() -> str:
        return pick(_SURNAMES) + "".join(chance.choices(_GIVEN, k=pick((1, 2, 2, 2))))

    def street() -> str:
        return f"湖北省咸宁市{office.short}{pick(_TOWNS)}{pick(_ROADS)}{chance.randint(1, 399)}号"

    at = street()
    name = pick(_PLACES) + pick(("", *_MORE))
    record: dict[str, object] = {
        "authority": office.id,
        "issued_on": day.isoformat(),
        "operator_name": f"{office.short}{name}{pick(_TRADES)}有限公司",
        "credit_code": codes.make_uscc("9", "1", office.division, f"MA{i:06d}"),
        "legal_representative": person(),
        "domicile": at,
        "premises": at + pick(_ENDS),
        "main_business": pick(_BUSINESS),
        "business_items": "、".join(chance.sample(_ITEMS, pick((1, 2, 3, 4)))),
    }
    if chance.random() < 0.3:
        record["warehouse"] = street() + f"{chance.randint(1, 9)}栋"
    if day < date(2023, 12, 1):
        body = f"{office.name}{pick(_TOWNS)[:2]}监督管理所"
        return record | {
            "supervising_body": body,
            "supervising_staff": f"{person()}、{person()}",
            "signatory": person(),
        }
    return record | {"business_items": "、".join(chance.sample(_ITEMS_2023, pick((1, 2))))}


@contextmanager
def workspace(*, one_copy: bool, clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Settings]:
    """Make a workspace in a folder that is removed at the end."""
    with TemporaryDirectory(prefix="certgen-bench-") as folder:
        chosen = wiring.make_workspace(Path(folder) / "home", origin=ORIGIN, clock=clock)
        if one_copy:
            _leave_out_original(chosen.home / "templates" / KIND)
        yield chosen


def _leave_out_original(folder: Path) -> None:
    shutil.copytree(SHIPPED / KIND, folder, ignore=shutil.ignore_patterns("cases", "samples*"))
    file = folder / "template.toml"
    text, found = re.subn(
        r'\[\[copy\]\]\nid = "original"\n.*?\n\n', "", file.read_text("utf-8"), count=1, flags=re.DOTALL
    )
    if found != 1:
        raise SystemExit("the template is not written as this bench expects")
    file.write_text(text.replace('picture = "original"\n', 'picture = "duplicate"\n'), "utf-8")


@contextmanager
def office(*, one_copy: bool = False, chosen: Settings | None = None) -> Iterator[wiring.Office]:
    """Open an office that issues; time stands still in it, and chance is drawn from a seed."""
    if chosen is None:
        with workspace(one_copy=one_copy) as made, office(chosen=made) as opened:
            yield opened
        return
    ask = wiring.passphrase_source(chosen, _ask)
    chance = random.Random(1).randbytes
    with wiring.open_office(chosen, ask, actor="bench", clock=lambda: NOW, chance=chance) as opened:
        yield opened


def _ask(name: str) -> bytes:
    raise SystemExit(f"no passphrase for {name}")


def read(issuer: Issuer, record: Mapping[str, object], key: str) -> Ready:
    """Do step 1 of issuing."""
    return issuer.read(Application(KIND, record, key))


def engrave(issuer: Issuer, first: Iterable[Mapping[str, object]]) -> int:
    """Put the plates of these records into the register, as an office has them from its first day; count them."""
    keys = set()
    for record in first:
        for job in (ready := read(issuer, record, "engraving")).jobs:
            keys.add(job.engraving.key)
            issuer.workshop.plate(job.face, job.engraving, ready.template)
    return len(keys)


def promise(ready: Ready, i: int, chance: random.Random) -> Reserved:
    """Promise what step 2 would have: the i-th number, sids, salts and places drawn by lot."""
    copies = range(len(ready.template.copies))
    return Reserved(
        ready.application.request_key,
        i,
        ready.reading.number(ready.reading.first + i),
        1,
        tuple(sid.make(chance.getrandbits(60)) for _ in copies),
        tuple(chance.randbytes(16) for _ in copies),
        tuple(Slot(0, chance.randrange(131_072)) for _ in copies),
        NOW,
        done=False,
        conflict=False,
    )


def as_drawn_by_peer(ready: Ready, promised: Reserved, qr_text: str) -> dict[str, Any]:
    """Write the 副本 of a record as `obvious.make_document` takes it: values ready to print."""
    import obvious  # here: what measures memory or a cold start must not load the peer

    reading, at = ready.reading, next(i for i, c in enumerate(ready.template.copies) if c.id == "duplicate")
    printed = dict(reading.printed_for("duplicate"))
    labels = {f.name: f.label.zh for f in ready.template.fields}
    until = f"{reading.valid_until:%Y年%m月%d日}" if reading.valid_until else "长期"
    right = {"supervising_body", "supervising_staff", "signatory"}
    left = [(labels[name], value) for name, value in printed.items() if value and name not in right]
    return {
        "title": ready.template.title.zh,
        "copy_title": "（副本）",
        "sid": promised.sids[at],
        "host": "licence.example.cn",
        "qr": qr_text,
        "left": (*left, ("有效期至", until)),
        "right": (
            ("许可证编号", promised.number),
            *((labels[name], printed[name]) for name in sorted(right) if printed.get(name)),
            ("投诉举报电话", reading.authority.telephone),
            ("发证机关", reading.authority.name),
        ),
        "issued_on": f"{reading.issued_on:%Y年%m月%d日}",
        "notes": obvious.NOTES,
        "supervised_by": reading.form.texts["supervised_by"],
    }
