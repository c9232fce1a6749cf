// Exam: transcripts of models, one or several side by side.
import { room, told, write } from "./rooms.js";
import { element, forget, start, status, text, upload } from "./studio.js";

const MOST = 8;

export default function (root) {
  const find = id => root.querySelector(`#exam-${id}`);
  const chosen = []; // {name, label, on, given}: of the package (name) or dropped (given)
  let run = null, transcript = null;

  function say(said, bad = false) { write(find("status"), said); find("status").classList.toggle("bad", bad); }

  start("exams").on("*", facts => { if (facts.kind === "failed") say(status(facts), true); }).on("exams", facts => {
    for (const { name, model } of facts.exams) chosen.push({ name, label: model, on: true });
    list();
    compare();
  });

  function list() {
    find("list").replaceChildren(...chosen.map((one, k) => {
      const box = element("input", { type: "checkbox", checked: one.on, id: `exam-box-${k}`, oninput: event => { one.on = event.target.checked; compare(); } });
      const away = one.given && element("button", { type: "button", class: "small", text: "✕", onclick: () => { forget(one.given); chosen.splice(k, 1); list(); compare(); } });
      away?.setAttribute("aria-label", text("exam.remove", { name: one.label }));
      return element("span", { class: "row" }, box, element("label", { htmlFor: box.id, text: one.label }), away || null);
    }));
    find("choose").hidden = !chosen.length;
    find("empty").hidden = chosen.some(one => one.on);
  }

  async function add(files) {
    for (const file of files.slice(0, MOST)) {
      say(text("exam.reading", { name: file.name }));
      try {
        chosen.push({ given: await upload(file), label: file.name, on: true });
      } catch (error) { say(`${file.name}: ${error.message}`, true); return; }
    }
    list();
    compare();
  }
  find("files").addEventListener("change", event => { add([...event.target.files]); event.target.value = ""; });
  for (const name of ["dragenter", "dragover"]) root.addEventListener(name, event => { event.preventDefault(); find("drop").classList.add("over"); });
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) find("drop").classList.remove("over"); });
  root.addEventListener("drop", event => { event.preventDefault(); find("drop").classList.remove("over"); add([...event.dataTransfer.files]); });

  function compare() {
    run?.stop();
    const on = chosen.filter(one => one.on);
    find("empty").hidden = on.length > 0;
    if (!on.length) { run = transcript = null; draw(); say(""); return; }
    const mine = (run = start("beside", { names: on.filter(one => one.name).map(one => one.name), files: on.filter(one => one.given).map(one => one.given) }));
    mine.on("*", facts => { if (mine === run && ["failed", "queued"].includes(facts.kind)) say(status(facts), facts.kind === "failed"); })
      .on("beside", facts => { if (mine === run) { transcript = facts.transcript; say(""); draw(); } });
  }

  function draw() {
    find("parts").hidden = !transcript;
    if (!transcript) { find("parts").replaceChildren(); find("tables").replaceChildren(); return; }
    const names = Object.keys(transcript.settings);
    find("parts").replaceChildren(...transcript.parts.map(part => element("button", { type: "button", text: known(part.name), onclick: () => { const head = root.querySelector(`#exam-part-${part.name}`); head.scrollIntoView(); head.focus(); } })));
    const asked = element("div", { class: "card part" }, ...names.map(name => element("p", { class: "small" }, element("strong", { text: name }), ` · ${transcript.settings[name]}`)), ...transcript.notes.map(note => write(element("p", { class: "notice" }), noted(note))));
    find("tables").replaceChildren(asked, ...transcript.parts.map(part => card(part, names)), ...lost());
  }
  const known = name => { const said = text(`exam.part.${name}`); return said.startsWith("exam.") ? name : said; };

  // A note of several exams begins with whose it is.
  function noted(note) {
    const [, whose, rest] = /^(.*?): (.*)$/s.exec(note) ?? [];
    return whose && told(note) === null && told(rest) !== null ? `${whose}: ${told(rest)}` : room(note);
  }

  function card(part, names) {
    const head = element("h2", { id: `exam-part-${part.name}`, tabIndex: -1, text: known(part.name) });
    const tables = part.tables.flatMap(table => [
      write(element("h3"), room(table.title)), write(element("p", { class: "quiet small" }), room(table.about)),
      element("div", { class: "wide", tabIndex: 0, role: "region", "aria-label": plain(room(table.title)) }, grid(table, names)),
    ]);
    return element("div", { class: "card part" }, head, write(element("p", { class: "quiet" }), room(part.title)), ...tables, ...part.notes.map(note => write(element("p", { class: "quiet small" }), noted(note))));
  }
  const plain = said => said.replace(/[\u2068\u2069]/g, "");

  function grid(table, names) {
    const numbers = new Set(table.columns.filter(name => table.rows.some(row => typeof row[name] === "number") && !table.rows.some(row => typeof row[name] === "string")));
    const title = name => (name === "exam" ? text("exam.whose") : room(name));
    const head = element("tr", {}, ...table.columns.map(name => write(element("th", { class: numbers.has(name) ? "number" : "", scope: "col" }), title(name))));
    const rows = table.rows.map(row => {
      const whose = names.indexOf(row.exam), all = row.exam === "all" && whose < 0;
      const own = !all && Object.values(row).slice(1).some(cell => typeof cell === "string" && row.exam.startsWith(cell));
      return element("tr", { class: `${all ? "all" : ""} ${own ? "own" : ""}`, data: { exam: String(whose) } }, ...table.columns.map(name => write(element("td", { class: numbers.has(name) ? "number" : "" }), name !== "exam" ? cell(row[name]) : all ? text("exam.all") : row[name])));
    });
    return element("table", {}, head, ...rows);
  }
  const cell = value => (value === null || value === undefined ? "–" : typeof value === "number" ? String(Number.isInteger(value) ? value : +value.toPrecision(4)) : room(String(value)));

  function lost() {
    if (!transcript.failures.length) return [];
    const rows = transcript.failures.map(one => element("tr", {}, ...[one.part, one.model, one.question, one.reason].map(said => write(element("td"), room(said)))));
    return [element("div", { class: "card part" }, element("h2", { text: text("exam.lost", { count: rows.length }) }), element("div", { class: "wide" }, element("table", {}, ...rows)))];
  }

  document.addEventListener("language", () => { list(); draw(); });
}
