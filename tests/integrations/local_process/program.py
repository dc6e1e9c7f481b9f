"""A small service for the tests, run as a process: answers its version, and misbehaves as told."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

words = argparse.ArgumentParser()
words.add_argument("--port", type=int)
words.add_argument("--release")
words.add_argument("--name", default="order-service")
words.add_argument("--how", default="")
given = words.parse_args()

if "STARTS" in os.environ:
    with Path(os.environ["STARTS"]).open("a") as starts:
        starts.write(f"{given.release}\n")
print(f"starting {given.release}", flush=True)
if "dies" in given.how:
    print("password=hunter22222 could not open the ledger", flush=True)
    sys.exit(3)
if "stubborn" in given.how:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-S", "-c", deaf])
    print(f"child {child.pid}", flush=True)
if "orphan" in given.how:
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    print(f"child {child.pid}", flush=True)
if "silent" in given.how:
    time.sleep(600)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("told to die", flush=True)
            signal.raise_signal(signal.SIGKILL)
        status = 503 if "unready" in given.how and self.path == "/healthz" else 200
        said = "0.0.9" if "liar" in given.how else given.release
        body = said if "plain" in given.how else json.dumps({"service": given.name, "version": said})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", given.port), Handler).serve_forever()
