// Judge: videos that are dropped, one after the other through the audit; any two side by side.

import { lawName, percent, verdict, view } from "./report.js";
import { write } from "./rooms.js";
import { element, forget, start, status, text, upload } from "./studio.js";

const SUFFIXES = /\.(mp4|m4v|mov|webm|mkv|avi|gif|apng|ts|mts|mpg|mpeg|wmv|asf|flv|ogv|ogg|mxf|y4m|3gp)$/i;
const MOST = 500; // videos in the list
const SHOWN = 120; // seconds that the audit's page shows

export default function (root) {
  const find = id => root.querySelector(`#judge-${id}`);
  const videos = []; // {file, name, state, line(), report, run, files, chosen}
  let going = null, shown = null, ranked = false;

  // ---- what is given
  async function inside(entry, path = "") {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(file => resolve({ file, name: path + file.name }), reject))];
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      for (const one of some) if (found.length < MOST) found.push(...(await inside(one, `${path}${entry.name}/`)));
    }
    return found;
  }
  function add(given) {
    const taken = given.filter(({ file }) => file.type.startsWith("video/") || SUFFIXES.test(file.name)).slice(0, MOST - videos.length);
    const left = given.length - taken.length;
    find("status").textContent = taken.length ? (left ? text("judge.left", { count: left }) : "") : text("judge.novideo");
    for (const { file, name } of taken) videos.push({ file, name, state: "waiting", report: null, chosen: false });
    list();
    if (taken.length && shown === null) open(videos[videos.length - taken.length]);
    next();
  }
  for (const id of ["files", "folder"]) find(id).addEventListener("change", event => {
    add([...event.target.files].map(file => ({ file, name: file.webkitRelativePath || file.name })));
    event.target.value = "";
  });
  for (const name of ["dragenter", "dragover"]) root.addEventListener(name, event => { event.preventDefault(); find("drop").classList.add("over"); });
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) find("drop").classList.remove("over"); });
  root.addEventListener("drop", async event => {
    event.preventDefault();
    find("drop").classList.remove("over");
    const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = entries.length ? (await Promise.all(entries.map(entry => inside(entry)))).flat() : [...event.dataTransfer.files].map(file => ({ file, name: file.name }));
    add(files);
  });

  // ---- one after the other
  async function next() {
    if (going) return;
    const one = videos.find(video => video.state === "waiting");
    find("stop").disabled = !one;
    if (!one) return;
    const quit = new AbortController();
    going = { stop: () => quit.abort() };
    say(one, "uploading", () => text("judge.uploading", { share: 0 }));
    let name = null;
    try {
      name = await upload(one.file, share => say(one, "uploading", () => text("judge.uploading", { share: Math.round(100 * share) })), quit.signal);
      if (quit.signal.aborted) throw new Error(text("frame.stopped"));
      say(one, "looking", () => text("judge.looking"));
      one.run = start("judge", { video: name, name: one.name })
        .on("*", facts => { if (status(facts) && facts.kind !== "started") say(one, one.state, () => status(facts)); })
        .on("so_far", facts => { one.report = facts.report; say(one, "looking", () => text("judge.sofar", { seconds: facts.report.seconds.toFixed(1) })); if (shown === one) show(); })
        .on("report", facts => { one.report = facts.report; one.files = facts.files; });
      going = one.run;
      const ended = await one.run.ended;
      if (ended.kind === "done") say(one, "done", null);
      else say(one, ended.kind, () => status(ended));
    } catch (error) {
      say(one, "failed", () => error.message);
    }
    forget(name);
    going = null;
    if (shown === one || pair().includes(one)) show();
    next();
  }
  find("stop").addEventListener("click", () => {
    for (const one of videos) if (one.state === "waiting") say(one, "stopped", () => text("frame.stopped"));
    going?.stop();
  });
  find("rank").addEventListener("click", () => { ranked = !ranked; find("rank").setAttribute("aria-pressed", String(ranked)); list(); });

  function say(one, state, line) {
    const other = state !== one.state;
    [one.state, one.line] = [state, line];
    list();
    if (shown !== one || state === "done" || pair().length === 2) return;
    if (other) show();
    else mention(one);
  }

  // ---- the list
  function list() {
    find("all").hidden = !videos.length;
    find("empty").hidden = Boolean(videos.length);
    const held = document.activeElement?.dataset?.place;
    const score = one => (one.state === "done" ? one.report.score : 2);
    const sorted = ranked ? [...videos].sort((a, b) => score(a) - score(b)) : videos;
    find("videos").replaceChildren(...sorted.map(one => {
      const place = videos.indexOf(one);
      const box = element("input", { type: "checkbox", checked: one.chosen, disabled: one.state !== "done", data: { place: `box-${place}` }, oninput: event => choose(one, event.target.checked) });
      box.setAttribute("aria-label", text("judge.choose", { name: one.name }));
      const told = one.state === "done" ? element("span", { class: "row" }, verdict(one.report), element("span", { class: "small", text: one.report.score.toFixed(2) })) : write(element("span", { class: `small ${one.state === "failed" ? "bad" : "quiet"}` }), doing(one));
      const button = element("button", { type: "button", class: "open", data: { place: `open-${place}` }, onclick: () => open(one) }, element("span", { text: one.name }), told);
      button.setAttribute("aria-pressed", String(shown === one && pair().length < 2));
      return element("li", {}, box, button);
    }));
    if (held) find("videos").querySelector(`[data-place="${held}"]`)?.focus();
  }
  const pair = () => videos.filter(one => one.chosen);
  function choose(one, wanted) {
    const before = pair();
    if (wanted && before.length === 2) before[0].chosen = false;
    one.chosen = wanted;
    if (!wanted || pair().length === 1) shown = one;
    list();
    show();
  }
  function open(one) {
    for (const other of videos) other.chosen = false;
    shown = one;
    list();
    show();
  }

  // ---- what is shown: one report, or two side by side
  function address(one) {
    if (one.files) return one.run.file(one.files.clip);
    one.address ??= URL.createObjectURL(one.file);
    return one.address;
  }
  const doing = one => one.line?.() ?? text("judge.waiting");
  function mention(one) { const line = find("shown").querySelector(".line"); if (line) write(line, doing(one)); }
  function card(one) {
    const name = element("h2", { class: "name", text: one.name });
    if (!one.report) {
      const preview = one.state === "failed" ? null : element("video", { src: address(one), controls: true, muted: true, playsInline: true });
      const stage = preview && element("div", { class: "stage" }, preview);
      preview?.addEventListener("error", () => stage.remove(), { once: true });
      const busy = ["looking", "uploading"].includes(one.state) ? element("progress", { "aria-label": text("judge.looking") }) : null;
      return { root: element("div", { class: "card" }, name, stage, busy, write(element("p", { class: `line ${one.state === "failed" ? "bad" : "quiet"}` }), doing(one))) };
    }
    const page = one.files ? element("p", { class: "small" }, element("a", { href: one.run.file(one.files.audit), target: "_blank", rel: "noopener", text: text("frame.report.page") }), one.report.seconds > SHOWN ? element("span", { class: "quiet", text: ` · ${text("judge.first", { seconds: SHOWN })}` }) : null) : null;
    const shownHere = view(one.report, address(one), { small: Math.max(one.report.width, one.report.height) <= 160, note: page });
    const line = one.state === "done" ? null : write(element("p", { class: "line quiet" }), doing(one));
    return { root: element("div", { class: "card" }, name, line, one.state === "looking" ? element("progress", { "aria-label": text("judge.looking") }) : null, shownHere.root), video: shownHere.video };
  }
  function show() {
    const two = pair();
    if (two.length === 2) return sideBySide(two);
    const one = two[0] ?? shown;
    find("shown").replaceChildren(...(one ? [card(one).root] : []));
  }
  function sideBySide(two) {
    const [a, b] = two.map(one => one.report), cards = two.map(card);
    const worse = a.score === b.score ? null : a.score < b.score ? 0 : 1;
    const said = worse === null ? text("judge.same", { score: a.score.toFixed(2) }) : text("judge.less", { name: two[worse].name, score: two[worse].report.score.toFixed(2), other: two[1 - worse].report.score.toFixed(2) });
    const rows = Object.keys(a.checked).filter(law => law in b.checked).map(law => element("tr", {}, element("th", { text: lawName(law) }), ...[a, b].map((report, k) => element("td", { class: report.checked[law] > [b, a][k].checked[law] + 0.01 ? "worse" : "", text: percent(report.checked[law]) }))));
    const head = element("tr", {}, element("th"), ...two.map(one => element("th", { text: one.name })));
    const both = element("button", { type: "button", text: text("judge.both"), onclick: () => { for (const { video } of cards) { video.currentTime = 0; video.play(); } } });
    find("shown").replaceChildren(element("div", { class: "card" }, element("p", { text: said }), element("div", { class: "wide" }, element("table", { class: "pair" }, head, ...rows)), both), element("div", { class: "columns" }, ...cards.map(one => one.root)));
  }
  document.addEventListener("language", () => { list(); show(); });
}
