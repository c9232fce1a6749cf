// Play: a world that a hand moves, true and learned side by side, with a light that says where the learned one is unsure.
import { room, write } from "./rooms.js";
import { drawing, element, start, status, text } from "./studio.js";

const find = id => document.getElementById(`play-${id}`);
const KEYS = [["ArrowLeft", "ArrowRight"], ["ArrowDown", "ArrowUp"], ["a", "d"], ["s", "w"], ["q", "e"]];
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowDown: "↓", ArrowUp: "↑" };
const PAST = 120; // frames of the trust that are drawn
const SURE = 0.5, LOST = 0.2;
const LASTING = 40; // waits that the 95th percentile is of

let run = null, ready = null, worlds = [], canSave = false;
let acts = 0, held = [], base = [], pressed = new Map();
let past = [], arrivals = [], sent = new Map(), waits = [], paused = false, hiddenPause = false, last = null;

const known = (said, usual) => (said.startsWith("play.") ? usual : said); // worlds of other people have no texts here
const nameOf = world => known(text(`play.name.${world}`), world);
const sceneOf = world => known(text(`play.scene.${world.name}`), world.scene);
const actionOf = name => known(text(`play.action.${name}`), name.replaceAll("_", " "));
const eventOf = name => known(text(`play.event.${name.replaceAll(" ", "-")}`), name);
const chosen = () => worlds.find(world => world.name === find("world").value);
const tell = data => run?.tell(data);

// ---- which world

function listWorlds() {
  const was = find("world").value || "Juice";
  find("world").replaceChildren(...worlds.map(world => element("option", { value: world.name, text: nameOf(world.name) + (world.learned ? ` ${text("play.also")}` : "") })));
  find("world").value = worlds.some(world => world.name === was) ? was : worlds[0]?.name;
  describe();
}

function describe() {
  const world = chosen();
  if (!world) return;
  find("scene").textContent = sceneOf(world);
  find("none").hidden = world.learned;
  find("none-told").textContent = text("play.none", { world: nameOf(world.name) });
  find("teach").textContent = `cusp record ${world.name} -n 1500 --size 64 --actions random -o clips.lance\ncusp train clips.lance -o run --dynamics\ncusp studio --learned run/model`;
}

// ---- a run

function begin() {
  if (run?.going) run.stop();
  reset();
  find("begin").disabled = true;
  const world = chosen();
  const mine = (run = start("play", { world: world.name, seed: +find("seed").value || 0, size: +find("size").value, rate: +find("rate").value }));
  mine.on("*", facts => { const said = mine === run && status(facts); if (said) say(said, facts.kind === "failed"); });
  mine.on("ready", facts => { if (mine === run) { ready = facts; prepare(); } });
  mine.on("moment", (facts, bytes) => { if (mine === run) show(facts, bytes); });
  mine.on("refused", facts => say(room(facts.text), true));
  mine.on("saving", () => say(text("play.saving")));
  mine.on("saved", facts => say(facts.present ? text("play.saved.before") : text("play.saved", { frames: facts.frames, caption: facts.caption })));
  mine.on("long", facts => { pause(true); say(text("play.long", { frames: facts.frames })); });
  mine.ended.then(facts => {
    if (mine !== run) return;
    find("begin").disabled = false;
    if (facts.kind === "done") say(text("play.idle"));
    release(); run = null; controls();
  });
}

function say(said, bad = false) { write(find("status"), said); find("status").classList.toggle("bad", bad); }

function reset() {
  past = []; arrivals = []; waits = []; sent.clear(); pressed.clear(); last = null; paused = false;
  find("events").textContent = "";
  Object.assign(find("stage").dataset, { step: 0, time: 0, waits: "[]", trust: "", by: "" });
}

function prepare() {
  find("begin").disabled = false;
  find("stage").hidden = false; find("empty").hidden = true;
  find("right").hidden = !ready.learned; find("trust").hidden = !ready.learned; find("hand").hidden = !ready.learned;
  for (const option of document.getElementsByName("play-least")) { option.disabled = option.value !== "0" && !ready.hands_over; option.checked = option.value === "0"; }
  base = ready.actions.map(() => 0); held = ready.actions.map(() => 0);
  sliders(); controls(); words();
  say("");
  find("pictures").focus({ preventScroll: true });
}

function words() { // what this file wrote itself, in the language of now
  listWorlds();
  if (!ready) return;
  find("hand-told").textContent = ready.hands_over ? text("play.hand.told") : text("play.hand.cannot", { world: nameOf(ready.world) });
  sliders(); numbers(); if (last) trust(last);
}

function controls() {
  const going = !!run?.going;
  for (const name of ["pause", "frame", "anew", "next", "save", "end", "look"]) find(name).disabled = !going;
  find("frame").disabled = !going || !paused;
  find("save").disabled = !going || !canSave;
  find("save").title = canSave ? "" : text("play.save.where");
  find("pause").setAttribute("aria-pressed", String(paused));
}

// ---- actions: what is held, and what is given once

function sliders() {
  const one = ready.actions.map((action, k) => {
    const [less, more] = KEYS[k] ?? ["", ""];
    const bothWays = action.low < 0, usual = action.impulse ? 0.3 * action.high : 0;
    const before = document.getElementById(`play-slider-${k}`);
    const told = element("output");
    const slider = element("input", {
      type: "range", id: `play-slider-${k}`, min: action.impulse ? 0 : action.low, max: action.high, step: (action.high - action.low) / 200, value: before?.value ?? usual,
      oninput: () => { told.textContent = amount(slider.value, action); if (!action.impulse) { base[k] = +slider.value; give(); } },
    });
    if (!action.impulse) base[k] = +slider.value;
    told.textContent = amount(slider.value, action);
    const button = (sign, key) => element("button", { type: "button", data: { action: k, sign }, "aria-label": `${actionOf(action.name)} ${sign > 0 ? "+" : "−"}` }, sign > 0 ? "+ " : "− ", element("kbd", { text: SIGNS[key] ?? key.toUpperCase() }));
    const row = element("div", { class: "action" }, element("label", { htmlFor: slider.id }, `${actionOf(action.name)}: `, told, action.impulse ? ` · ${text("play.impulse")}` : ""), slider, bothWays ? button(-1, less) : null, button(1, more));
    return row;
  });
  find("sliders").replaceChildren(...one);
  find("strong").hidden = ready.actions.every(action => action.impulse);
  find("strength-told").textContent = `${find("strength").value} %`;
  for (const button of find("sliders").querySelectorAll("button")) hold(button);
}

const amount = (value, action) => `${(+value).toPrecision(2)} ${action.unit === "1" ? "" : action.unit}`;

function hold(button) {
  const k = +button.dataset.action, sign = +button.dataset.sign, id = `pointer-${k}-${sign}`;
  button.addEventListener("pointerdown", event => { button.setPointerCapture(event.pointerId); press(id, k, sign, event.timeStamp); });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(kind, () => lift(id));
  button.addEventListener("keydown", event => { if (!event.repeat && (event.key === " " || event.key === "Enter")) { event.preventDefault(); press(id, k, sign, event.timeStamp); } });
  button.addEventListener("keyup", event => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); lift(id); } });
  button.addEventListener("blur", () => lift(id));
}

function press(id, k, sign, when) {
  if (!run?.going || pressed.has(id)) return;
  pressed.set(id, [k, sign]);
  marks();
  const action = ready.actions[k], once = ready.actions.map(() => 0);
  if (action.impulse) once[k] = sign * +document.getElementById(`play-slider-${k}`).value;
  give(once, when);
}

function lift(id) {
  if (!pressed.delete(id)) return;
  marks();
  give();
}

function release() { pressed.clear(); marks(); }

function marks() {
  const on = new Set([...pressed.values()].map(pair => pair.join()));
  for (const button of find("sliders").querySelectorAll("button")) button.classList.toggle("held", on.has(`${button.dataset.action},${button.dataset.sign}`));
}

function give(once = null, when = performance.now()) {
  held = [...base];
  for (const [k, sign] of pressed.values()) {
    const action = ready.actions[k];
    if (!action.impulse) held[k] = ((sign > 0 ? action.high : action.low) * find("strength").value) / 100;
  }
  acts += 1;
  if (once || pressed.size) sent.set(acts, when);
  if (paused && pressed.size) pause(false);
  tell({ act: acts, held, once: once ?? ready.actions.map(() => 0) });
}

// ---- pictures

function show(facts, bytes) {
  let at = 0;
  for (const [index, [height, width]] of facts.sizes.entries()) {
    paint(find(index ? "learned" : "true"), bytes.subarray(at, at + 3 * height * width), height, width);
    at += 3 * height * width;
  }
  last = facts;
  if (facts.step <= ready.unheard) past = [];
  past.push([facts.trust, facts.events]);
  if (past.length > PAST) past.shift();
  const now = performance.now();
  arrivals.push(now);
  while (arrivals[0] < now - 2000) arrivals.shift();
  if (facts.events.length) find("events").textContent = text("play.happened", { time: facts.time.toFixed(2), what: facts.events.map(eventOf).join(", ") });
  trust(facts);
  waited(facts.heard);
  numbers();
}

function paint(canvas, pixels, height, width) {
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < pixels.length; to += 4) {
    image.data[to] = pixels[from++]; image.data[to + 1] = pixels[from++]; image.data[to + 2] = pixels[from++]; image.data[to + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function waited(heard) { // a picture that was painted now is seen when the frame after the next begins
  const answered = [...sent].filter(([act]) => act <= heard);
  for (const [act] of answered) sent.delete(act);
  if (answered.length) requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const [, when] of answered) waits.push(performance.now() - when);
    waits.splice(0, Math.max(0, waits.length - LASTING));
    numbers();
  }));
}

function numbers() {
  if (!last) return;
  const span = arrivals.length > 1 ? (arrivals.at(-1) - arrivals[0]) / 1000 : 0;
  const rate = span ? (arrivals.length - 1) / span : 0;
  const late = waits.length ? [...waits].sort((a, b) => a - b)[Math.ceil(0.95 * waits.length) - 1] : null;
  const stage = find("stage");
  stage.dataset.rate = rate.toFixed(2); stage.dataset.waits = JSON.stringify(waits.map(Math.round)); stage.dataset.step = last.step; stage.dataset.time = last.time; stage.dataset.trust = last.trust ?? ""; stage.dataset.by = last.by;
  const speed = +find("rate").value / ready.fps;
  find("rate-told").textContent = text("play.rate.told", { rate: find("rate").value, speed: speed.toFixed(speed < 10 ? 1 : 0) });
  const parts = [text("play.time", { time: last.time.toFixed(1), step: last.step }), text("play.shown", { rate: rate.toFixed(1) })];
  if (late !== null) parts.push(text("play.late", { late: Math.round(late), count: waits.length }));
  find("numbers").textContent = parts.join(" · ");
}

// ---- the light

function trust(facts) {
  if (!ready.learned) return;
  find("by").textContent = facts.by === "learned" ? text("play.by.learned") : text("play.by.true");
  const state = facts.trust === null ? "none" : facts.trust >= SURE ? "sure" : facts.trust >= LOST ? "unsure" : "lost";
  find("lamp").dataset.trust = find("learned").dataset.trust = state;
  find("knows").textContent = text(`play.knows.${state}`, { percent: Math.round(100 * (facts.trust ?? 0)) });
  find("meter").value = facts.trust ?? 0;
  find("meter").hidden = find("past").toggleAttribute("hidden", facts.trust === null);
  find("past-told").hidden = facts.trust === null;
  if (facts.trust === null) return;
  const x = k => 4 * k, y = value => 60 - 56 * value;
  const line = past.map(([value], k) => `${x(k)},${y(value ?? 0).toFixed(1)}`).join(" ");
  find("past").replaceChildren(
    drawing("line", { class: "bound", x1: 0, x2: 480, y1: y(SURE), y2: y(SURE) }),
    ...past.flatMap(([, events], k) => (events.length ? [drawing("line", { class: "event", x1: x(k), x2: x(k), y1: 0, y2: 64 }, drawing("title", { text: events.map(eventOf).join(", ") }))] : [])),
    drawing("polyline", { class: "line", points: line }),
  );
}

// ---- buttons and keys

function pause(now) {
  if (!run?.going || paused === now) return;
  paused = now;
  arrivals = [];
  tell({ pause: paused });
  controls();
}

function anew(step) {
  if (!run?.going) return;
  const seed = Math.max(0, (+find("seed").value || 0) + step);
  find("seed").value = seed;
  reset(); controls();
  base = ready.actions.map(() => 0);
  for (const [k, action] of ready.actions.entries()) { const slider = document.getElementById(`play-slider-${k}`); if (!action.impulse) slider.value = 0; slider.dispatchEvent(new Event("input")); }
  tell({ pause: false }); tell({ seed });
}

function hand() { // the next of those that can be
  const options = [...document.getElementsByName("play-least")].filter(option => !option.disabled);
  const next = options[(options.findIndex(option => option.checked) + 1) % options.length];
  next.checked = true;
  least();
}
const least = () => tell({ least: +[...document.getElementsByName("play-least")].find(option => option.checked).value });
const save = () => (canSave ? (pause(true), tell({ save: true })) : say(text("play.save.where"), true));

const COMMANDS = {
  p: () => pause(!paused), r: () => anew(0), n: () => anew(1), k: save, x: () => run?.stop(),
  h: () => ready?.learned && hand(), l: () => ready?.learned && tell({ look: true }), ".": () => paused && tell({ frame: true }),
};

function key(event, down) {
  if (find("stage").closest("section").hidden || !run?.going || !ready) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea, input:not([type=radio], [type=checkbox])")) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const k = KEYS.findIndex(pair => pair.includes(name));
  if (k >= 0 && k < ready.actions.length && !event.target.matches("input")) {
    const sign = KEYS[k][1] === name ? 1 : -1;
    if (sign < 0 && ready.actions[k].low >= 0) return;
    event.preventDefault();
    if (down && !event.repeat) press(name, k, sign, event.timeStamp);
    if (!down) lift(name);
  } else if (down && !event.repeat && COMMANDS[name]) {
    event.preventDefault();
    COMMANDS[name]();
  }
}

export default function () {
  find("form").addEventListener("submit", event => { event.preventDefault(); begin(); });
  find("world").addEventListener("input", describe);
  for (const [name, command] of [["pause", "p"], ["frame", "."], ["anew", "r"], ["next", "n"], ["save", "k"], ["end", "x"], ["look", "l"]]) find(name).addEventListener("click", COMMANDS[command]);
  for (const option of document.getElementsByName("play-least")) option.addEventListener("input", least);
  find("strength").addEventListener("input", () => { find("strength-told").textContent = `${find("strength").value} %`; give(); });
  find("rate").addEventListener("input", () => { arrivals = []; tell({ rate: +find("rate").value }); numbers(); });
  addEventListener("keydown", event => key(event, true));
  addEventListener("keyup", event => key(event, false));
  addEventListener("blur", () => { for (const id of [...pressed.keys()]) lift(id); });
  const away = () => { if (run?.going && !paused) { hiddenPause = true; pause(true); } };
  const back = () => { if (hiddenPause) { hiddenPause = false; pause(false); } };
  document.addEventListener("visibilitychange", () => (document.hidden ? away() : back()));
  document.addEventListener("language", words);
  start("worlds").on("*", facts => { const said = status(facts); if (said && facts.kind !== "started") say(said, facts.kind === "failed"); })
    .on("worlds", facts => { worlds = facts.worlds; canSave = facts.library; listWorlds(); say(""); });
  controls();
  return { shown: back, hidden: away };
}
