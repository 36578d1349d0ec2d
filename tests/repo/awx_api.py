"""A stand-in for AWX's REST API on loopback, with what "awx import" needs of it, and AWX's objections.

It keeps what is posted, finds objects by their fields, gives them page by page with their links, and says by OPTIONS
what it takes. What it can't do, such as jobs, permissions and deleting, it answers with 404, 405 or 501. It takes a
label that is there already as AWX does: it attaches it, and answers with 204.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import awx_rules
from awx_kinds import EDGES, KINDS, NODES

TOKEN = "not-a-secret"
PAGE = 25
BASE = "/api/v2/"
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "boolean": bool, "json": (dict, list)}


class RefusedError(Exception):
    """Answered with 400, or with the status given."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Controller:
    """What it knows: objects by kind and ID, and by object the IDs in its lists and its survey."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.lists: dict[tuple[int, str], list[int]] = {}
        self.surveys: dict[int, dict[str, Any]] = {}
        self.count = 0

    def add(self, kind: str, fields: dict[str, Any]) -> int:
        """A new object, if AWX would take it."""
        known = KINDS[kind]
        wrong = [f"{name} is required" for name in known.required if fields.get(name) in (None, "")]
        kept = {name: value for name, value in fields.items() if name in known.fields}
        for name, value in kept.items():
            wanted = known.fields[name]
            if value is None:
                continue
            if wanted == "id":
                if self.kind_of(value) is None:
                    wrong.append(f"{name}: there is no object {value}")
            elif not isinstance(value, TYPES[wanted]) or isinstance(value, bool) != (wanted == "boolean"):
                wrong.append(f"{name}: {value!r} is no {wanted}")
        if kind == "job_templates" and not (kept.get("inventory") or kept.get("ask_inventory_on_launch")):
            wrong.append("inventory: set one, or ask for it")
        if kind == NODES:
            wrong += self.prompts(kept)
        if kind == "credential_types":
            wrong += awx_rules.extra_vars((kept.get("injectors") or {}).get("extra_vars", {}))
        if kind == "schedules":
            wrong += awx_rules.schedule(kept, self.surveys.get(kept.get("unified_job_template") or 0, {}))
        if wrong:
            raise RefusedError("; ".join(wrong))
        self.count += 1
        self.objects[kind][self.count] = kept
        return self.count

    def prompts(self, node: dict[str, Any]) -> list[str]:
        """Whether what a node runs asks for its variables."""
        runs = self.objects["job_templates"].get(node.get("unified_job_template") or 0)
        if node.get("extra_data") and not (runs or {}).get("ask_variables_on_launch"):
            return ["extra_data: the template does not ask for variables"]
        return []

    def kind_of(self, number: Any) -> str | None:
        return next((kind for kind, found in self.objects.items() if number in found), None)

    def shown(self, kind: str, number: int) -> dict[str, Any]:
        """An object as AWX shows it, with its links."""
        fields = dict(self.objects[kind][number])
        if kind == "job_templates":  # AWX takes it from the project
            fields["organization"] = self.objects["projects"][fields["project"]]["organization"]
        names = {**KINDS[kind].fields, "organization": "id"}
        links = {
            name: f"{BASE}{self.kind_of(value)}/{value}/"
            for name, value in fields.items()
            if names.get(name) == "id" and value is not None
        }
        url = f"{BASE}{kind}/{number}/"
        links |= {name: f"{url}{name}/" for name in KINDS[kind].lists}
        if kind in ("job_templates", "workflow_job_templates"):
            links["survey_spec"] = f"{url}survey_spec/"
        if kind == NODES:
            links["create_approval_template"] = f"{url}create_approval_template/"
        return {"id": number, "type": KINDS[kind].type, "url": url, "related": links, **fields}

    def post(self, kind: str, number: int, name: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """To something that hangs on an object."""
        if name == "survey_spec":
            wrong = awx_rules.survey(sent)
            if wrong:
                raise RefusedError("; ".join(wrong))
            self.surveys[number] = sent
            return 200, None
        if name == "create_approval_template":
            made = self.add("workflow_approval_templates", sent)
            self.objects[kind][number]["unified_job_template"] = made
            return 201, self.shown("workflow_approval_templates", made)
        held, parent = KINDS[kind].lists[name]
        if held == "labels" and "id" not in sent:
            there = [one for one, label in self.objects["labels"].items() if label == sent]
            sent = {"id": there[0]} if there else sent
        one = sent.get("id") or self.add(held, {**sent, parent: number} if parent else sent)
        if one not in self.objects[held]:
            raise RefusedError(f"there is no {KINDS[held].type} {one}")
        before = self.lists.setdefault((number, name), [])
        if one not in before:
            before.append(one)
            wrong = self.graph(number) if name in EDGES else []
            if wrong:
                before.remove(one)
                raise RefusedError("; ".join(wrong))
        return (204, None) if "id" in sent else (201, self.shown(held, one))

    def graph(self, node: int) -> list[str]:
        """Objections to the edges of the workflow that the node is in."""
        home = self.objects[NODES][node]["workflow_job_template"]
        mine = [one for one, fields in self.objects[NODES].items() if fields["workflow_job_template"] == home]
        approval = {"type": "workflow_approval", "timeout": 1}  # what the nodes run was looked at already
        nodes = [
            {
                "identifier": str(one),
                "related": {
                    edge: [{"identifier": str(each)} for each in self.lists.get((one, edge), [])] for edge in EDGES
                },
                "unified_job_template": approval,
            }
            for one in mine
        ]
        return awx_rules.workflow(nodes, {})


class Handler(BaseHTTPRequestHandler):
    """The HTTP of it."""

    protocol_version = "HTTP/1.1"
    controller: Controller
    lock = threading.Lock()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Quiet."""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        address = urlsplit(self.path)
        more: dict[str, str] = {}
        try:
            with self.lock:
                status, body, more = self.found(address.path, dict(parse_qsl(address.query)), text)
        except RefusedError as error:
            status, body = error.status, {"detail": str(error)}
        sent = b"" if status == 204 else json.dumps(body or {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(sent)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_OPTIONS = answer  # noqa: N815 - their names there

    def found(self, path: str, query: dict[str, str], text: bytes) -> tuple[int, Any, dict[str, str]]:
        if path == "/api/":
            return 200, {"available_versions": {"v2": BASE}, "current_version": BASE}, {}
        words = path.removeprefix(BASE).strip("/").split("/")
        if path == BASE:
            return 200, {"inventory" if kind == "inventories" else kind: f"{BASE}{kind}/" for kind in KINDS}, {}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise RefusedError("who are you?", 401)
        if not path.startswith(BASE) or words[0] not in KINDS or len(words) > 3:
            raise RefusedError(f"there is no {path}", 404)
        if self.command == "OPTIONS":
            return self.taken(words)
        known, kind = self.controller, words[0]
        sent: dict[str, Any] = json.loads(text) if text else {}
        if len(words) == 1:
            if self.command == "POST":
                return 201, known.shown(kind, known.add(kind, sent)), {}
            return 200, self.page(path, kind, list(known.objects[kind]), query), {}
        number = int(words[1])
        if number not in known.objects[kind]:
            raise RefusedError(f"there is no {path}", 404)
        if len(words) == 2:
            if self.command == "PUT":
                made = known.add(kind, {**known.objects[kind][number], **sent})
                known.objects[kind][number] = known.objects[kind].pop(made)
            return 200, known.shown(kind, number), {}
        if words[2] not in known.shown(kind, number)["related"]:
            raise RefusedError(f"there is no {path}", 404)
        if self.command == "POST":
            return (*known.post(kind, number, words[2], sent), {})
        if words[2] not in KINDS[kind].lists:
            raise RefusedError(f"{path} is not for reading here", 405)
        return 200, self.page(path, KINDS[kind].lists[words[2]][0], known.lists.get((number, words[2]), []), query), {}

    def page(self, path: str, kind: str, numbers: list[int], query: dict[str, str]) -> dict[str, Any]:
        first = int(query.pop("page", "1"))
        shown = [self.controller.shown(kind, one) for one in numbers]
        shown = [one for one in shown if all(str(one.get(name)) == value for name, value in query.items())]
        told = "&".join([*(f"{name}={value}" for name, value in query.items()), f"page={first + 1}"])
        following = f"{path}?{told}" if len(shown) > first * PAGE else None
        cut = shown[(first - 1) * PAGE : first * PAGE]
        return {"count": len(shown), "next": following, "previous": None, "results": cut}

    def taken(self, words: list[str]) -> tuple[int, Any, dict[str, str]]:
        """What a list takes, and that it takes something at all."""
        kind = words[0] if len(words) == 1 else KINDS[words[0]].lists.get(words[-1], ("", ""))[0]
        if not kind:
            raise RefusedError("not a list", 405)
        known = KINDS[kind]
        fields = {name: {"type": what, "required": name in known.required} for name, what in known.fields.items()}
        if len(words) == 3:
            fields["id"] = {"type": "integer", "required": False}
        body = {"name": kind, "actions": {"POST": fields}, "search_fields": ["name", "description"]}
        return 200, body, {"Allow": "GET, POST, HEAD, OPTIONS"}


@contextmanager
def serving(controller: Controller) -> Iterator[str]:
    """Its address while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"controller": controller}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
