// Library: browse, search by text and by a clip, play, correct captions, mark for training, what it holds.
import { room, write } from "./rooms.js";
import { element, forget, start, status, text, upload } from "./studio.js";

const SPEED = 160; // ms a frame of a thumbnail that plays

export default function (root) {
  const find = id => root.querySelector(`#library-${id}`);
  let shelf = null, like = null, search = null, count = 0, frames = 10, open = null, cards = new Map();

  function say(said, bad = false) { write(find("status"), said); find("status").classList.toggle("bad", bad); }
  const problems = (run, tell = say) => run.on("*", facts => { const said = status(facts); if (said && !["started", "stopped", "loading"].includes(facts.kind)) tell(said, facts.kind === "failed"); }).on("warning", facts => tell(room(facts.text)));

  // ---- what there is

  function look() {
    return problems(start("shelf")).on("shelf", facts => {
      const first = shelf === null;
      shelf = facts;
      words();
      find("empty").hidden = facts.name !== null;
      find("all").hidden = facts.name === null;
      if (facts.name !== null && first) browse();
    }).ended;
  }

  function words() {
    if (!shelf) return;
    find("lead").textContent = shelf.name === null ? text("library.none") : text("library.lead", { name: shelf.name, clips: shelf.facts.clips, marked: shelf.facts.marked });
    if (shelf.name === null) return;
    find("codes").hidden = shelf.codes || !shelf.facts.clips;
    const rows = Object.entries(shelf.facts).filter(([name]) => !["kind", "path"].includes(name));
    find("facts").replaceChildren(...rows.map(([name, value]) => element("tr", {}, element("th", { text: known(text(`library.fact.${name}`), name.replaceAll("_", " ")) }), element("td", { text: plain(value) }))));
    mention();
    for (const card of cards.values()) card.words();
    if (count === 0 && shelf.facts.clips === 0) say(text("library.nothing"));
  }
  const known = (said, usual) => (said.startsWith("library.") ? usual : said);
  function plain(value) {
    if (value === null || value === undefined) return "–";
    if (Array.isArray(value)) return value.join(", ") || "–";
    if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name}: ${plain(one)}`).join(", ") || "–";
    return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value);
  }

  // ---- search

  function browse(first = 0) {
    search?.stop();
    if (!first) { cards = new Map(); find("cards").replaceChildren(); }
    find("more").hidden = true;
    mention();
    const mine = (search = start("browse", { text: like ? "" : find("text").value, like: like && (like.key ?? like.given), where: find("where").value, marked: find("marked").checked, first }));
    say(text("library.searching"));
    let warned = false;
    problems(mine, (said, bad) => { warned = true; say(said, bad); })
      .on("found", facts => { count = facts.count; frames = facts.frames; })
      .on("card", (facts, bytes) => { if (mine === search) find("cards").append(card(facts, bytes)); });
    mine.ended.then(facts => {
      if (mine !== search || facts.kind !== "done") return;
      find("more").hidden = cards.size >= count;
      if (!warned) say(count ? text("library.found", { shown: cards.size, count }) : text("library.nothing"));
    });
  }
  // ---- what the clips are to be like: null, {key} of one of them, or {given, name} of one that was uploaded

  function wanted(other) {
    if (like?.given) forget(like.given);
    like = other;
    browse();
  }
  function mention() {
    find("like").hidden = !like;
    if (like) find("like-told").textContent = like.key ? text("library.like", { key: like.key }) : text("library.like.own", { name: like.name });
  }
  async function give(file) {
    if (!encoded()) return;
    say(text("library.uploading", { name: file.name }));
    try { wanted({ given: await upload(file), name: file.name }); } catch (error) { say(`${file.name}: ${error.message}`, true); }
  }
  find("file").addEventListener("change", event => { if (event.target.files[0]) give(event.target.files[0]); event.target.value = ""; });
  for (const name of ["dragenter", "dragover"]) root.addEventListener(name, event => { event.preventDefault(); find("drop").classList.add("over"); });
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) find("drop").classList.remove("over"); });
  root.addEventListener("drop", event => { event.preventDefault(); find("drop").classList.remove("over"); if (event.dataTransfer.files[0]) give(event.dataTransfer.files[0]); });

  find("form").addEventListener("submit", event => { event.preventDefault(); wanted(null); });
  find("marked").addEventListener("input", () => browse());
  find("reset").addEventListener("click", () => { find("text").value = find("where").value = ""; find("marked").checked = false; wanted(null); });
  find("unlike").addEventListener("click", () => wanted(null));
  find("more").addEventListener("click", () => { const before = cards.size; browse(before); search.ended.then(() => [...cards.values()][before]?.focus()); });

  function card(facts, bytes) {
    const strip = element("div", { class: "strip" });
    if (bytes?.length) {
      strip.style.backgroundImage = `url(${URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }))})`;
      strip.style.backgroundSize = `${100 * frames}% 100%`;
    }
    let at = 0, timer = 0;
    const move = to => { at = to % frames; strip.style.backgroundPositionX = `${(100 * at) / (frames - 1)}%`; };
    const told = element("p", { class: "told" }), line = element("span", { class: "quiet small" });
    const opening = element("button", { type: "button", class: "open", onclick: () => show(facts.key) }, strip, told);
    const play = on => { clearInterval(timer); if (on && !matchMedia("(prefers-reduced-motion: reduce)").matches) timer = setInterval(() => move(at + 1), SPEED); else move(0); };
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) opening.addEventListener(event, () => play(on));
    const marking = element("button", { type: "button", onclick: () => mark(facts.key, !facts.marked) });
    const near = element("button", { type: "button", onclick: () => alike(facts.key) });
    const made = element("li", { data: { key: facts.key } }, opening, line, element("div", { class: "row" }, marking, near));
    const words = () => {
      told.textContent = facts.caption || text("library.uncaptioned");
      told.lang = /[\u4e00-\u9fff]/.test(facts.caption) ? "zh" : "en";
      const value = facts.value === null ? "" : like ? ` · ${text("library.away", { value: facts.value.toFixed(2) })}` : ` · ${Math.round(100 * facts.value)} %`;
      write(line, facts.broken ? room(facts.broken) : `${facts.world ?? facts.source} · ${(facts.time / facts.fps).toFixed(1)} s · ${facts.split}${facts.twin ? ` · ${text("library.twin", { twin: facts.twin })}` : ""}${value}`);
      marking.textContent = facts.marked ? text("library.unmark") : text("library.mark");
      marking.setAttribute("aria-pressed", String(facts.marked));
      near.textContent = text("library.near");
      made.classList.toggle("marked", facts.marked);
    };
    words();
    cards.set(facts.key, { facts, words, focus: () => opening.focus() });
    return made;
  }

  // ---- one clip

  function show(key) {
    const { facts } = cards.get(key);
    open?.run?.stop(); open?.run?.forget();
    find("key").textContent = key;
    find("caption").value = facts.caption;
    find("video").removeAttribute("src"); find("video").load();
    find("clip-facts").replaceChildren();
    const doing = (said, bad = false) => { write(find("doing"), said); find("doing").classList.toggle("bad", bad); };
    doing(text("library.reading"));
    const run = problems(start("clip", { key }), doing).on("clip", found => {
      doing("");
      find("video").src = run.file(found.file);
      find("video").play().catch(() => {});
      const told = { frames: found.frames, fps: found.fps, size: found.size.join(" × "), split: facts.split, source: facts.source, ...found.facts, actions: found.actions.join(", ") || "–", ...found.made };
      find("clip-facts").replaceChildren(...Object.entries(told).map(([name, value]) => element("tr", {}, element("th", { text: known(text(`library.fact.${name}`), name.replaceAll("_", " ")) }), element("td", { text: plain(value) }))));
    });
    open = { key, run };
    buttons();
    find("dialog").showModal();
  }
  function buttons() {
    if (!open) return;
    const { facts } = cards.get(open.key) ?? { facts: { marked: false } };
    find("mark").textContent = facts.marked ? text("library.unmark") : text("library.mark");
    find("mark").setAttribute("aria-pressed", String(facts.marked));
  }
  find("dialog").addEventListener("close", () => { find("video").pause(); open?.run.stop(); cards.get(open?.key)?.focus(); });
  find("mark").addEventListener("click", () => mark(open.key, !cards.get(open.key).facts.marked));
  find("near").addEventListener("click", () => { const { key } = open; find("dialog").close(); alike(key); });
  find("correct").addEventListener("click", () => {
    const { key } = open, doing = (said, bad = false) => { write(find("doing"), said); find("doing").classList.toggle("bad", bad); };
    problems(start("correct", { key, caption: find("caption").value }), doing).on("corrected", facts => {
      const card = cards.get(key);
      if (card) { card.facts.caption = facts.caption; card.words(); }
      doing(text("library.corrected"));
    });
  });

  function mark(key, marked) {
    problems(start("mark", { keys: [key], marked })).on("marked", facts => {
      const card = cards.get(key);
      if (card) { card.facts.marked = marked; card.words(); }
      shelf.facts.marked = facts.count;
      words(); buttons();
      say(text("library.marks", { count: facts.count }));
    });
  }

  function alike(key) {
    if (!encoded()) return;
    wanted({ key });
    find("like").scrollIntoView({ block: "nearest" });
  }

  // ---- scene codes

  function encoded() {
    if (!shelf.codes) { say(text("library.codes"), true); find("encode").focus(); }
    return shelf.codes;
  }

  find("encode").addEventListener("click", () => {
    const run = problems(start("encode")).on("progress", facts => { find("encoding").hidden = false; find("encoding").value = facts.done / Math.max(1, facts.count); });
    find("encode").disabled = true; find("encode-stop").hidden = false;
    find("encode-stop").onclick = () => run.stop();
    run.ended.then(async () => { find("encode").disabled = false; find("encode-stop").hidden = find("encoding").hidden = true; await look(); });
  });

  document.addEventListener("language", words);
  look();
  return { shown: () => { if (shelf?.name) look(); } };
}
