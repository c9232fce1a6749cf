// The frame of the studio: its pages, texts, theme, and the websocket over which runs are asked for.
//
// A page is NAME.html (a fragment) and NAME.js, whose default export is called once with (root, studio) when the page is
// first opened; it may return {shown(), hidden()}. `studio` is what this file exports.

import { learn, room } from "./rooms.js";

export const PAGES = ["make", "play", "folds", "judge", "library", "exam"];
const LANGUAGES = ["en", "zh"];
const find = id => document.getElementById(id);

// ---- texts: every text of the pages, by key "page.key"; {name} in it is a place for a value

let texts = {};
export let language = "en";

export function text(key, values = {}) {
  const found = texts[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  for (const element of root.querySelectorAll("[data-title]")) element.title = text(element.dataset.title);
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = text(element.dataset.placeholder);
}

async function read(name) {
  const rooms = name === "en" ? {} : fetch(`/texts/rooms.${name}.json`).then(answer => answer.json());
  const parts = await Promise.all(["frame", ...PAGES].map(page => fetch(`/texts/${page}.${name}.json`)));
  texts = Object.assign({}, ...(await Promise.all(parts.map(part => (part.ok ? part.json() : {})))));
  learn(await rooms);
  language = name;
  document.documentElement.lang = name === "zh" ? "zh-Hans" : name;
  translate(document);
  document.dispatchEvent(new Event("language")); // pages write anew what they wrote themselves
}

// ---- small helpers that pages share

export function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") made.textContent = value;
    else if (key === "class") made.className = value;
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list" && key !== "form") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) key === "text" ? (made.textContent = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const seconds = value => `${(+value).toFixed(value < 100 ? 2 : 0)} s`;

// ---- the websocket and its runs

let socket = null, tab = "", opened = null;
const runs = new Map();

function connect() {
  opened = new Promise(resolve => {
    socket = new WebSocket(`ws://${location.host}/runs`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", event => {
      const [facts, bytes] = typeof event.data === "string" ? [JSON.parse(event.data), null] : parted(event.data);
      if (facts.kind === "tab") { tab = facts.tab; find("lost").hidden = true; resolve(); } else runs.get(facts.run)?.hear(facts, bytes);
    });
    socket.addEventListener("close", () => {
      tab = "";
      find("lost").hidden = false;
      for (const run of [...runs.values()]) run.hear({ kind: "failed", text: text("frame.ended") }, null);
    });
  });
}

function parted(data) {
  const all = new Uint8Array(data), end = all.indexOf(10);
  return [JSON.parse(new TextDecoder().decode(all.subarray(0, end))), all.subarray(end + 1)];
}

// A run: on("KIND", (facts, bytes) => ...) hears what its job says ("*": everything); `ended` resolves with the last.
class Run {
  constructor(name) {
    this.name = name;
    this.going = true;
    this.listeners = [];
    this.ended = new Promise(resolve => (this.resolve = resolve));
  }
  on(kind, heard) { this.listeners.push([kind, heard]); return this; }
  hear(facts, bytes) {
    for (const [kind, heard] of this.listeners) if (kind === facts.kind || kind === "*") heard(facts, bytes);
    if (["done", "stopped", "failed"].includes(facts.kind)) { this.going = false; runs.delete(this.name); this.resolve(facts); }
  }
  stop() { if (this.going) send({ do: "stop", run: this.name }); }
  tell(data) { if (this.going) send({ do: "tell", run: this.name, data }); }
  file(name) { return `/files/${tab}/${this.name}/${name}`; } // that the job made, once it says so
  forget() { send({ do: "forget", run: this.name }); } // its files
}

const send = message => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };

let count = 0;
export function start(job, args = {}) {
  const run = new Run(`${job}-${++count}-${Math.random().toString(36).slice(2, 8)}`);
  runs.set(run.name, run);
  if (socket.readyState > WebSocket.OPEN) setTimeout(() => run.hear({ kind: "failed", text: text("frame.ended") }, null));
  else opened.then(() => send({ do: "start", run: run.name, job, arguments: args }));
  return run;
}

// Uploads a File; gives {upload: NAME} for the arguments of a run. progress(share) from 0 to 1; throws Error(text).
export async function upload(file, progress = () => {}, signal = null) {
  await opened;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/uploads");
    request.setRequestHeader("X-Tab", tab);
    request.responseType = "json";
    request.upload.addEventListener("progress", event => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => (request.status === 200 ? resolve({ upload: request.response.upload }) : reject(new Error(request.response?.text ? room(request.response.text) : text("frame.refused")))));
    request.addEventListener("error", () => reject(new Error(text("frame.refused"))));
    request.addEventListener("abort", () => reject(new Error(text("frame.stopped"))));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
export const forget = given => given && send({ do: "forget", upload: given.upload });

// What a run is doing, in words, for a status line: call with everything that it says.
export function status(facts) {
  if (facts.kind === "queued" && facts.loading) return text("frame.loading");
  if (facts.kind === "queued") return text("frame.queued", { place: facts.place });
  if (facts.kind === "started") return text("frame.started");
  if (facts.kind === "loading") return text("frame.loading");
  if (facts.kind === "stopped") return text("frame.stopped");
  if (facts.kind === "failed") return text("frame.failed", { why: room(facts.text) });
  return null;
}

// ---- pages, theme, language

const shown = new Map();
let current = null;

async function open() {
  const wanted = location.hash.slice(1).split("/")[0];
  if (wanted === "content") return find("content").focus();
  const name = PAGES.includes(wanted) ? wanted : PAGES[0];
  if (name === current) return;
  if (current) shown.get(current)?.page?.hidden?.();
  current = name;
  if (!shown.has(name)) {
    const root = element("section", { class: "page", id: `page-${name}` });
    shown.set(name, { root });
    find("content").append(root);
    for (const [other, page] of shown) page.root.hidden = other !== name;
    const answer = await fetch(`/pages/${name}.html`);
    root.innerHTML = await answer.text(); // a file of the studio's own
    translate(root);
    const module = await import(`/pages/${name}.js`);
    shown.get(name).page = (await module.default(root)) ?? {};
    root.dataset.ready = "yes"; // for who drives the page: it hears from here on
  }
  for (const [other, { root }] of shown) root.hidden = other !== current;
  for (const link of find("pages").children) link.setAttribute("aria-current", link.dataset.page === current ? "page" : "false");
  document.title = `${text(`frame.${current}`)} · CuspWorld`;
  if (current === name) shown.get(name).page?.shown?.();
}

function kept(name, usual) { try { return localStorage.getItem(name) ?? usual; } catch { return usual; } }
function keep(name, value) { try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ } }

function theme(name) { document.documentElement.dataset.theme = name; }

async function begin() {
  theme(kept("theme", "auto"));
  find("theme").value = kept("theme", "auto");
  find("theme").addEventListener("input", event => { keep("theme", event.target.value); theme(event.target.value); });
  for (const name of PAGES) find("pages").append(element("a", { href: `#${name}`, data: { page: name, text: `frame.${name}` } }));
  find("again").addEventListener("click", () => location.reload());
  connect();
  const usual = navigator.language.startsWith("zh") ? "zh" : "en";
  const chosen = kept("language", usual);
  await read(LANGUAGES.includes(chosen) ? chosen : usual);
  find("language").value = language;
  find("language").addEventListener("input", async event => { keep("language", event.target.value); await read(event.target.value); document.title = `${text(`frame.${current}`)} · CuspWorld`; });
  addEventListener("hashchange", open);
  await open();
}

begin();
