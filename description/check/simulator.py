"""A simulator for a check: started, spoken to, ended."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent


class Simulator:
    def __init__(self, mode):
        program = [os.environ["SIMULATOR_PROGRAM"], "--mode", mode, "--scenario", str(HERE / "world.toml")]
        program += ["--now", "2026-11-20T10:00:00+05:30", "--speed", "10"]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["http"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def command(self, path, body=None):
        """Sends a command to the control interface."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_sim{path}", data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def advance(self, seconds):
        """Moves the clock on."""
        self.command("/clock", {"advance_s": seconds})

    def effects(self):
        """What has happened so far."""
        return [entry["effect"] for entry in self.command("/requests")["requests"] if entry["effect"]]
