"""Business licences as an office's table would hold them: every kind of entity, seven authorities, valid codes."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from _workspace import _GIVEN, _PLACES, _ROADS, _SURNAMES, _TOWNS

from certgen import wiring
from certgen.core import codes
from certgen.core.model import Authority

KIND = "business-licence"
FIRST, DAYS = date(2017, 8, 1), 3_300  # both forms
# Kind of entity, digit of the kind in its code, how often among 100, its type.
_ENTITIES = (
    ("个体工商户", "2", 52, "个体工商户"),
    ("公司", "1", 34, "有限责任公司（自然人投资或控股）"),
    ("农民专业合作社", "3", 5, "农民专业合作社"),
    ("分支机构", "1", 4, "有限责任公司分公司（自然人投资或控股）"),
    ("个人独资企业", "1", 3, "个人独资企业"),
    ("合伙企业", "1", 1, "普通合伙企业"),
    ("非公司企业法人", "1", 1, "全民所有制"),
)
_ENDS = {
    "公司": "有限公司", "非公司企业法人": "总公司", "合伙企业": "服务中心（普通合伙）", "农民专业合作社": "专业合作社",
    "个人独资企业": "厂", "个体工商户": "店", "分支机构": "有限公司分公司",
}  # fmt: skip
_TRADES = ("餐饮管理", "茶业", "建材", "农业发展", "商贸", "电子商务", "劳务", "文化传播", "物流", "养殖", "装饰工程")
_SCOPE = (
    "餐饮服务", "日用百货销售", "农副产品收购、销售", "企业管理咨询", "会议及展览服务", "建筑材料批发、零售",
    "互联网信息服务", "室内外装饰装修工程设计、施工", "道路普通货物运输", "茶叶种植、加工、销售",
    "生鲜食品、预包装食品兼散装食品零售", "物业管理", "畜禽养殖（不含种畜禽）", "苗木花卉种植、销售",
    "计算机软硬件开发、技术服务", "广告设计、制作、代理、发布", "劳务派遣", "机电设备安装、维修",
    "五金交电、水暖器材销售", "旅游信息咨询", "汽车租赁", "水产品养殖、销售", "酒店管理", "电子产品销售",
)  # fmt: skip
_TAIL = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"


def licences(count: int, seed: int = 421200) -> Iterator[dict[str, object]]:
    """Make up records, no two of one business; the same seed gives the same records."""
    chance = random.Random(seed)
    offices = sorted(wiring.authorities().values(), key=lambda office: office.id)
    weights = [often for *_, often, _ in _ENTITIES]
    for i in range(count):
        entity, digit, _, type_ = chance.choices(_ENTITIES, weights)[0]
        yield _licence(chance, chance.choice(offices).latest, entity, digit, type_, i)


def _licence(
    chance: random.Random, office: Authority, entity: str, digit: str, type_: str, i: int
) -> dict[str, object]:
    pick = chance.choice
    day = FIRST + timedelta(days=chance.randrange(DAYS))
    name = f"{office.short}{pick(_PLACES)}{pick(_SURNAMES)}{pick(_GIVEN)}{pick(_TRADES)}{_ENDS[entity]}"
    record: dict[str, object] = {
        "authority": office.id,
        "issued_on": day.isoformat(),
        "entity_kind": entity,
        "credit_code": codes.make_uscc("9", digit, office.division, f"MA{i:06d}"),
        "name": name,
        "type": type_,
        "legal_representative": pick(_SURNAMES) + "".join(chance.choices(_GIVEN, k=pick((1, 2, 2, 2)))),
        "established_on": (day - timedelta(days=pick((0, 0, 0, 400, 2_000)))).isoformat(),
        "domicile": f"湖北省咸宁市{office.short}{pick(_TOWNS)}{pick(_ROADS)}{chance.randint(1, 399)}号",
        "scope": "；".join(chance.sample(_SCOPE, pick((1, 2, 3, 5, 9)))) + "。" + pick(("", _TAIL)),
    }
    if entity in ("公司", "非公司企业法人", "农民专业合作社"):
        record["capital"] = str(pick((1, 5, 10, 50, 108, 200, 1_000, 12_345)) * 10_000)
    if entity == "个体工商户":
        record["composition"] = pick(("个人经营", "个人经营", "家庭经营"))
        if chance.random() < 0.1:
            del record["name"]
    if entity in ("公司", "合伙企业", "分支机构") and chance.random() < 0.4:
        record["term_until"] = date(day.year + 20, 7, 31).isoformat()
    if chance.random() < 0.03:
        where = [{"address": f"{record['domicile']}附{n}号", "use": "经营场所"} for n in range(1, 4)]
        record["further_premises"] = where
    return record
