"""A real etcd in the hub's network, over HTTP and over HTTPS with a certificate that was made for this run.

EtcdServer is the tests' side. Run as a program this module becomes etcd itself, so that ending it ends etcd. What
etcd knows stays in the server's folder: after stop() and start() it is all there again.
"""

import argparse
import base64
import json
import os
import subprocess
from pathlib import Path

from . import settings
from .hub_server import HubServer, announce_when_listening, server_arguments

CLIENT_PORT = 2379
SECURE_CLIENT_PORT = 2389
PEER_PORT = 2380


class EtcdServer(HubServer):
    """Start, stop and ask an etcd server."""

    module = "etcd_server"

    def __init__(self, cluster, name="etcd"):
        super().__init__(cluster, name)
        self.url = f"http://{settings.HUB}:{CLIENT_PORT}"
        self.secure_url = f"https://{settings.HUB}:{SECURE_CLIENT_PORT}"

    def ask(self, path, **request):
        """The answer of the JSON gateway, as a dictionary."""
        command = ["curl", "--silent", "--max-time", "5", "--data", json.dumps(request),
                   f"http://{settings.HUB_ADDRESS}:{CLIENT_PORT}/v3/{path}"]
        with self.cluster.start_in_hub(command, stdout=subprocess.PIPE) as process:
            return json.loads(process.communicate()[0])

    def value(self, key):
        """What a key holds, None when there is no such key."""
        found = self.ask("kv/range", key=base64.b64encode(key.encode()).decode()).get("kvs")
        return base64.b64decode(found[0]["value"]).decode() if found else None


def serve():
    """Be the server until a signal ends it."""
    arguments = server_arguments(argparse.ArgumentParser(description=__doc__))
    clients = (f"http://{settings.HUB_ADDRESS}:{CLIENT_PORT},"
               f"https://{settings.HUB_ADDRESS}:{SECURE_CLIENT_PORT}")
    if os.fork() == 0:
        announce_when_listening(CLIENT_PORT, SECURE_CLIENT_PORT)
        return
    os.dup2(2, 1)  # what is said on the standard output is the child's word alone
    os.execvp("etcd", [
        "etcd", "--data-dir", str(Path(arguments.folder) / "data"), "--listen-client-urls", clients,
        "--advertise-client-urls", clients, "--listen-peer-urls", f"http://127.0.0.1:{PEER_PORT}",
        "--cert-file", arguments.certificate, "--key-file", arguments.key, "--log-level", "warn"])


if __name__ == "__main__":
    serve()
