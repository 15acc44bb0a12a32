"""An HTTP and HTTPS server in the hub's network that stores every request and answers by path.

It stands in for services that a test must not reach:
  /slack/...      behaves as Slack's documentation says of incoming webhooks: 200 `ok`; 400 `invalid_payload`
                  when the body is not JSON; 400 `no_text` when it has neither text, blocks nor attachments;
                  403 `invalid_token` when the path ends in /invalid-token; 404 `no_service` for /no-service
  /dingtalk/...   answers 200 with {"errcode": 0, "errmsg": "ok"}, or errcode 400 when the body has no msgtype
  anything else   204

WebhookSink is the tests' side. Run as a program this module is the server. A scripted reply, chosen by the
beginning of the path, may hold status, body, headers, delay (seconds before the answer) and cut (close the
connection without an answer).
"""

import argparse
import http.server
import json
import ssl
import threading
import time

from . import settings
from .hub_server import HubServer, Storage, announce_ready, server_arguments

HTTP_PORT = 8080
HTTPS_PORT = 8443


class WebhookSink(HubServer):
    """Start, stop, script and read the sink. received(): time, method, path, headers, body, and the status sent."""

    module = "webhook_sink"

    def __init__(self, cluster, name="webhooks"):
        super().__init__(cluster, name)
        self.http = f"http://{settings.HUB}:{HTTP_PORT}"
        self.https = f"https://{settings.HUB}:{HTTPS_PORT}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Store a request, then answer it."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    storage = None
    turn = threading.Lock()

    def answer(self):
        """Any method"""
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
        with self.turn:
            reply = self.storage.scripted(self.path)
            if reply is None:
                reply = usual_reply(self.path, body)
            self.storage.keep({"time": time.time(), "method": self.command, "path": self.path, "body": body,
                               "headers": {name.lower(): value for name, value in self.headers.items()},
                               "peer": self.client_address[0],
                               "status": 0 if reply.get("cut") else reply.get("status", 200)})
        time.sleep(reply.get("delay", 0))
        if reply.get("cut"):
            self.close_connection = True
            return
        self.send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # the names are the base class's

    def send(self, reply):
        """Write status, headers and body."""
        content = reply.get("body", "").encode()
        self.send_response(reply.get("status", 200))
        for name, value in reply.get("headers", {}).items():
            self.send_header(name, str(value))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Requests are stored, not printed."""


def usual_reply(path, body):
    """What the services answer when nothing is scripted."""
    if path.startswith("/slack/"):
        return slack_reply(path, body)
    if path.startswith("/dingtalk/"):
        valid = isinstance(parsed(body), dict) and "msgtype" in parsed(body)
        answer = {"errcode": 0, "errmsg": "ok"} if valid else {"errcode": 400, "errmsg": "param error"}
        return {"status": 200, "body": json.dumps(answer), "headers": {"content-type": "application/json"}}
    return {"status": 204}


def slack_reply(path, body):
    """Slack's documented answers to an incoming webhook."""
    if path.endswith("/invalid-token"):
        return {"status": 403, "body": "invalid_token"}
    if path.endswith("/no-service"):
        return {"status": 404, "body": "no_service"}
    message = parsed(body)
    if not isinstance(message, dict):
        return {"status": 400, "body": "invalid_payload"}
    if not any(message.get(part) for part in ("text", "blocks", "attachments")):
        return {"status": 400, "body": "no_text"}
    return {"status": 200, "body": "ok"}


def parsed(body):
    """JSON, or None when it is not."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def serve():
    """Be the server until a signal ends it."""
    arguments = server_arguments(argparse.ArgumentParser(description="Stores and answers webhooks."))
    Handler.storage = Storage(arguments.folder)
    plain = http.server.ThreadingHTTPServer((settings.HUB_ADDRESS, HTTP_PORT), Handler)
    secure = http.server.ThreadingHTTPServer((settings.HUB_ADDRESS, HTTPS_PORT), Handler)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(arguments.certificate, arguments.key)
    secure.socket = tls.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    announce_ready()
    plain.serve_forever()


if __name__ == "__main__":
    serve()
