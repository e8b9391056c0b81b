// Judges one text with everything that can be had, and builds the sections of the answer.
// All that comes from a code or from the register is set as text, never as markup.

import { kinds, mayBeLost, register, statusList, t, trustList } from "./anchors.js";
import { isoDay, judge } from "./judge.js";
import { decode } from "./qrtext.js";
import { paperDay, say } from "./sentences.js";

const SKEW_S = 300;

// 1 trust list and register at once → 2 the status list where no register answers → 3 judge; what the signature vouches
// for and the register does not know is asked about once more, since it may have lost it → 4 words → 5 sections.
// `given`: what the register already said of the sid, where the page brought it along. Gives {said, judged, sections}.
export async function answerTo(text, given = null) {
  const scanned = readable(text);
  const [trust, answer] = await Promise.all([trustList(), given || (scanned && register(scanned.sid))]);
  const clock = Math.floor(Date.now() / 1000);
  const now = answer && answer.as_of ? Math.floor(Date.parse(answer.as_of) / 1000) : clock;
  const known = { trust, answer, now, lists: new Map(), isLost: false };
  if (trust && scanned && !answer) {
    const list = await statusList(scanned.facts.shard, trust);
    if (list) known.lists.set(list.shard, list);
  }
  let judged = await judge(text, known);
  if (judged.findings.every((one) => one.ok !== false || one.word === "unknown") && answer) {
    known.isLost = !answer.sid && (await mayBeLost(text));
    judged = await judge(text, known);
  }
  const said = say(judged, known, t);
  if (Math.abs(now - clock) > SKEW_S)
    said.unchecked.push(
      t("这部手机的时间不准，结论按服务器的时间。", "This phone's clock is off; the server's was used."),
    );
  const isGenuine = judged.findings.every((one) => one.ok !== false || one.rule === "V") && judged.entry;
  if (!isGenuine) return { said, judged, sections: [verdict(said), scope(said)] };
  const facts = await sheet(judged, answer && answer.sid ? answer : null);
  return { said, judged, sections: [...specimen(judged.entry), verdict(said), facts, scope(said)] };
}

function readable(text) {
  try {
    return decode(text);
  } catch {
    return null;
  }
}

export function verdict({ tone, eyebrow, title, meaning, host, ages }) {
  const section = make("section", { className: `verdict ${tone}`, id: "told" });
  section.setAttribute("aria-labelledby", "verdict");
  section.append(
    make("p", { className: "eyebrow" }, eyebrow),
    make("h1", { id: "verdict", tabIndex: -1 }, ...phrases(title)),
  );
  if (host) section.append(make("p", { className: "foreign" }, host));
  section.append(make("p", {}, meaning));
  if (ages && ages.length) section.append(make("ul", { className: "ages" }, ...ages.map(age)));
  return section;
}

// A title breaks after its comma or nowhere: "目前有 / 效" is not how one reads.
function phrases(title) {
  return title.match(/[^，]+，?/g).map((phrase) => make("span", {}, phrase));
}

// First of all, since no word behind it counts: what was signed with a key for trying things out.
function specimen({ isSpecimen }) {
  const words = t(
    " 用测试密钥签发，没有法律效力。",
    " Issued with a key for trying things out. It has no legal effect.",
  );
  return isSpecimen ? [make("p", { className: "specimen" }, make("b", {}, t("样本", "Specimen")), words)] : [];
}

function age([ok, fact, since]) {
  return make(
    "li",
    { className: ok ? "holds" : ok === null ? "unknown" : "fails" },
    make("b", {}, fact),
    make("span", {}, since),
  );
}

function scope({ unchecked, rules }) {
  const words = { true: t("通过", "passed"), false: t("未通过", "failed"), null: t("未能查", "unknown") };
  const classes = { true: "holds", false: "fails", null: "unknown" };
  const items = unchecked.map((line) =>
    make("li", { className: "not" }, make("b", {}, t("没有查", "Not checked")), make("span", {}, line)),
  );
  const lines = rules.map(([, ok, line]) =>
    make("li", { className: classes[ok] }, make("b", {}, words[ok]), make("span", {}, line)),
  );
  const fold = make(
    "details",
    { className: "rules" },
    make("summary", {}, t("逐项结果", "Rule by rule")),
    make("ol", {}, ...lines),
  );
  const heading = make("h2", {}, t("这一页查了什么", "What this page checked"));
  const list = items.length ? [make("ul", {}, ...items)] : [];
  return make("section", { className: "scope", id: "scope" }, heading, ...list, fold);
}

// The facts to compare, in the order of the paper: the register's where it answered, else those the code signs.
async function sheet({ scanned, entry }, known) {
  const [title, copy, facts] = known ? registered(known) : await attested(scanned, entry);
  const heading = make(
    "h2",
    { className: "paper" },
    title,
    ...(copy ? [make("span", { className: "copy" }, copy)] : []),
  );
  const list = make("dl", { className: "facts" }, ...facts.map(fact));
  return make(
    "section",
    { className: "compare", id: "compare" },
    make("h2", { className: "ask" }, t("请逐项比对", "Now compare")),
    make(
      "p",
      {},
      t(
        "下面的内容应与您手中的证照完全一样。有一处不同，就不要相信那张纸。",
        "What follows must be exactly what your paper says. If one line differs, do not trust the paper.",
      ),
    ),
    make("div", { className: "sheet" }, heading, list),
  );
}

function registered(known) {
  const facts = [
    [["编号", "Number"], known.number],
    ...known.public.map(({ label, value }) => [[label.zh, label.en], value]),
    [["发证机关", "Authority"], known.authority],
    [["签发日期", "Issued on"], paperDay(known.issued_on, t)],
    [["有效期至", "Valid until"], paperDay(known.valid_until, t)],
    [["证照标识", "Sid"], grouped(known.sid)],
  ];
  return [t(known.title.zh, known.title.en), t(known.copy.zh, known.copy.en), facts];
}

async function attested({ facts, sid }, entry) {
  const kind = (await kinds())[facts.kind] || {};
  const label = (one, zh, en) => (one ? [one.zh, one.en] : [zh, en]);
  const until = facts.validUntil === null ? null : isoDay(facts.validUntil);
  const lines = [
    [["编号", "Number"], facts.number],
    [label(kind.holder, "持证人", "Holder"), facts.holder],
    ...(facts.uscc ? [[label(kind.code, "统一社会信用代码", "Unified social credit code"), facts.uscc]] : []),
    [["发证机关", "Authority"], entry.name.zh],
    [["签发日期", "Issued on"], paperDay(isoDay(facts.issuedOn), t)],
    [["有效期至", "Valid until"], paperDay(until, t)],
    [["证照标识", "Sid"], grouped(sid)],
  ];
  return [kind.title ? t(kind.title.zh, kind.title.en) : facts.kind, "", lines];
}

function fact([[zh, en], value]) {
  const term = make("dt", {}, t(zh, en));
  if (t(false, true)) term.append(" ", make("span", { className: "zh", lang: "zh-CN" }, zh));
  const pieces = /^[0-9A-Z*]{10,}$/.test(value) ? value.match(/.{1,4}/g) : [value]; // fours are easier to compare
  const detail = make(
    "dd",
    { className: pieces.length > 1 ? "code" : "" },
    ...pieces.map((piece) => make("span", {}, piece)),
  );
  return make("div", {}, term, detail);
}

const grouped = (sid) => sid.match(/.{4}/g).join(" ");

export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
