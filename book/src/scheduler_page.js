// What the page "You are the scheduler" shows, and what its reader can do.
// The rules are in scheduler.js.

const root = document.getElementById("scheduler");
const source = document.getElementById("scheduler-levels");
const levels = readLevels(source.textContent);

/** An element with these properties and children. */
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const THE_END =
  " That was the last level. No kernel is as mean to threads as you've been.";

const curly = (text) =>
  text.replaceAll("'", "’").replace(/"([^"]*)"/g, "“$1”");

// ---- What the reader has solved, if the browser keeps it ----

let storage = {};
try {
  storage = localStorage ?? {};
} catch {
  // Then the page knows it until it's closed.
}
const solved = new Set(JSON.parse(storage.scheduler ?? "[]"));

const solve = () => {
  storage.scheduler = JSON.stringify([...solved.add(level.name)]);
};

// ---- The game: a level, and the threads that have moved so far ----

let level, moves, states, outcome;

const state = () => states.at(-1);
const canMove = (thread) => step(level, state(), thread) !== null;

const open = (next) => {
  level = next;
  build();
  restart();
};

const restart = () => {
  moves = [];
  states = [start(level)];
  outcome = "open";
  show("Which thread goes first?");
};

const move = (thread) => {
  if (!level.threads[thread]) return;
  const { name } = level.threads[thread];
  const next = step(level, state(), thread);
  const reason = status(level, state(), thread);
  if (!next) return show(`${name} can't move: it ${reason}.`);
  moves.push(thread);
  states.push(next.state);
  outcome = isReached(level, next.state) ? "reached" : "open";
  let said = `${name} ${next.name}.`;
  if (outcome === "reached") {
    solve();
    const least = search(level, states[0]).way.length;
    const isLeast = moves.length === least;
    said += ` You've done it in ${moves.length} moves. `;
    said += isLeast ? "It can't be done in fewer." : `${least} are enough.`;
    said += ` ${level.done}`;
  } else if (![...level.threads.keys()].some(canMove)) {
    said += " No thread can move, and the goal isn't reached.";
    said += " Undo some moves, or restart.";
  }
  show(said);
};

const undo = () => {
  if (!moves.length) return show("There's nothing to undo.");
  states.pop();
  outcome = "open";
  show(`${level.threads[moves.pop()].name} is back where it was.`);
};

const hint = () => {
  const { way } = search(level, state());
  if (!way) return show("From here, no order of moves leads to the goal.");
  if (!way.length) return show("You're there already.");
  const { name } = level.threads[way[0]];
  show(`Let ${name} go next. Moves to the goal: ${way.length}.`);
};

const showShortest = () => {
  const { way } = search(level, states[0]);
  if (!way) return show("There's no solution to show.");
  part(".strip").open = true;
  show(`The shortest solution has ${way.length} moves. See below.`, way);
};

const claim = () => {
  const { way, states: count } = search(level, states[0]);
  outcome = way ? "wrong" : "impossible";
  if (way) return show("It can be done. Keep trying, or ask for a hint.");
  solve();
  const proof = `Right. Across all orders, these threads get into ${count}`;
  show(`${proof} states, and none of them is the goal. ${level.done}`);
};

const openNext = () => {
  open(levels[(levels.indexOf(level) + 1) % levels.length]);
  part(".threads button").focus();
};

// ---- The page ----

root.innerHTML = `
  <p class="row"><label>Level <select></select></label>
    <span class="progress"></span> <a class="chapter"></a></p>
  <p class="task"></p>
  <ol class="threads"></ol>
  <p class="said" aria-live="polite"></p>
  <p class="row buttons"></p>
  <dl class="row"></dl>
  <div class="panes"></div>
  <details class="strip"><summary>Move by move</summary><ol></ol></details>`;
const part = (selector) => root.querySelector(selector);
const select = part("select");

/** What changes with each move: threads, places, and marks in the code. */
let rows, places, marks;

const build = () => {
  part(".task").textContent = curly(level.task);
  const number = parseInt(level.chapter.slice("step".length), 10);
  part(".chapter").textContent = `Chapter ${number}`;
  part(".chapter").href = `${level.chapter}.html`;
  rows = level.threads.map(({ name }, index) => {
    const status = make("span", { id: `thread-${index}` });
    const label = [make("kbd", {}, index + 1), ` ${name}`];
    const onclick = () => move(index);
    const button = make("button", { onclick }, ...label);
    button.setAttribute("aria-describedby", status.id);
    return { button, hands: make("span"), status };
  });
  part(".threads").replaceChildren(
    ...rows.map((it) => make("li", {}, it.button, it.hands, it.status)),
  );
  places = Object.keys(level.places).map((name) => [name, make("dd")]);
  part("dl").replaceChildren(
    ...places.map(([name, dd]) => make("div", {}, make("dt", {}, name), dd)),
  );
  marks = [];
  const programs = new Set(level.threads.map((it) => it.program));
  part(".panes").replaceChildren(...[...programs].map(pane));
};

/** The code of a program, once for all threads that run it. */
const pane = (program) => {
  const all = [...level.threads.keys()];
  const threads = all.filter((it) => level.threads[it].program === program);
  const { lines, moves } = level.threads[threads[0]];
  const style = `--threads: ${threads.length}`;
  const pane = make("ol", { className: "pane", style });
  let last = "";
  lines.forEach(({ mark, text, from }, number) => {
    const place = from ? `${from[0]}, fn ${from[1]}` : "";
    if (from && place !== last) {
      pane.append(make("li", { className: "from" }, place));
    }
    last = place;
    const tags = make("span", { className: "tags" });
    const shown = make(from ? "code" : "em", {}, text.trim());
    shown.style.setProperty("--indent", text.search(/\S/) / 4);
    const item = make("li", {}, tags, shown);
    if (mark === "!") item.append(make("small", {}, "a mistake"));
    if (moves.some((it) => it.line === number)) item.className = "stop";
    marks.push({ tags, threads, number });
    pane.append(item);
  });
  return pane;
};

const chips = (things) => {
  if (!things.length) return ["–"];
  const [first, ...rest] = things;
  const areSame = rest.length && rest.every((it) => it === first);
  const shown = areSame ? [`${first} ×${things.length}`] : things;
  return shown.map((it) => make("i", {}, it));
};

const show = (text, way = moves) => {
  rows.forEach(({ button, hands, status: line }, index) => {
    button.setAttribute("aria-disabled", !canMove(index));
    hands.replaceChildren(...chips(state().hands[index]));
    line.textContent = curly(status(level, state(), index));
  });
  for (const [name, dd] of places) {
    dd.replaceChildren(...chips(state().places[name]));
  }
  for (const { tags, threads, number } of marks) {
    const here = threads.filter((it) => {
      const { moves } = level.threads[it];
      return moves[state().at[it]]?.line === number;
    });
    const names = here.map((it) => make("b", {}, level.threads[it].name));
    tags.replaceChildren(...names);
  }
  const isSolved = ["reached", "impossible"].includes(outcome);
  const said = part(".said");
  if (isSolved && solved.size === levels.length) text += THE_END;
  said.textContent = curly(text[0].toUpperCase() + text.slice(1));
  said.classList.toggle("solved", isSolved);
  part(".next").disabled = !isSolved;
  part(".progress").textContent = `${solved.size} of ${levels.length} solved`;
  const options = levels.map(({ name, title }, index) => {
    const mark = solved.has(name) ? " ✓" : "";
    const text = `${index + 1}. ${curly(title)}${mark}`;
    return make("option", { value: name }, text);
  });
  select.replaceChildren(...options);
  select.value = level.name;
  Object.assign(root.dataset, { level: level.name, outcome });
  root.dataset.moves = moves.length;
  drawStrip(way.length ? way : (search(level, states[0]).way ?? []));
  remember();
};

/** A frame for each of these moves, from the beginning. */
const drawStrip = (way) => {
  let state = states[0];
  const frames = way.map((thread) => {
    const { name, moves, lines } = level.threads[thread];
    const line = lines[moves[state.at[thread]].line].text.trim();
    const next = step(level, state, thread);
    state = next.state;
    const { hands, places } = state;
    const all = level.threads.map((it, index) => [it.name, hands[index]]);
    all.push(...Object.keys(level.places).map((it) => [it, places[it]]));
    const full = all.filter(([, things]) => things.length);
    const after = full.map(([place, it]) => `${place}: ${it.join(", ")}`);
    return make(
      "li",
      {},
      make("strong", {}, curly(`${name} ${next.name}`)),
      make("code", {}, line),
      make("span", {}, after.join(" · ")),
    );
  });
  part(".strip ol").replaceChildren(...frames);
};

// ---- The address: #play=LEVEL:1,2,impossible ----

const remember = () => {
  const list = moves.map((it) => it + 1);
  if (outcome === "impossible") list.push(outcome);
  try {
    history.replaceState(null, "", `#play=${level.name}:${list}`);
  } catch {
    // Too many moves in too short a time: the address stays as it is.
  }
};

const play = () => {
  const [name, list] = location.hash.replace("#play=", "").split(":");
  const asked = levels.find((it) => it.name === name);
  open(asked ?? levels.find((it) => !solved.has(it.name)) ?? levels[0]);
  for (const word of (list ?? "").split(",").filter(Boolean)) {
    if (word === "impossible") claim();
    else move(Number(word) - 1);
  }
};

const ACTIONS = [
  ["u", "Undo", undo],
  ["r", "Restart", restart],
  ["h", "Hint", hint],
  ["i", "It’s impossible", claim],
  ["o", "Shortest solution", showShortest],
  ["n", "Next level", openNext],
];

for (const [key, name, onclick] of ACTIONS) {
  const label = [make("kbd", {}, key), ` ${name}`];
  part(".buttons").append(make("button", { onclick }, ...label));
}
part(".buttons").lastChild.className = "next";
select.onchange = () => open(levels.find((it) => it.name === select.value));
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, textarea, select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[1-9]$/.test(event.key)) move(Number(event.key) - 1);
  else ACTIONS.find(([key]) => key === event.key)?.[2]();
});
window.addEventListener("hashchange", () => {
  if (location.hash.startsWith("#play=")) play();
});
window.addEventListener("beforeprint", () => (part(".strip").open = true));
play();
