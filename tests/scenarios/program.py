"""A service of the scenarios, run as a process. How it behaves is read from a file, so that a test can break and mend it.

FOLDER/NAME@VERSION holds words: dies, unready (until the word is gone), bad (its check fails), hold (its check waits until the
word is gone), slow (ends only when the word is gone), stranger (when it ends, another process takes its port).
FOLDER/registry holds an agent's address and token: there the service registers itself before it answers.
"""

import argparse
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

given = argparse.ArgumentParser()
for name in ("name", "version", "port", "folder"):
    given.add_argument(name)
me = given.parse_args()
way = Path(me.folder) / f"{me.name}@{me.version}"
STRANGER = """
import socket, sys, time
taken = socket.socket()
taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
taken.bind(("127.0.0.1", int(sys.argv[1])))
taken.listen()
open(sys.argv[2], "w").close()
time.sleep(120)
"""


def told(word):
    try:
        return word in way.read_text().split()
    except FileNotFoundError:
        return False


def mark(what):
    Path(f"{way}.{what}").touch()


with (Path(me.folder) / "starts").open("a") as starts:
    starts.write(f"{me.name} {me.version}\n")
secrets = [name for name in os.environ if name.startswith(("SLACK_", "ROLLBOT_")) and name != "ROLLBOT_PROCESS"]
if secrets:
    (Path(me.folder) / "inherited").write_text(" ".join(secrets))
print(f"{me.name} {me.version} starts", flush=True)
if told("dies"):
    print("password=hunter22222 is refused", flush=True)
    print("cannot open the ledger <!channel>", flush=True)
    sys.exit(7)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = 200, {"ok": True, "service": me.name, "version": me.version}
        if self.path == "/healthz" and told("unready"):
            mark("waits")
            status = 503
        if self.path == "/check":
            mark("checked")
            while told("hold"):
                time.sleep(0.02)
            status = 500 if told("bad") else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


def register():
    """As services of Consul do, under the same id whatever the release."""
    try:
        agent, token = (Path(me.folder) / "registry").read_text().split()
    except FileNotFoundError:
        return
    body = json.dumps({"ID": f"{me.name}-1", "Name": me.name, "Meta": {"version": me.version}}).encode()
    headers = {"X-Consul-Token": token}
    ask = urllib.request.Request(f"{agent}/v1/agent/service/register", body, headers, method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask, timeout=10).close()


register()
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(me.port)), Handler)


def stop(*_):
    def end():
        if told("slow"):
            mark("stopping")
        while told("slow"):
            time.sleep(0.02)
        server.shutdown()

    threading.Thread(target=end).start()


signal.signal(signal.SIGTERM, stop)
server.serve_forever(poll_interval=0.02)
server.server_close()
if told("stranger"):
    taken = f"{way}.taken"
    subprocess.Popen([sys.executable, "-S", "-c", STRANGER, me.port, taken], start_new_session=True, env={})
    while not Path(taken).exists():
        time.sleep(0.02)
os._exit(0)
