// The wire to the local workspace: one WebSocket down, small posts up. Reconnects by itself.

const token = new URLSearchParams(location.search).get("token") ?? "";
const FIRST_WAIT = 400;
const LONGEST_WAIT = 5000;

/** Opens the socket and keeps it open. `onFrame` gets each frame, `onState` gets "open" or "closed". */
export function connect({ onFrame, onState }) {
  let wait = FIRST_WAIT;
  let timer = 0;
  const open = () => {
    const address = new URL("/page/socket", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("token", token);
    const socket = new WebSocket(address);
    socket.onopen = () => {
      wait = FIRST_WAIT;
      onState("open");
    };
    socket.onmessage = (event) => {
      let frame;
      try {
        frame = JSON.parse(event.data);
      } catch {
        return; // not ours: nothing to show
      }
      onFrame(frame);
    };
    socket.onclose = () => {
      onState("closed");
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  open();
  return () => clearTimeout(timer);
}

/** Posts one deed. Answers the server's JSON; a lost server answers {ok: false, error: words} like any other "no". */
export async function post(path, body) {
  try {
    const answer = await fetch(`/page/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Rollbot-Token": token },
      body: JSON.stringify(body),
    });
    const data = await answer.json();
    return typeof data?.ok === "boolean" ? data : { ok: answer.ok, ...data };
  } catch {
    return { ok: false, error: "The local workspace does not answer. Is the demo still running in its terminal?" };
  }
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
/** The address of one of the workspace's own files as this page may load it, or null for anything from elsewhere. */
export function fileUrl(url) {
  try {
    const address = new URL(url, location.href);
    const same = address.port === location.port && LOOPBACK.includes(address.hostname) && LOOPBACK.includes(location.hostname);
    if (address.origin !== location.origin && !same) return null;
    return new URL(address.pathname + address.search, location.origin).href;
  } catch {
    return null;
  }
}
