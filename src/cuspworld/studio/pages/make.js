// Make: a prompt becomes a clip; its frames are shown as they are made.

import { view } from "./report.js";
import { room, write } from "./rooms.js";
import { element, forget, language, start, status, text, upload } from "./studio.js";

const KEPT = 6; // results on the page
const EXAMPLES = ["juice", "candles", "balls", "puppies", "chair"];

export default function (root) {
  const find = id => root.querySelector(`#make-${id}`);
  let going = null, given = null, waiting = null, asked = 0, asking = null, pause = null;
  const results = [], show = player(find("canvas"));

  // ---- the prompt and its expansion
  function examples() {
    find("examples").replaceChildren(...EXAMPLES.map(name => element("button", { type: "button", text: text(`make.example.${name}`), onclick: () => { find("prompt").value = text(`make.example.${name}`); expand(); find("prompt").focus(); } })));
  }
  function expand() {
    const prompt = find("prompt").value.trim(), mine = ++asked;
    find("expansion").value = "";
    find("warnings").replaceChildren();
    find("told-note").textContent = "";
    if (!prompt || !find("full").checked) return;
    find("told-note").textContent = text("make.expanding");
    asking?.stop();
    asking = start("expand", { prompt, seed: whole("seed", 0) })
      .on("expansion", facts => { if (mine === asked) { find("expansion").value = facts.text; find("told-note").textContent = text(facts.text === prompt ? "make.same" : "make.edit"); } })
      .on("warning", facts => { if (mine === asked) warn(facts.text); })
      .on("failed", facts => { if (mine === asked) write(find("told-note"), status(facts)); });
  }
  find("prompt").addEventListener("input", () => {
    asked++; // what was said of the prompt before is of another one
    find("expansion").value = "";
    find("told-note").textContent = "";
    clearTimeout(pause);
    pause = setTimeout(expand, 500);
  });
  find("full").addEventListener("input", () => { find("told").hidden = !find("full").checked; expand(); });
  find("expansion").addEventListener("input", () => { asked++; find("told-note").textContent = text("make.edited"); });

  function warn(told) {
    if ([...find("warnings").children].some(one => one.dataset.said === told)) return;
    find("warnings").append(write(element("p", { class: "notice small", data: { said: told } }), room(told)));
  }

  // ---- what is dropped in
  async function give(file) {
    take();
    const kind = file.type.startsWith("image/") && file.type !== "image/gif" ? "image" : "video";
    find("given").hidden = false;
    find("given-name").textContent = text("make.uploading", { name: file.name });
    const mine = (waiting = {});
    try {
      const name = await upload(file);
      if (mine !== waiting) return forget(name);
      given = { kind, name };
      find("given-name").textContent = text(`make.given.${kind}`, { name: file.name });
    } catch (error) {
      if (mine === waiting) write(find("given-name"), error.message);
    }
  }
  function take() {
    waiting = null;
    if (given) forget(given.name);
    given = null;
    find("given").hidden = true;
    find("file").value = "";
  }
  find("file").addEventListener("change", event => event.target.files[0] && give(event.target.files[0]));
  find("remove").addEventListener("click", take);
  for (const name of ["dragenter", "dragover"]) root.addEventListener(name, event => { event.preventDefault(); find("drop").classList.add("over"); });
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) find("drop").classList.remove("over"); });
  root.addEventListener("drop", event => { event.preventDefault(); find("drop").classList.remove("over"); if (event.dataTransfer.files[0]) give(event.dataTransfer.files[0]); });

  // ---- making
  const whole = (id, usual) => (find(id).value === "" ? usual : Number(find(id).value));
  find("another").addEventListener("click", () => { find("seed").value = Math.floor(Math.random() * 1e6); });
  find("stop").addEventListener("click", () => going?.stop());
  find("form").addEventListener("keydown", event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); find("form").requestSubmit(); } });
  document.addEventListener("keydown", event => { if (event.key === "Escape" && !root.hidden) going?.stop(); });
  find("form").addEventListener("submit", event => { event.preventDefault(); if (!going) make(); });

  function make() {
    const prompt = find("prompt").value.trim(), told = find("expansion").value.trim();
    const args = { prompt, seconds: whole("seconds", 2), seed: whole("seed", 0), candidates: whole("candidates", 1) };
    if (find("full").checked && prompt) args.expansion = told || true;
    if (find("size").value) args.size = whole("size");
    if (find("steps").value) args.steps = whole("steps");
    if (find("critical").value) args.critical = find("critical").value;
    if (given) args[given.kind] = given.name;
    if (!prompt && !given) { find("status").textContent = text("make.nothing"); find("prompt").focus(); return; }

    clearTimeout(pause);
    if (!told) asking?.stop(); // it is told in full as it is made
    show.end();
    const made = [];
    let current = null, order = null;
    if (!told) find("warnings").replaceChildren();
    find("empty").hidden = true;
    find("progress").hidden = false;
    find("progress").removeAttribute("value");
    find("stop").disabled = false;
    if (document.activeElement === find("go")) find("stop").focus(); // a disabled button holds no keyboard
    find("go").disabled = true;
    going = start("make", args)
      .on("*", facts => { const said = status(facts); if (said) write(find("status"), said); })
      .on("warning", facts => warn(facts.text))
      .on("expansion", facts => { asked++; find("expansion").value = facts.text; find("told-note").textContent = text(facts.text === prompt ? "make.same" : "make.edit"); })
      .on("candidate", facts => { current = { ...facts, pictures: [] }; made.push(current); show.begin(facts.fps); find("progress").value = 0; tell(); })
      .on("step", facts => { current.step = facts.step; tell(); })
      .on("picture", (facts, bytes) => { current.pictures.push(createImageBitmap(new Blob([bytes])).then(picture => (show.add(picture), picture))); find("progress").value = current.pictures.length / current.frames; tell(); })
      .on("clip", facts => { current.clip = facts; find("status").textContent = text("make.judged"); })
      .on("order", facts => { order = facts.candidates; });
    const run = going;
    function tell() {
      const values = { done: current.pictures.length, all: current.frames, number: current.index + 1, of: args.candidates, step: current.step ?? 0 };
      const key = current.pictures.length >= current.frames ? "make.judging" : current.ways > 1 ? "make.making.ways" : args.candidates > 1 ? "make.making.one" : "make.making";
      find("status").textContent = text(key, values);
    }
    run.ended.then(async facts => {
      going = null;
      find("go").disabled = false;
      if (document.activeElement === find("stop")) find("go").focus();
      find("stop").disabled = true;
      find("progress").hidden = true;
      const done = made.filter(one => one.clip);
      if (facts.kind === "done") find("status").textContent = text("make.done", { seconds: ((performance.now() - began) / 1000).toFixed(1) });
      else show.end();
      if (done.length) {
        for (const one of done) one.pictures = await Promise.all(one.pictures);
        const best = done.find(one => one.index === order?.[0]) ?? done[0];
        show.begin(best.fps, best.pictures);
        results.unshift(result(run, prompt, done, order));
        find("results").prepend(results[0].root);
        while (results.length > KEPT) { const old = results.pop(); old.root.remove(); old.run.forget(); for (const one of old.done) for (const picture of one.pictures) picture.close(); }
      }
    });
    const began = performance.now();
  }

  // ---- a result: its candidates, each with clip, sheet, path, audit
  function result(run, prompt, done, order) {
    const place = element("div"), best = order ? order[0] : done[0].index;
    const chosen = element("div", { class: "row candidates", role: "group" });
    chosen.setAttribute("aria-label", text("make.candidates"));
    const sorted = order ? order.map(index => done.find(one => one.index === index)) : done;
    const choose = one => {
      place.replaceChildren(card(run, one));
      for (const button of chosen.children) button.setAttribute("aria-pressed", String(Number(button.dataset.index) === one.index));
    };
    if (done.length > 1) chosen.append(...sorted.map((one, rank) => element("button", { type: "button", data: { index: one.index }, text: text("make.candidate", { rank: rank + 1, seed: one.seed, score: one.clip.report.score.toFixed(2) }), onclick: () => choose(one) })));
    const root = element("section", { class: "card result" }, element("h2", { text: prompt || text("make.unprompted") }), chosen, place);
    choose(done.find(one => one.index === best));
    document.addEventListener("language", () => { if (root.isConnected) choose(done.find(one => String(one.index) === (chosen.querySelector("[aria-pressed=true]")?.dataset.index ?? String(best)))); });
    return { root, run, done };
  }

  function card(run, one) {
    const { clip } = one, path = parts(one), address = run.file(clip.files.clip);
    const note = element("p", { class: "small" }, element("a", { href: run.file(clip.files.audit), target: "_blank", rel: "noopener", text: text("frame.report.page") }), " · ", element("a", { href: address, download: "clip.mp4", text: text("make.save") }), " · ", element("a", { href: run.file(clip.files.sheet), download: "sheet.png", text: text("make.save.sheet") }));
    const shown = view(clip.report, address, { path, small: true, note });
    const told = clip.made.expansion && clip.made.expansion !== clip.made.prompt ? element("p", { class: "small quiet", text: text("make.drawn", { text: clip.made.expansion }) }) : null;
    const kept = clip.made.kept ? element("p", { class: "small quiet kept", text: text("make.kept", { of: clip.made.candidates, kept: clip.made.kept.join(", ") }) }) : null;
    const sheet = element("img", { class: "sheet", alt: text("make.sheet"), src: run.file(clip.files.sheet) });
    const right = element("div", {}, told, kept, sheet, element("h3", { text: text("make.path") }), ...walk(one, path, shown.seek));
    return element("div", { class: "columns" }, shown.root, right);
  }

  // [{start, end, branch}] of the path, as far as the clip goes
  function parts({ clip }) {
    const found = [];
    for (const [step, branch] of (clip.made.branches ?? []).entries()) {
      const at = clip.begin + step * clip.step, end = Math.min(at + clip.step, clip.report.seconds);
      if (at >= clip.report.seconds - 1e-6) break;
      if (found.length && found[found.length - 1].branch === branch) found[found.length - 1].end = end;
      else found.push({ start: at, end, branch });
    }
    return found;
  }

  function walk(one, path, seek) {
    const { made } = one.clip;
    if (!path.length) return [element("p", { class: "quiet small", text: text("make.nopath") })];
    const strip = element("div", { class: "path" });
    path.forEach((part, k) => {
      if (k) strip.append(element("span", { class: "arrow", text: `${part.start.toFixed(1)} s\n→`, style: "" }));
      const picture = one.pictures[Math.min(one.pictures.length - 1, Math.round(((part.start + part.end) / 2) * one.fps))];
      const thumb = element("canvas", { class: "pixels", width: picture.width, height: picture.height });
      thumb.getContext("2d").drawImage(picture, 0, 0);
      const label = text("frame.report.branch", { branch: part.branch, start: part.start.toFixed(1), end: part.end.toFixed(1) });
      strip.append(element("button", { type: "button", title: label, onclick: () => seek((part.start + part.end) / 2) }, thumb, element("span", { text: text("make.branch", { branch: part.branch }) })));
    });
    const crossed = path.length - 1;
    const facts = text(crossed ? "make.crosses" : "make.stays", { kind: made.kind || "", count: crossed, steps: made.branches.length });
    const near = (made.distance ?? null) === null ? "" : text(made.distance < 1e-6 ? "make.copy" : "make.new", { distance: Number(made.distance).toPrecision(2), margin: (made.margin ?? null) === null ? "∞" : Number(made.margin).toFixed(2) });
    return [strip, element("p", { class: "small", text: `${facts} ${near}` })];
  }

  document.addEventListener("language", () => {
    examples();
    topics();
    for (const one of find("warnings").children) write(one, room(one.dataset.said));
  });
  examples();
  let learnt = [];
  const topics = () => find("topics").replaceChildren(...learnt.map(topic => write(element("li"), room(topic))));
  let know = () => start("about").on("about", facts => {
    know = () => {};
    learnt = facts.topics;
    topics();
    find("size").placeholder = facts.size;
    find("steps").placeholder = facts.steps;
    for (const option of find("critical").options) option.disabled = Boolean(option.value) && !facts.paths;
  });
  know();
  return { shown() { know(); } };
}

// Plays frames on a canvas as they come, over and over while more are made.
function player(canvas) {
  const context = canvas.getContext("2d");
  let pictures = [], at = 0, timer = null;
  const next = () => {
    if (!pictures.length) return;
    const picture = pictures[at % pictures.length];
    if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
    context.drawImage(picture, 0, 0);
    at++;
  };
  return {
    begin(fps, made = []) { clearInterval(timer); pictures = [...made]; at = 0; timer = setInterval(next, 1000 / fps); },
    add(picture) { pictures.push(picture); canvas.hidden = false; if (pictures.length === 1) next(); },
    end() { clearInterval(timer); canvas.hidden = !pictures.length; },
  };
}
