// Folds: a model's states in the plane and the graph of its branches; a state decoded, a clip from it, a walk, straight
// and reflected at the fold.
import { write } from "./rooms.js";
import { drawing, element, start, status, text } from "./studio.js";

const SIDE = 640; // of the graph's drawing
const EDGE = 0.05; // of the map's
const LONG = 8; // pixels after which a press is a walk

export default function (root) {
  const find = id => root.querySelector(`#folds-${id}`);
  const canvas = find("map"), pen = canvas.getContext("2d");
  let kinds = [], places = null, graph = null, bounds = null, run = null, shown = null;
  let looks = [], sides = new Map(), cursor = null, drawn = [], press = null, walks = {};

  const colour = (branch, strong = 1) => `hsl(${(branch * 137.5 + 215) % 360} 62% 52% / ${strong})`;
  const probe = element("span", { hidden: true });
  root.append(probe);
  const ink = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; }; // as it is in this theme

  // ---- kinds

  const nameOf = kind => { const said = text(`play.name.${kind}`); return !kind ? text("folds.all") : said.startsWith("play.") ? kind : said; };

  start("kinds").on("*", facts => { const said = status(facts); if (said && facts.kind !== "started") say(said, facts.kind === "failed"); })
    .on("loaded", () => say(""))
    .on("kinds", facts => {
      say("");
      kinds = facts.kinds;
      find("empty").hidden = kinds.length > 0;
      find("choose").hidden = find("all").hidden = !kinds.length;
      find("kind").replaceChildren(...kinds.map(kind => element("option", { value: kind.name, text: nameOf(kind.name) })));
      if (!kinds.length) return;
      find("kind").value = kinds.reduce((most, kind) => (kind.passages > most.passages ? kind : most)).name;
      load();
    });
  find("kind").addEventListener("input", load);

  function told() {
    const kind = kinds.find(one => one.name === find("kind").value);
    if (kind) find("told").textContent = text("folds.told", { clips: kind.clips, steps: kind.steps, branches: kind.branches, passages: kind.passages });
  }

  function load() {
    run?.stop();
    for (const look of looks) URL.revokeObjectURL(look.address);
    for (const address of sides.values()) URL.revokeObjectURL(address);
    looks = []; sides = new Map(); places = graph = cursor = null; drawn = []; walks = {};
    told(); buttons(); paint();
    find("graph").replaceChildren();
    let waiting = 0;
    const mine = (run = start("fold", { kind: find("kind").value }));
    mine.on("*", facts => { const said = mine === run && status(facts); if (said && facts.kind !== "started" && facts.kind !== "stopped") say(said, facts.kind === "failed"); })
      .on("graph", facts => { if (mine !== run) return; graph = facts; drawGraph(); })
      .on("side", (facts, bytes) => { if (mine !== run) return; sides.set(facts.branch, picture(bytes)); if (graph && sides.size === graph.branches.length) drawGraph(); })
      .on("map", facts => { if (mine !== run) return; places = facts; frame(); paint(); say(text("folds.decoding")); })
      .on("look", (facts, bytes) => {
        if (mine !== run) return;
        const k = places.rows.indexOf(facts.row);
        looks.push({ row: facts.row, place: places.places[k], branch: places.branches[k], address: picture(bytes) });
        cancelAnimationFrame(waiting); waiting = requestAnimationFrame(paint);
      });
    mine.ended.then(facts => { if (mine === run && facts.kind === "done") say(text("folds.decoded", { count: looks.length })); });
  }

  const picture = bytes => URL.createObjectURL(new Blob([bytes], { type: bytes[0] === 0x89 ? "image/png" : "image/jpeg" }));
  function say(said, bad = false) { write(find("status"), said); find("status").classList.toggle("bad", bad); }

  // ---- the map

  function frame() { // all but one in two hundred at each side
    const side = axis => { const sorted = places.places.map(place => place[axis]).sort((a, b) => a - b); return [sorted[Math.floor(0.005 * sorted.length)], sorted[Math.floor(0.995 * (sorted.length - 1))]]; };
    bounds = [side(0), side(1)].map(([low, high]) => [low, Math.max(high - low, 1e-9)]);
  }
  function shownAt([x, y]) {
    const inside = (value, axis) => EDGE + (1 - 2 * EDGE) * Math.min(1.04, Math.max(-0.04, (value - bounds[axis][0]) / bounds[axis][1]));
    return [inside(x, 0) * canvas.clientWidth, (1 - inside(y, 1)) * canvas.clientHeight];
  }
  function placeAt([x, y]) {
    const back = (value, axis) => bounds[axis][0] + (bounds[axis][1] * (value - EDGE)) / (1 - 2 * EDGE);
    return [back(x / canvas.clientWidth, 0), back(1 - y / canvas.clientHeight, 1)];
  }

  function paint() {
    const scale = devicePixelRatio || 1, [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    canvas.width = width * scale; canvas.height = height * scale;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!places) return;
    for (const [k, place] of places.places.entries()) dot(shownAt(place), 2, colour(places.branches[k], 0.5));
    for (const look of looks) { dot(shownAt(look.place), 3.2, colour(look.branch)); pen.strokeStyle = ink("--ink"); pen.lineWidth = 0.5; pen.stroke(); }
    line((walks.straight ?? []).map(shownAt), ink("--bad"), []);
    line((walks.reflected ?? []).map(shownAt), ink("--unsure"), [7, 5]);
    line(drawn, ink("--ink"), [2, 4]);
    for (const place of drawn) dot(place, 3, ink("--ink"));
    if (cursor) {
      pen.strokeStyle = ink("--accent"); pen.lineWidth = 2; pen.setLineDash([]);
      pen.beginPath(); pen.arc(cursor[0], cursor[1], 9, 0, 7); pen.moveTo(cursor[0] - 15, cursor[1]); pen.lineTo(cursor[0] + 15, cursor[1]); pen.moveTo(cursor[0], cursor[1] - 15); pen.lineTo(cursor[0], cursor[1] + 15); pen.stroke();
    }
  }
  function dot([x, y], radius, fill) { pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.fillStyle = fill; pen.fill(); }
  function line(points, stroke, dash) {
    if (points.length < 2) return;
    pen.setLineDash(dash); pen.strokeStyle = stroke; pen.lineWidth = 3;
    pen.beginPath(); pen.moveTo(...points[0]); for (const point of points.slice(1)) pen.lineTo(...point);
    pen.stroke(); pen.setLineDash([]);
  }

  function nearest([x, y]) {
    let best = null, least = Infinity;
    for (const look of looks) {
      const [a, b] = shownAt(look.place), away = (a - x) ** 2 + (b - y) ** 2;
      if (away < least) [best, least] = [look, away];
    }
    return best;
  }
  function lookAt(point, speak = false) {
    const look = point && nearest(point), figure = find("look");
    figure.hidden = !look;
    if (!look) return null;
    figure.querySelector("img").src = look.address;
    figure.querySelector("figcaption").textContent = text("folds.branch", { branch: look.branch });
    const [x, y] = point, right = x > canvas.clientWidth / 2;
    figure.style.left = right ? "" : `${x + 18}px`; figure.style.right = right ? `${canvas.clientWidth - x + 18}px` : "";
    figure.style.top = `${Math.min(Math.max(0, y - 60), canvas.clientHeight - 150)}px`;
    if (speak) say(text("folds.branch", { branch: look.branch }));
    return look;
  }

  const at = event => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("pointermove", event => {
    const point = at(event);
    if (press && (press.moved || Math.hypot(point[0] - press.from[0], point[1] - press.from[1]) > LONG) && (event.pointerType === "mouse" || drawing_())) {
      if (!press.moved) { press.moved = true; drawn = [press.from]; walks = {}; }
      const last = drawn.at(-1);
      if (drawn.length < 60 && Math.hypot(point[0] - last[0], point[1] - last[1]) > 12) drawn.push(point);
      paint();
    }
    lookAt(point);
  });
  canvas.addEventListener("pointerdown", event => { if (event.button === 0) { press = { from: at(event), moved: false }; canvas.setPointerCapture(event.pointerId); } });
  canvas.addEventListener("pointerup", event => {
    if (!press) return;
    const moved = press.moved;
    press = null;
    if (moved) { const point = at(event); if (Math.hypot(point[0] - drawn.at(-1)[0], point[1] - drawn.at(-1)[1]) > 2) drawn.push(point); buttons(); walk(); }
    else if (drawing_()) { drawn.push(at(event)); buttons(); paint(); }
    else begin(lookAt(at(event)));
  });
  canvas.addEventListener("pointerleave", () => { if (document.activeElement !== canvas || !cursor) lookAt(null); });
  canvas.addEventListener("focus", () => { if (!cursor && canvas.matches(":focus-visible")) { cursor = [canvas.clientWidth / 2, canvas.clientHeight / 2]; paint(); lookAt(cursor, true); } });
  canvas.addEventListener("blur", () => { cursor = null; lookAt(null); paint(); });
  canvas.addEventListener("keydown", event => {
    const step = event.shiftKey ? 60 : 12, move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (move) {
      cursor ??= [canvas.clientWidth / 2, canvas.clientHeight / 2];
      cursor = [Math.min(canvas.clientWidth, Math.max(0, cursor[0] + move[0])), Math.min(canvas.clientHeight, Math.max(0, cursor[1] + move[1]))];
      paint(); lookAt(cursor, true);
    } else if (event.key === "Enter" && cursor) { if (drawn.length > 1) walk(); else begin(nearest(cursor)); }
    else if (event.key === " " && cursor) { drawn.push([...cursor]); walks = {}; buttons(); paint(); }
    else if (event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });
  const drawing_ = () => find("draw").getAttribute("aria-pressed") === "true";
  find("draw").addEventListener("click", () => { const on = !drawing_(); find("draw").setAttribute("aria-pressed", String(on)); canvas.classList.toggle("drawing", on); });
  find("go").addEventListener("click", walk);
  find("clear").addEventListener("click", clear);
  function clear() { drawn = []; walks = {}; buttons(); paint(); }
  function buttons() { find("go").disabled = drawn.length < 2; find("clear").disabled = !drawn.length && !walks.straight; }

  // ---- a clip from a state, and a walk

  function show(job, args, title) {
    shown?.run.stop();
    shown?.run.forget();
    find("shown").hidden = false;
    find("results").replaceChildren();
    const cards = new Map(), asked = start(job, { kind: find("kind").value, ...args });
    const mine = (shown = { run: asked, title });
    words();
    doing(text("folds.waiting"));
    find("stop").disabled = false;
    const card = (name, turned) => {
      if (!cards.has(name)) {
        const made = element("div", {}, element("h3", { data: { walk: name, turned: String(turned ?? "") } }));
        cards.set(name, made); find("results").append(made); words();
      }
      return cards.get(name);
    };
    asked.on("*", facts => { const said = mine === shown && status(facts); if (said && facts.kind !== "started") doing(said, facts.kind === "failed"); })
      .on("strip", (facts, bytes) => {
        walks[facts.walk] = facts.places; buttons(); paint();
        const box = card(facts.walk, facts.turned);
        if (facts.walk === "straight" || facts.turned) box.append(element("img", { class: "strip pixels", src: picture(bytes), alt: "" }), element("p", { class: "small quiet", data: { branches: facts.branches.join(" → ") } }));
        words();
      })
      .on("step", facts => doing(text("folds.step", { step: facts.step })))
      .on("clip", facts => {
        const box = card(facts.walk);
        box.append(element("video", { src: asked.file(facts.file), controls: true, loop: true, autoplay: true, muted: true, playsInline: true, class: "pixels" }));
        if (facts.caption) box.append(element("p", { class: "small", lang: "en", text: facts.caption }));
        if (facts.walk === "state") { box.append(element("p", { class: "small quiet", data: { branches: facts.branches.join(" → ") } })); words(); }
      });
    asked.ended.then(facts => { if (mine !== shown) return; find("stop").disabled = true; if (facts.kind === "done") doing(""); });
    find("shown").scrollIntoView({ block: "nearest" });
  }
  function doing(said, bad = false) { write(find("doing"), said); find("doing").classList.toggle("bad", bad); }
  function begin(look) { if (look) show("state", { row: look.row }, "clip"); }
  function walk() {
    if (drawn.length < 2) return;
    const ways = drawn.map(placeAt);
    drawn = [];
    show("walk", { places: ways }, "walk");
    buttons();
  }
  find("stop").addEventListener("click", () => shown?.run.stop());

  function words() { // in the language of now
    for (const option of find("kind").options) option.textContent = nameOf(option.value);
    told();
    if (graph) drawGraph();
    if (!shown) return;
    find("title").textContent = shown.title === "clip" ? text("folds.title.clip") : text("folds.title.walk");
    for (const head of find("results").querySelectorAll("h3")) {
      const { walk: name, turned } = head.dataset;
      head.replaceChildren(...(name === "state" ? [text("folds.state")] : [element("span", { class: `key ${name}` }), name === "straight" ? text("folds.straight") : turned === "false" ? text("folds.same") : text("folds.reflected")]));
      const key = head.querySelector(".key");
      if (key) key.style.borderColor = name === "straight" ? "var(--bad)" : "var(--unsure)";
    }
    for (const line of find("results").querySelectorAll("[data-branches]")) line.textContent = text("folds.branches", { branches: line.dataset.branches });
  }

  // ---- the graph

  function drawGraph() {
    const count = graph.branches.length, svg = find("graph");
    const size = Math.min(84, count > 1 ? (2 * Math.PI * 250) / count / 1.3 : 160), middle = SIDE / 2, radius = count > 1 ? middle - size / 2 - 24 : 0;
    const spot = k => { const angle = (2 * Math.PI * k) / count - Math.PI / 2; return [middle + radius * Math.cos(angle), middle + radius * Math.sin(angle)]; };
    const heads = drawing("defs", {}, ...["", "no"].map(kind => drawing("marker", { id: `folds-head${kind}`, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, drawing("path", { class: `head ${kind}`, d: "M0 0L10 5L0 10z" }))));
    const counts = new Map(graph.passages.map(([a, b, n]) => [`${a},${b}`, n])), most = Math.max(1, ...counts.values());
    const arrows = [];
    for (const [a, b, n] of graph.passages) {
      arrows.push(arrow(spot(a), spot(b), size, "passage", 1 + 4 * Math.sqrt(n / most), text("folds.passage", { before: a, after: b, count: n }), n, a, b));
      if (!counts.has(`${b},${a}`)) arrows.push(arrow(spot(b), spot(a), size, "forbidden", 1.5, text("folds.never", { before: b, after: a }), null, b, a));
    }
    const nodes = graph.branches.map((share, k) => {
      const [x, y] = spot(k), leads = graph.passages.filter(([a]) => a === k).sort((a, b) => b[2] - a[2]).slice(0, 6).map(([, b, n]) => `${b} (${n})`).join(", ");
      const label = text("folds.node", { branch: k, share: (100 * share).toFixed(share < 0.1 ? 1 : 0), leads: leads || "–" });
      const node = drawing("g", { class: "branch", tabindex: 0, role: "button", "aria-label": label, "data-branch": k },
        drawing("title", { text: label }),
        drawing("image", { href: sides.get(k) ?? "", x: x - size / 2, y: y - size / 2, width: size, height: size, class: "pixels" }),
        drawing("rect", { x: x - size / 2, y: y - size / 2, width: size, height: size, rx: 4, stroke: colour(k) }),
        drawing("text", { x, y: y + size / 2 + 14, text: count > 20 ? k : `${k}: ${(100 * share).toFixed(0)} %` }));
      const go = () => begin(looks.find(look => look.branch === k));
      node.addEventListener("click", go);
      for (const [event, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) node.addEventListener(event, () => point(on ? k : null));
      node.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(); } });
      return node;
    });
    const held = svg.contains(document.activeElement) ? document.activeElement.dataset.branch : null;
    svg.classList.toggle("many", count > 6);
    svg.replaceChildren(heads, ...arrows, ...nodes);
    if (held !== null) svg.querySelector(`[data-branch="${held}"]`)?.focus();
  }

  function point(branch) { // of many passages those of one branch are shown
    find("graph").classList.toggle("pointed", branch !== null);
    for (const passage of find("graph").querySelectorAll("[data-before]")) passage.classList.toggle("on", passage.dataset.before === String(branch));
  }

  function arrow([x0, y0], [x1, y1], size, kind, width, label, count, before, after) {
    const run = x1 - x0, rise = y1 - y0, gap = (0.62 * size) / Math.max(Math.hypot(run, rise), 1e-9);
    const from = [x0 + gap * run, y0 + gap * rise], to = [x1 - gap * run, y1 - gap * rise], bend = [(from[0] + to[0]) / 2 + 0.12 * rise, (from[1] + to[1]) / 2 - 0.12 * run];
    const path = drawing("path", { class: kind, d: `M${from}Q${bend} ${to}`, "stroke-width": width.toFixed(1), "marker-end": `url(#folds-head${kind === "forbidden" ? "no" : ""})` }, drawing("title", { text: label }));
    return drawing("g", { "data-before": before, "data-after": after, class: kind === "forbidden" ? "no" : "" }, path, ...(count === null ? [] : [drawing("text", { x: bend[0], y: bend[1], text: count })]));
  }

  new ResizeObserver(paint).observe(canvas);
  document.addEventListener("language", words);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  document.getElementById("theme").addEventListener("input", () => requestAnimationFrame(paint));
  return { shown: paint, hidden: () => lookAt(null) };
}
