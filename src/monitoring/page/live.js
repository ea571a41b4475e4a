"use strict";
const OUTCOMES = ["created", "already_there", "skipped", "held", "rejected", "failed", "not_attempted"];
const at = (id) => document.getElementById(id);
const number = (value) => Number(value).toLocaleString("en");
const say = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };

function make(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function duration(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${all % 60} s` : `${all} s`;
}

function bytes(value) {
  let [size, unit] = [Number(value), 0];
  const units = ["B", "kB", "MB", "GB", "TB"];
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
  return `${unit && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

function state(told) {
  if (!told.is_running) return [`ended, exit ${told.exit}`, told.exit === 0 ? "ended" : "failed"];
  const by = told.sending && told.sending.limited_by;
  if (told.stop) return [`stopping: ${told.stop}`, "paused"];
  if (["pause", "window", "operator"].includes(by)) return ["paused", "paused"];
  return told.started ? ["running", "running"] : ["starting", "paused"];
}

function pairs(told) {
  const { sending } = told;
  const rows = [];
  if (sending) {
    rows.push(["In flight", `${sending.in_flight} of ${sending.width}, ${sending.uploads_in_flight} with a recording`]);
    rows.push(["Set rate", sending.rate === null ? "no limit" : `${sending.rate} requests a second`]);
    rows.push(["Set bandwidth", sending.bandwidth === null ? "no limit" : `${bytes(sending.bandwidth)}/s`]);
    const answers = Object.entries(sending.requests).filter(([, count]) => count > 0);
    rows.push(["Answers", answers.map(([name, count]) => `${name}: ${number(count)}`).join(" · ") || "none yet"]);
  }
  if (told.bytes_sent !== undefined) {
    rows.push(["Recordings", `${bytes(told.bytes_sent)} left, ${bytes(told.bytes_per_second)}/s`]);
    rows.push(["Tried again", number(told.retries)]);
    rows.push(["Pauses", `${number(told.pauses)}, ${duration(told.seconds_paused)} in all`]);
  }
  at("sending").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
}

let shownProblems = "";
function problems(told) {
  const kinds = (told.problems || []).slice().sort((one, other) => other.problems - one.problems);
  const key = JSON.stringify(kinds);
  if (key === shownProblems) return;
  shownProblems = key;
  at("no-problems").hidden = kinds.length > 0;
  at("problems").replaceChildren(...kinds.map((kind) => {
    const shown = make("article", "", kind.severity);
    shown.append(make("h3", `${number(kind.problems)} × ${kind.code} (${kind.severity})`));
    shown.append(make("p", (told.cures || {})[kind.code] || ""));
    return shown;
  }));
}

function show(told) {
  const [words, kind] = state(told);
  say("state", words);
  at("state").className = `badge ${kind}`;
  say("destination", [told.mode, told.destination].filter(Boolean).join(" to "));
  const done = OUTCOMES.reduce((sum, name) => sum + (told[name] || 0), 0);
  const all = told.records;
  if (all) at("bar").value = Math.min(1, done / all); else at("bar").removeAttribute("value");
  const about = told.records_are_estimated ? "about " : "";
  say("sentence", told.started ? `${number(told.read)} records read${all ? ` of ${about}${number(all)}` : ""}; started ${new Date(told.started).toLocaleString()}` : "");
  say("done", number(done));
  say("to-send", told.to_send === null || told.to_send === undefined ? "–" : number(told.to_send));
  say("pace", told.calls_per_second === undefined ? "–" : told.calls_per_second.toFixed(1));
  const left = told.is_running ? told.seconds_left : null;
  say("finish", left === null || left === undefined ? (told.ended ? new Date(told.ended).toLocaleTimeString() : "–") : new Date(Date.now() + left * 1000).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" }));
  say("why", told.why_not_faster || "–");
  pairs(told);
  at("outcomes").replaceChildren(...OUTCOMES.filter((name) => told[name]).map((name) => {
    const row = document.createElement("tr");
    const head = make("th", name.replace("_", " "));
    head.scope = "row";
    row.append(head, make("td", number(told[name])));
    return row;
  }));
  problems(told);
}

async function plot() {
  const points = await (await fetch("history.json")).json();
  const speeds = points.slice(1).map((point, index) => {
    const before = points[index];
    return [point.at, (point.created - before.created) / Math.max(1, point.at - before.at)];
  });
  if (speeds.length < 2) { say("plot-text", "The plot begins after a few seconds."); return; }
  const [first, last] = [speeds[0][0], speeds[speeds.length - 1][0]];
  const most = Math.max(...speeds.map(([, speed]) => speed), 0.001);
  const place = ([time, speed]) => `${(600 * (time - first) / Math.max(1, last - first)).toFixed(1)},${(155 - 150 * speed / most).toFixed(1)}`;
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", `M${speeds.map(place).join("L")}`);
  at("plot").replaceChildren(line);
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  say("plot-text", `Records created a second, from ${clock(first)} to ${clock(last)}; at most ${most.toFixed(1)}.`);
}

function redraw() { plot().catch(() => {}); }

const events = new EventSource("events");
events.onmessage = (message) => show(JSON.parse(message.data));
events.onerror = () => { say("state", "no connection"); at("state").className = "badge lost"; };
redraw();
setInterval(redraw, 10000);
