// Exam: transcripts of models, one or several side by side.
import { element, forget, start, status, text, upload } from "./studio.js";

const MOST = 8;

export default function (root) {
  const find = id => root.querySelector(`#exam-${id}`);
  const chosen = []; // {name, label, on, given}: of the package (name) or dropped (given)
  let run = null, transcript = null;

  function say(said, bad = false) { find("status").textContent = said; find("status").classList.toggle("bad", bad); }

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
    const asked = element("div", { class: "card part" }, ...names.map(name => element("p", { class: "small" }, element("strong", { text: name }), ` · ${transcript.settings[name]}`)), ...transcript.notes.map(note => element("p", { class: "notice", lang: "en", text: note })));
    find("tables").replaceChildren(asked, ...transcript.parts.map(part => card(part, names)), ...lost());
  }
  const known = name => { const said = text(`exam.part.${name}`); return said.startsWith("exam.") ? name : said; };

  function card(part, names) {
    const head = element("h2", { id: `exam-part-${part.name}`, tabIndex: -1, text: known(part.name) });
    const tables = part.tables.flatMap(table => [
      element("h3", { lang: "en", text: table.title }), element("p", { class: "quiet small", lang: "en", text: table.about }),
      element("div", { class: "wide", tabIndex: 0, role: "region", "aria-label": table.title }, grid(table, names)),
    ]);
    return element("div", { class: "card part" }, head, element("p", { class: "quiet", lang: "en", text: part.title }), ...tables, ...part.notes.map(note => element("p", { class: "quiet small", lang: "en", text: note })));
  }

  function grid(table, names) {
    const numbers = new Set(table.columns.filter(name => table.rows.some(row => typeof row[name] === "number") && !table.rows.some(row => typeof row[name] === "string")));
    const title = name => (name === "exam" ? text("exam.whose") : name);
    const head = element("tr", {}, ...table.columns.map(name => element("th", { text: title(name), class: numbers.has(name) ? "number" : "", scope: "col" })));
    const rows = table.rows.map(row => {
      const whose = names.indexOf(row.exam), all = row.exam === "all" && whose < 0;
      const own = !all && Object.values(row).slice(1).some(cell => typeof cell === "string" && row.exam.startsWith(cell));
      return element("tr", { class: `${all ? "all" : ""} ${own ? "own" : ""}`, data: { exam: String(whose) } }, ...table.columns.map(name => element("td", { class: numbers.has(name) ? "number" : "", text: all && name === "exam" ? text("exam.all") : cell(row[name]) })));
    });
    return element("table", { lang: "en" }, head, ...rows);
  }
  const cell = value => (value === null || value === undefined ? "–" : typeof value === "number" && !Number.isInteger(value) ? String(+value.toPrecision(4)) : String(value));

  function lost() {
    if (!transcript.failures.length) return [];
    const rows = transcript.failures.map(one => element("tr", {}, ...[one.part, one.model, one.question, one.reason].map(said => element("td", { text: said }))));
    return [element("div", { class: "card part" }, element("h2", { text: text("exam.lost", { count: rows.length }) }), element("div", { class: "wide" }, element("table", {}, ...rows)))];
  }

  document.addEventListener("language", () => { list(); draw(); });
}
