// The rules of the page "You are the scheduler". How a level is written, and
// what its moves mean: see scheduler_levels.txt.

const END = -1;

// ---- Reading the levels ----

const cut = (text, at) => {
  const index = text.indexOf(at);
  if (index < 0) return [text, ""];
  return [text.slice(0, index), text.slice(index + at.length)];
};

const condition = (text) => {
  if (text === "stuck") return { is: text };
  const parts = text.match(/^(.+?) (has|lacks|is empty) ?(.*)$/);
  const [, place, is, thing] = parts;
  return { is, place, thing };
};

const clause = (text) => {
  const [verb, rest] = cut(text, " ");
  if (verb === "if") return { verb, condition: condition(rest) };
  if (verb === "then") return { verb, target: rest };
  if (verb === "clear") return { verb, place: rest };
  const [, thing, place] = rest.match(/^(.+?) (?:from|in) (.+)$/);
  return { verb, thing, place };
};

const way = (text) => {
  const [name, clauses] = cut(text, ": ");
  return { name, clauses: clauses.split(", ").map(clause) };
};

const readProgram = (text, programs) => {
  const program = { lines: [], moves: [] };
  let from = null;
  for (const line of text) {
    const [mark, rest] = cut(line, " ");
    if (mark === "from") {
      from = rest.split(", ");
    } else if (mark === "and") {
      const offset = program.lines.length;
      const other = programs[rest];
      program.lines.push(
        ...other.lines.map((it) => ({ ...it, from: it.from ?? from })),
      );
      program.moves.push(
        ...other.moves.map((it) => ({ ...it, line: it.line + offset })),
      );
    } else if (mark === "") {
      const move = rest.trim();
      if (move.startsWith("or ")) {
        program.moves.at(-1).ways.push(way(move.slice("or ".length)));
      } else {
        const line = program.lines.length - 1;
        program.moves.push({ line, ways: [way(move)] });
      }
    } else {
      const place = mark === "-" ? null : from;
      program.lines.push({ mark, text: rest, from: place });
    }
  }
  return program;
};

const readLevel = (head, lines, levels, programs) => {
  const [names, title] = cut(head, ": ");
  const [name, other] = cut(names, " like ");
  const like = levels.find((it) => it.name === other);
  const level = like
    ? { ...like, places: { ...like.places }, threads: [...like.threads] }
    : { places: {}, threads: [] };
  Object.assign(level, { name, title, task: "", done: "" });
  for (const line of lines) {
    const [key, rest] = cut(line, " ");
    if (key === "task" || key === "done") {
      level[key] = `${level[key]} ${rest}`.trim();
    } else if (key === "place") {
      const [place, things] = cut(rest, ": ");
      delete level.places[place];
      level.places[place] = things ? things.split(", ") : [];
    } else if (key === "thread") {
      const [thread, what] = cut(rest, " runs ");
      const [program, holding] = cut(what, " holding ");
      const made = {
        name: thread,
        program,
        ...programs[program],
        hands: holding ? holding.split(", ") : [],
      };
      made.isCode = made.lines.some((it) => it.from);
      const index = level.threads.findIndex((it) => it.name === thread);
      level.threads.splice(index < 0 ? Infinity : index, 1, made);
    } else if (key === "goal") {
      level.goal = rest.split(", ").map(condition);
    } else if (key === "possible" || key === "impossible") {
      level.isPossible = key === "possible";
    } else if (key === "chapter") {
      level.chapter = rest;
    }
  }
  return level;
};

const readLevels = (text) => {
  const programs = {};
  const levels = [];
  const lines = text.replace(/\n {7}/g, " ").split("\n");
  const kept = lines.filter((line) => !line.startsWith("#"));
  for (const part of kept.join("\n").split(/\n\n+/)) {
    const [head, ...rest] = part.trim().split("\n");
    const [kind, name] = cut(head, " ");
    if (kind === "program") programs[name] = readProgram(rest, programs);
    if (kind === "level") {
      levels.push(readLevel(name, rest, levels, programs));
    }
  }
  return levels;
};

// ---- The rules ----

const start = (level) => ({
  at: level.threads.map(() => 0),
  hands: level.threads.map((it) => it.hands),
  places: { ...level.places, ended: [] },
});

const content = (state, thread, place) =>
  place === "hands" ? state.hands[thread] : state.places[place];

const named = (state, thread, thing) =>
  thing === "it" ? state.hands[thread].at(-1) : thing;

const isSo = (level, state, { is, place, thing }, thread = 0) => {
  if (is === "stuck") {
    return level.threads.every((_, it) => !step(level, state, it));
  }
  const things = content(state, thread, place);
  if (is === "is empty") return things.length === 0;
  return things.includes(named(state, thread, thing)) === (is === "has");
};

const isReached = (level, state) =>
  level.goal.every((it) => isSo(level, state, it));

const end = (level, state, thread) => {
  state.at[thread] = END;
  state.places.ended.push(level.threads[thread].name);
};

/** Takes a thing out of a list. Undefined if it isn't there. */
const remove = (things, thing) => {
  const index = thing === "anything" ? 0 : things.indexOf(thing);
  return index < 0 ? undefined : things.splice(index, 1)[0];
};

const jump = (level, state, thread, target) => {
  if (target === "again") {
    state.at[thread] = 0;
  } else if (target === "end") {
    end(level, state, thread);
  } else if (target === "exit") {
    level.threads.forEach((it, index) => {
      if (it.isCode) state.at[index] = END;
    });
    state.places.ended.push("process");
  } else {
    const { moves } = level.threads[thread];
    state.at[thread] = moves.findIndex((it) => it.ways[0].name === target);
  }
};

/** Does what a clause says. Returns false if the thread has to wait. */
const apply = (level, state, thread, clause) => {
  const { verb, place } = clause;
  if (verb === "if") return isSo(level, state, clause.condition, thread);
  if (verb === "then") {
    jump(level, state, thread, clause.target);
    return true;
  }
  const things = content(state, thread, place);
  const hands = state.hands[thread];
  const thing = named(state, thread, clause.thing);
  if (verb === "clear") things.length = 0;
  if (verb === "make") things.push(thing);
  if (verb === "put") things.push(remove(hands, thing));
  if (verb === "take" || verb === "remove") {
    const taken = remove(things, thing);
    if (taken === undefined) return false;
    if (verb === "take") hands.push(taken);
  }
  return true;
};

/** The state after a thread's next move, and the move's name. */
const step = (level, state, thread) => {
  const { moves } = level.threads[thread];
  for (const { name, clauses } of moves[state.at[thread]]?.ways ?? []) {
    const next = structuredClone(state);
    next.at[thread] += 1;
    if (!clauses.every((it) => apply(level, next, thread, it))) continue;
    if (next.at[thread] >= moves.length) end(level, next, thread);
    return { state: next, name };
  }
  return null;
};

/** The shortest way to the goal, and how many states there are. */
const search = (level, from) => {
  const known = new Set([JSON.stringify(from)]);
  const open = [{ state: from, way: [] }];
  for (const { state, way } of open) {
    if (isReached(level, state)) return { way, states: known.size };
    for (const thread of level.threads.keys()) {
      const next = step(level, state, thread)?.state;
      const key = JSON.stringify(next);
      if (!next || known.has(key)) continue;
      known.add(key);
      open.push({ state: next, way: [...way, thread] });
    }
  }
  return { way: null, states: known.size };
};

/** What a thread does next, or what it waits for. */
const status = (level, state, thread) => {
  const next = step(level, state, thread);
  if (next) return `next: ${next.name}`;
  const { threads } = level;
  if (state.at[thread] === END) {
    const { ended } = state.places;
    return ended.includes(threads[thread].name) ? "has ended" : "was ended";
  }
  const [way] = threads[thread].moves[state.at[thread]].ways;
  const { verb, place, thing, condition: it } = way.clauses[0];
  if (verb === "if") {
    if (it.place === "ended") return `waits until ${it.thing} has ended`;
    return `waits until the ${it.place} ${it.is} ${it.thing}`;
  }
  if (thing === "anything") return `waits, because the ${place} is empty`;
  const holder = state.hands.findIndex((things) => things.includes(thing));
  if (holder >= 0) {
    return `waits for the ${thing}, which ${threads[holder].name} has`;
  }
  const what = thing === "it" ? state.hands[thread].at(-1) : `the ${thing}`;
  return `waits for ${what} in the ${place}`;
};
