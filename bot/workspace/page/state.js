// What the page knows. Frames from the workspace change it; views listen to it. No DOM here.

const memory = (key, value) => {
  try {
    if (value === undefined) return sessionStorage.getItem(`rollbot.${key}`);
    sessionStorage.setItem(`rollbot.${key}`, value);
  } catch {
    // storage may be forbidden: the page only forgets more
  }
  return null;
};

export const state = {
  ready: false,
  page: "closed", // the socket of this page
  bots: 0, // how many bots hold a Socket Mode connection
  title: "Local workspace",
  team: {},
  bot: { id: "", name: "bot" },
  people: [],
  channels: [],
  commands: [],
  messages: new Map(), // channel -> messages by ts
  streams: new Map(), // "channel ts" -> {user, message}: what only one person sees grow
  private: [], // {channel, user, message}: ephemeral messages of everybody
  views: new Map(), // user -> stack of open modals
  homes: new Map(), // user -> App Home view
  panel: null,
  persona: memory("persona"),
  place: memory("place"), // a channel id, or "home"
  thread: null, // ts of the open thread
  began: null, // the newest ts when the page came: what is older is not new
  readThreads: new Map(), // "user channel thread" -> ts last seen
  read: new Map(), // "user channel" -> ts last seen
  calls: new Map(), // user -> number of private things that wait for them
};

const bus = new EventTarget();
/** Calls `listener` for each of the named changes ("messages panel ..."); `*` hears all. */
export function on(names, listener) {
  for (const name of names.split(" ")) bus.addEventListener(name, (event) => listener(event.detail));
}
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

export const me = () => state.people.find((person) => person.id === state.persona);
export const channel = (id) => state.channels.find((one) => one.id === id);
export const person = (id) => (id === state.bot.id ? state.bot : state.people.find((one) => one.id === id));
export const isBot = (message) => message.user === state.bot.id || (!person(message.user) && Boolean(message.bot_id || message.app_id));

function hello(frame) {
  state.ready = true;
  Object.assign(state, {
    title: frame.title || "Local workspace",
    team: frame.team ?? {},
    bot: frame.bot ?? state.bot,
    people: frame.people ?? [],
    channels: frame.channels ?? [],
    commands: frame.commands ?? [],
    panel: frame.panel ?? null,
    bots: frame.bots ?? state.bots,
    messages: new Map(),
  });
  for (const [id, list] of Object.entries(frame.messages ?? {})) {
    // A restart of the page must not lose a parent's place: Slack's order is the order of ts.
    state.messages.set(id, [...list].sort((a, b) => Number(a.ts) - Number(b.ts)));
  }
  state.began ??= Math.max(0, ...[...state.messages.values()].map((list) => Number(list.at(-1)?.ts ?? 0)));
  state.views = new Map();
  for (const { user, view: shown } of frame.views ?? []) state.views.set(user, [...(state.views.get(user) ?? []), shown]);
  if (!me()) state.persona = state.people[0]?.id ?? null;
  settlePlace();
  tell("hello");
}

/** What a person may enter: their own direct messages, private channels they are in; a guest only where they were invited. */
export function open(one, id = state.persona) {
  const inside = (one.members ?? []).includes(id);
  if (one.is_archived) return false;
  return one.is_private || one.is_im || person(id)?.is_guest ? inside : true;
}
export const places = () => state.channels.filter((one) => open(one));

function settlePlace() {
  const here = channel(state.place);
  if (state.place !== "home" && !(here && open(here))) state.place = places().find((one) => !one.is_im)?.id ?? "home";
}

function message({ event, channel: id, message: said }) {
  const list = state.messages.get(id) ?? [];
  state.messages.set(id, list);
  state.streams.delete(`${id} ${said.ts}`); // now everybody sees the same
  const at = list.findIndex((one) => one.ts === said.ts);
  const before = at < 0 ? null : list[at];
  if (event === "deleted") {
    if (at >= 0) list.splice(at, 1);
  } else if (at >= 0) {
    list[at] = said;
  } else {
    let place = list.length;
    while (place > 0 && Number(list[place - 1].ts) > Number(said.ts)) place -= 1;
    list.splice(place, 0, said);
  }
  tell("messages", { event: at < 0 && event !== "deleted" ? "posted" : event, channel: id, message: said, before });
}

function ephemeral(frame) {
  const at = state.private.findIndex((one) => one.channel === frame.channel && one.user === frame.user && one.message.ts === frame.message?.ts);
  if (frame.type === "ephemeral_deleted") {
    if (at >= 0) state.private.splice(at, 1);
  } else if (at >= 0) {
    state.private[at] = { ...frame, message: { ...state.private[at].message, ...frame.message, ephemeral: true } };
  } else {
    state.private.push({ channel: frame.channel, user: frame.user, message: { ...frame.message, ephemeral: true } });
    call(frame.user);
  }
  const event = frame.type === "ephemeral_deleted" ? "deleted" : at < 0 ? "posted" : "changed";
  tell("messages", { event, channel: frame.channel, user: frame.user, message: frame.message, ephemeral: true });
}

function view({ event, user, view: shown }) {
  const stack = state.views.get(user) ?? [];
  state.views.set(user, stack);
  const at = stack.findIndex((one) => one.id === shown.id);
  if (event === "closed") {
    if (at >= 0) stack.splice(at, 1);
  } else if (at >= 0) stack[at] = shown;
  else stack.push(shown);
  if (event === "opened") call(user);
  tell("views", { user });
}

function call(user) {
  if (user === state.persona) return;
  state.calls.set(user, (state.calls.get(user) ?? 0) + 1);
  tell("calls");
}

let failures = 0;
function failed({ user, channel: id, text }) {
  failures += 1;
  const ts = `${(Date.now() / 1000).toFixed(3)}${String(failures % 1000).padStart(3, "0")}`;
  ephemeral({ type: "ephemeral", channel: id, user, message: { ts, text, failed: true } });
}

/** Takes one frame from the workspace. Kinds it does not know are passed over. */
export function take(frame) {
  if (frame.type === "hello") hello(frame);
  else if (frame.type === "message") message(frame);
  else if (frame.type?.startsWith("ephemeral")) ephemeral(frame);
  else if (frame.type === "stream") {
    state.streams.set(`${frame.channel} ${frame.ts}`, { user: frame.user, message: frame.message });
    tell("messages", { event: "changed", channel: frame.channel, message: frame.message });
  } else if (frame.type === "view") view(frame);
  else if (frame.type === "failed") failed(frame);
  else if (frame.type === "home") {
    state.homes.set(frame.user, frame.view);
    tell("home", frame);
  } else if (frame.type === "panel") {
    state.panel = frame.panel;
    tell("panel");
  } else if (frame.type === "channel") {
    const at = state.channels.findIndex((one) => one.id === frame.channel.id);
    if (at >= 0) state.channels[at] = frame.channel;
    else state.channels.push(frame.channel);
    tell("channels");
  } else if (frame.type === "connection") {
    state.bots = frame.bots ?? 0;
    tell("connection");
  }
}

/** Everything the present persona may see in a channel, in order; private messages of others never. */
export function seen(id, persona = state.persona) {
  const own = state.private.filter((one) => one.channel === id && one.user === persona).map((one) => one.message);
  const grown = (said) => {
    const stream = state.streams.get(`${id} ${said.ts}`);
    return stream?.user === persona ? stream.message : said;
  };
  return [...(state.messages.get(id) ?? []).map(grown), ...own].sort((a, b) => Number(a.ts) - Number(b.ts));
}

export const isReply = (said) => Boolean(said.thread_ts) && said.thread_ts !== said.ts;
export const inChannel = (id) => seen(id).filter((said) => !isReply(said) || said.subtype === "thread_broadcast" || said.reply_broadcast);
/** The replies of every thread of a channel: ts of the parent -> replies in order. */
export function threads(id) {
  const out = new Map();
  for (const said of seen(id)) {
    if (!isReply(said)) continue;
    if (!out.has(said.thread_ts)) out.set(said.thread_ts, []);
    out.get(said.thread_ts).push(said);
  }
  return out;
}
export const inThread = (id, ts) => seen(id).filter((said) => isReply(said) && said.thread_ts === ts);

export const lastRead = (id) => state.read.get(`${state.persona} ${id}`) ?? null;
export function markRead(id) {
  const newest = state.messages.get(id)?.at(-1)?.ts;
  if (newest) state.read.set(`${state.persona} ${id}`, newest);
}
export function unread(id) {
  const since = Number(lastRead(id) ?? 0);
  return inChannel(id).filter((said) => Number(said.ts) > since && said.user !== state.persona).length;
}

const threadKey = (id, ts) => `${state.persona} ${id} ${ts}`;
/** How many of these replies somebody else wrote since this person last saw the thread. */
export function newReplies(id, ts, replies) {
  const since = Number(state.readThreads.get(threadKey(id, ts)) ?? state.began);
  return replies.filter((said) => Number(said.ts) > since && said.user !== state.persona).length;
}
export function markThread(id, ts, replies) {
  if (replies.length) state.readThreads.set(threadKey(id, ts), replies.at(-1).ts);
}

export function become(id) {
  if (id === state.persona) return;
  state.persona = id;
  state.calls.delete(id);
  memory("persona", id);
  const before = state.place;
  settlePlace();
  if (state.place !== before) state.thread = null;
  tell("persona");
}
export function go(place) {
  state.place = place;
  state.thread = null;
  memory("place", place);
  tell("place");
}
export function openThread(ts) {
  state.thread = ts;
  tell("thread");
}
export function setPage(value) {
  state.page = value;
  tell("connection");
}
