// Puts a judgement into words: title, meaning, tone, three facts with their ages, and what was not checked.
// Nothing here says more than was found; amber where something could not be asked, red only where something is wrong.

import { isFresh } from "./judge.js";

const STATUS = {
  issued: ["有效", "in force"],
  superseded: ["已被新证替代", "superseded"],
  suspended: ["暂扣", "suspended"],
  cancelled: ["注销", "cancelled"],
  withdrawn: ["撤回", "withdrawn"],
  annulled: ["撤销", "annulled"],
  revoked: ["吊销", "revoked"],
  void: ["作废", "void"],
};

// Wrong: what the reader should do about it. The word is the judge's.
const WRONG = {
  "not-ours": [
    ["二维码读不通", "This code does not read"],
    [
      "# 后面的数字不是我们写的，或者没有读全。请再扫一次；还是这样，就不要相信这张纸。",
      "The digits after # are not as we write them, or some are missing. Scan again; if it stays so, do not trust the paper.",
    ],
  ],
  host: [
    ["不是我们的网址", "Not our address"],
    [
      "这个二维码指向下面的网址，它不在签发系统的名单上，可能是仿冒网站。不要打开，也不要在上面填写任何信息。",
      "The code leads to the address below, which is not on the list of the issuing service. It may be an imitation: do not open it, and enter nothing there.",
    ],
  ],
  stranger: [
    ["不是发证机关签的", "Not signed by an authority"],
    [
      "签署这个二维码的密钥不在信任清单上。不要相信这张纸，请向发证机关核实。",
      "The key that signed this code is not on the trust list. Do not trust the paper; ask the authority.",
    ],
  ],
  "wrong-kind": [
    ["这个机关无权签发", "Not theirs to issue"],
    [
      "签署的密钥属于另一个机关，或无权签发这一类证照。不要相信这张纸。",
      "The key may not sign this kind of document. Do not trust the paper.",
    ],
  ],
  forged: [
    ["签名不对", "The signature does not hold"],
    [
      "二维码里的签名与网址、标识或内容对不上：数字被改过，或是从别的证照上搬来的。不要相信这张纸。",
      "The signature does not fit the address, the sid or what is said: digits were changed, or taken from another document. Do not trust the paper.",
    ],
  ],
  unknown: [
    ["登记簿里没有", "Not in the register"],
    [
      "登记簿里没有这份证照：我们没有签发过它。不要相信这张纸，请向发证机关核实。",
      "The register does not know this document: we did not issue it. Do not trust the paper; ask the authority.",
    ],
  ],
  differs: [
    ["与登记簿不一致", "Not what the register says"],
    [
      "二维码里的内容与登记簿的记载不同。不要相信这张纸，请向发证机关核实。",
      "The code does not say what the register says. Do not trust the paper; ask the authority.",
    ],
  ],
  untimely: [
    ["签发时间不对", "Signed at a wrong time"],
    [
      "登记的签发时间不在密钥的有效期内。请向发证机关核实。",
      "The registered time of issue lies outside the life of the key. Ask the authority.",
    ],
  ],
  broken: [
    ["没有核对成", "Could not be checked"],
    [
      "浏览器在核对时出错。请换一个浏览器，或在核验页上查。",
      "The browser failed while checking. Try another browser, or the check page.",
    ],
  ],
};
WRONG["other-authority"] = WRONG["wrong-kind"];

// Open: somebody else must be asked.
const OPEN = {
  "no-trust": [
    ["签名没有核对", "Signature not checked"],
    [
      "没有取到信任清单，所以不能说它是真的，也不能说它是假的。联网后再查一次。",
      "The trust list could not be had, so we can neither confirm nor deny it. Try again with a network.",
    ],
  ],
  stolen: [
    ["需要复核", "Needs a second look"],
    [
      "签署它的密钥后来失密了。它可能是我们签发的，也可能不是：请联网再查，或向发证机关核实。",
      "The key that signed it was stolen later. It may be ours or not: check again with a network, or ask the authority.",
    ],
  ],
  "no-status": [
    ["签名真实，状态未知", "Genuine signature, status unknown"],
    [
      "没有联网，手机里也没有它的状态清单：不知道它是否已被暂扣、吊销或换新证。联网后再查一次。",
      "Without a network and without its status list, we cannot tell whether it was suspended, revoked or replaced. Check again with a network.",
    ],
  ],
  lost: [
    ["签名真实，登记缺失", "Genuine signature, register incomplete"],
    [
      "登记簿曾经恢复，这一号段的记录缺失。请向发证机关核实。",
      "The register was restored and records of this range are missing. Ask the authority.",
    ],
  ],
  clock: [
    ["请校准手机时间", "Set this phone's clock"],
    [
      "清单的签发时间晚于手机的时间，有效期无法判断。",
      "The list is younger than this phone's clock allows, so no date can be judged.",
    ],
  ],
  "not-listed": [
    ["签名真实，清单中尚无", "Genuine signature, not listed yet"],
    [
      "状态清单里还没有它：它可能是清单之后才签发的。联网后再查一次。",
      "The status list does not have it yet; it may have been issued since. Check again with a network.",
    ],
  ],
  "was-suspended": [
    ["签名真实，曾被暂扣", "Genuine signature, was suspended"],
    [
      "旧的状态清单写着暂扣，其后有无变化不知道。联网后再查一次。",
      "An old status list says suspended; what happened since is not known. Check again with a network.",
    ],
  ],
  "stale-status": [
    ["签名真实，状态过时", "Genuine signature, status out of date"],
    [
      "状态清单已经过期，其后有无变化不知道。联网后再查一次。",
      "The status list is out of date; what happened since is not known. Check again with a network.",
    ],
  ],
  "stale-trust": [
    ["签名真实，清单过时", "Genuine signature, list out of date"],
    [
      "信任清单已经过期，密钥此后是否失密不知道。联网后再查一次。",
      "The trust list is out of date; whether a key was stolen since is not known. Check again with a network.",
    ],
  ],
};

const AFTER = {
  expired: ["有效期已过，目前不再有效。", "Its period is over; it is no longer in force."],
  superseded: [
    "这份证照已由新证替代，请查看持证人的新证。",
    "A newer document has taken its place. Ask the holder for the new one.",
  ],
  suspended: [
    "发证机关已暂扣这份证照，暂扣期间不得凭它经营。",
    "The authority has suspended it. Until it is given back, it permits nothing.",
  ],
  void: ["这份证照已作废，请勿使用。", "It is void. Do not use it."],
};
const NO_LONGER = ["它不再有效。", "It is no longer in force."];

// What the page says, from `judge` and what it was given. `t` chooses a language; times are seconds since 1970.
// Gives {tone, eyebrow, title, meaning, host, ages: [[ok, fact, age]], unchecked: [sentence], rules: [[rule, ok, sentence]]}.
export function say(judged, { trust, answer, now }, t) {
  const { findings, entry, list, verdict } = judged;
  const of = Object.fromEntries(findings.map((one) => [one.rule, one]));
  const failed = findings.find((one) => one.ok === false);
  const open = findings.find((one) => one.ok === null && (answer || !["R1", "M1"].includes(one.rule)));
  const isSigned = of.H2.ok === true;
  const said = { ...heading(), ages: [], unchecked: unchecked(), host: failed && failed.host };
  if (isSigned) said.ages = ages();
  said.rules = findings.filter((one) => one.word !== "not-asked").map((one) => [one.rule, one.ok, sentence(one, t)]);
  return { eyebrow: t("查验结论", "What we found"), ...said };

  function heading() {
    if (failed && failed.rule === "V") {
      const word = t(...(failed.word === "expired" ? ["已过有效期", "expired"] : STATUS[failed.status]));
      const after = AFTER[failed.status || "expired"] || NO_LONGER;
      const tone = failed.status === "suspended" ? "wait" : "bad";
      return {
        tone: isSigned ? tone : "bad",
        title: isSigned ? t("真实，但", "Genuine, but ") + word : word,
        meaning: t(...after),
      };
    }
    if (failed) {
      const [title, meaning] = WRONG[failed.word];
      return { tone: failed.word === "broken" ? "wait" : "bad", title: t(...title), meaning: t(...meaning) };
    }
    if (verdict === "INDETERMINATE") {
      const [title, meaning] = OPEN[open.word];
      return { tone: "wait", title: t(...title), meaning: t(...meaning) };
    }
    if (!answer)
      return {
        tone: "wait",
        title: t("真实，清单上有效", "Genuine, in force by the list"),
        meaning: t(
          "没有联网。结论依据手机里的状态清单，其后有无变化不知道。",
          "No network. This rests on the status list in this phone; what happened since is not known.",
        ),
      };
    const isCurrent = isFresh(trust, now);
    return {
      tone: isCurrent ? "good" : "wait",
      title: t("真实，目前有效", "Genuine and in force"),
      meaning: isCurrent
        ? t("二维码是我们签发的，登记簿记载它有效。", "The code is ours, and the register says that it is in force.")
        : t(
            "登记簿记载它有效；但手里的信任清单过期了。",
            "The register says that it is in force, but the trust list at hand is out of date.",
          ),
    };
  }

  function ages() {
    const lines = [
      [
        true,
        t("签名真实", "Signature genuine"),
        t("二维码的数字与本网址、本标识相符", "the digits fit this address and this sid"),
      ],
      [
        isFresh(trust, now),
        t("发证机关已知", "Issuing office known"),
        t(
          `${entry.name.zh}（信任清单：${ago(trust.issuedAt, now, t)}）`,
          `${entry.name.zh} (trust list of ${ago(trust.issuedAt, now, t)})`,
        ),
      ],
    ];
    const isAnswered = answer && answer.sid;
    const at = isAnswered ? now : list ? list.issuedAt : null;
    const asOf = at && t(`截至${moment(at, now, t)}`, `as of ${moment(at, now, t)}`);
    const source = isAnswered
      ? t("登记簿", "the register")
      : t(`状态清单（${ago(at, now, t)}）`, `a status list of ${ago(at, now, t)}`);
    if (of.V.ok) lines.push([true, t("有效", "In force"), t(`${asOf}，查自${source}`, `${asOf}, says ${source}`)]);
    else if (of.V.ok === false && of.V.word === "status")
      lines.push([
        false,
        t("不在有效状态", "Not in force"),
        t(`${STATUS[of.V.status][0]}，${asOf}，查自${source}`, `${STATUS[of.V.status][1]} ${asOf}, says ${source}`),
      ]);
    else if (of.V.ok === false)
      lines.push([
        false,
        t("不在有效期", "Not in force"),
        t("印在纸上的有效期已过", "the period printed on the paper is over"),
      ]);
    else if (at)
      lines.push([
        null,
        t("状态未定", "Status open"),
        t(`手里的状态清单：${ago(at, now, t)}`, `the status list at hand is of ${ago(at, now, t)}`),
      ]);
    else lines.push([null, t("状态未知", "Status unknown"), t("没有联网，没有状态清单", "no network, no status list")]);
    return lines;
  }

  function unchecked() {
    if (failed && failed.rule !== "V") return []; // nothing is left to compare
    const lines = [t("您手中的纸，我们看不到：所以请您比对。", "Your paper, which we cannot see: so please compare.")];
    if (!answer && of.Q1.ok)
      lines.push(
        t(
          "登记簿：没有联网。照片、范围等二维码里没有的内容也没有核对。",
          "The register: no network. What the code does not carry was not checked either.",
        ),
      );
    return lines;
  }
}

// One rule in one sentence, as on the check page.
function sentence({ rule, ok, word, host, status }, t) {
  if (ok) return t(...HELD[rule]);
  if (word === "no-register") return t("没有联网，没有问登记簿。", "The register was not asked: no network.");
  if (word === "host") return t(`网址 ${host} 不在名单上。`, `Host ${host} is not on the list.`);
  if (word === "status") return t(`状态：${STATUS[status][0]}。`, `Status: ${STATUS[status][1]}.`);
  if (word === "expired") return t(...AFTER.expired);
  return t(...(WRONG[word] || OPEN[word])[1]);
}

const HELD = {
  Q1: ["二维码的格式是我们的写法。", "The code is written exactly as ours are."],
  Q2: ["网址在签发系统的名单上。", "The address is one of the issuing service."],
  T1: ["签署的密钥在信任清单上，有权签发这类证照。", "The key is on the trust list, for this kind of document."],
  H2: ["签名与网址、标识和内容相符。", "The signature fits address, sid and content."],
  R1: ["登记簿里有这份证照。", "The register knows this document."],
  M1: ["二维码内容与登记簿一致。", "The code says what the register says."],
  T4: ["密钥没有失密的记录。", "The key is not known to be stolen."],
  V: ["目前有效。", "In force."],
};

export function ago(at, now, t) {
  const minutes = Math.max(0, Math.floor((now - at) / 60));
  if (minutes < 1) return t("刚刚", "a moment ago");
  if (minutes < 60) return t(`${minutes} 分钟前`, `${minutes} min ago`);
  if (minutes < 48 * 60) return t(`${Math.floor(minutes / 60)} 小时前`, `${Math.floor(minutes / 60)} h ago`);
  return t(`${Math.floor(minutes / 1440)} 天前`, `${Math.floor(minutes / 1440)} days ago`);
}

// A moment in Beijing: today 09:12, or with its day.
export function moment(at, now, t) {
  const local = new Date((at + 8 * 3600) * 1000).toISOString();
  const [day, clock] = [local.slice(0, 10), local.slice(11, 16)];
  if (day === new Date((now + 8 * 3600) * 1000).toISOString().slice(0, 10)) return t(`今天 ${clock}`, `today ${clock}`);
  return t(`${Number(day.slice(5, 7))}月${Number(day.slice(8))}日 ${clock}`, `${day} ${clock}`);
}

export const paperDay = (iso, t) =>
  iso ? t(`${iso.slice(0, 4)}年${iso.slice(5, 7)}月${iso.slice(8)}日`, iso) : t("长期", "without end");
