// The page behind a code. The server has answered by the sid alone; this adds what the fragment says, which never
// reaches a server. In airplane mode the same script runs in the shell that the service worker kept.

import { canVerify, t } from "./anchors.js";
import { answerTo, verdict } from "./result.js";

const main = document.getElementById("main");
const given = main.dataset.answer ? JSON.parse(main.dataset.answer) : null;

window.addEventListener("hashchange", () => location.reload());
for (const link of document.querySelectorAll("a.lang")) link.href += location.hash; // or the other language would lose it

const reason = whyNot();
if (reason) tell(reason);
else await check();

function whyNot() {
  if (location.hash.length < 2)
    return t(
      "签名没有核对：网址里没有 # 后面的数字，可能是手工输入的，或被扫码软件去掉了。用手机相机再扫一次。",
      "The signature was not checked: the address has no digits after #. They were left out by whoever typed it, or by the app that scanned. Scan with the phone's camera.",
    );
  if (!canVerify())
    return globalThis.isSecureContext
      ? t("签名没有核对：这个浏览器不会核对签名。", "The signature was not checked: this browser cannot.")
      : t(
          "签名没有核对：这一页不是经 https 打开的，浏览器不许核对签名。",
          "The signature was not checked: the page did not come by https, so the browser does not allow it.",
        );
  return "";
}

// Where the server has answered, its page stays and says what was not checked; the shell has nothing else to say.
function tell(why) {
  const place = document.getElementById("unchecked");
  if (place) place.textContent = why;
  else if (!given)
    main.replaceChildren(
      verdict({
        tone: "wait",
        eyebrow: t("查验结论", "What we found"),
        title: t("没有联网，无法查验", "No network, nothing checked"),
        meaning: why,
      }),
    );
}

async function check() {
  const answer = await answerTo(location.origin + location.pathname + location.hash, given);
  main.replaceChildren(...answer.sections, ...document.querySelectorAll("#next"));
  document.title = `${answer.said.title} · ${document.title.split(" · ").pop()}`;
}
