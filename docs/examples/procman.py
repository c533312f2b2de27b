#!/usr/bin/env python3
"""A client of procmand in Python, with nothing but its standard library.

procman.py SOCKET status        a line for each process; exit code 3 where something is wrong
procman.py SOCKET logs NAME     the last lines of a log, and those to come
procman.py SOCKET watch         what happens, as it happens
"""
import json
import socket
import sys


class ProcmanError(Exception):
    """The daemon refused: `code` and `data` as docs/protocol.md has them."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.data = error.get("data")


class Procman:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")
        self._next_id = 1
        self._notifications = []

    def call(self, method, **params):
        """Params by name; the answer's result. A call that waits (start, stop, restart) returns when it is done."""
        identity = self._next_id
        self._next_id += 1
        request = {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        for message in self._messages():
            if "method" in message:
                self._notifications.append(message)  # may come before the answer
            elif "error" in message:
                raise ProcmanError(message["error"])
            elif message["id"] == identity:
                return message["result"]
        raise ConnectionError("the daemon has gone")

    def notifications(self):
        """What comes after `logs` with follow, or `subscribe`: method and params, until the daemon goes."""
        while self._notifications:
            message = self._notifications.pop(0)
            yield message["method"], message["params"]
        for message in self._messages():
            yield message["method"], message["params"]

    def _messages(self):
        for line in self._lines:
            yield json.loads(line)


def status(daemon):
    rows = daemon.call("status")["processes"]
    for row in rows:
        print(f"{row['name']:<24} {row['state']:<9} {row['verdict']:<8} {row['reason']['message']}", flush=True)
    return 3 if any(row["verdict"] == "problem" for row in rows) else 0


def logs(daemon, name):
    for line in daemon.call("logs", name=name, follow=True)["lines"]:
        print(line, flush=True)
    for method, params in daemon.notifications():
        if method == "log":
            print(*params["lines"], sep="\n", flush=True)


def watch(daemon):
    daemon.call("subscribe")
    for method, event in daemon.notifications():
        if method == "event":
            print(event["at"], event["type"], event.get("name", "-"), event["message"], flush=True)


def main(words):
    commands = {"status": (status, 0), "logs": (logs, 1), "watch": (watch, 0)}
    if len(words) < 2 or words[1] not in commands or len(words) != 2 + commands[words[1]][1]:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return commands[words[1]][0](Procman(words[0]), *words[2:]) or 0
    except ProcmanError as error:
        print(f"error {error.code}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{words[0]}: {error.strerror or error}", file=sys.stderr)
        return 5
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
