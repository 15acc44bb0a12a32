"""A real Prometheus Alertmanager in the hub's network.

AlertmanagerServer is the tests' side. Run as a program this module becomes Alertmanager itself, so that ending it ends
Alertmanager. Its package is unpacked, not installed: it would start a service on the machine. The program looks for
its templates at one place only, so it gets a mount namespace of its own where they are.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

from . import settings
from .hub_server import HubServer, announce_when_listening, server_arguments
from .process import locked, run

PACKAGE = "prometheus-alertmanager"
PORT = 9093
FETCH = ('cd "$1" && { apt-get download -qq "$2" || { apt-get update -qq && apt-get download -qq "$2"; }; } && '
         'dpkg-deb -x "$2"_*.deb . && rm "$2"_*.deb')
IN_PLACE = ('mount -t overlay -o "lowerdir=$0/usr/share:/usr/share" alertmanager /usr/share && '
            'program=$1 && shift && exec "$0/usr/bin/$program" "$@"')
CONFIGURATION = "route:\n  receiver: nobody\n  group_wait: 0s\nreceivers:\n  - name: nobody\n"


class AlertmanagerServer(HubServer):
    """Start, stop and ask an Alertmanager."""

    module = "alertmanager_server"

    def __init__(self, cluster, name="alertmanager"):
        super().__init__(cluster, name)
        self.url = f"http://{settings.HUB}:{PORT}"
        unpacked()

    def alerts(self):
        """The alerts that fire now, as its API tells them."""
        command = ["curl", "--silent", "--fail", "--max-time", "5",
                   f"http://{settings.HUB_ADDRESS}:{PORT}/api/v2/alerts"]
        with self.cluster.start_in_hub(command, stdout=subprocess.PIPE) as process:
            return json.loads(process.communicate()[0])


def unpacked():
    """The folder with the Debian package's files, which are fetched where they are not there yet."""
    folder = settings.CACHE / PACKAGE
    settings.CACHE.mkdir(parents=True, exist_ok=True)
    with locked(settings.CACHE / f"{PACKAGE}.lock"):
        if not folder.exists():
            partial = settings.CACHE / f"{PACKAGE}.partial"
            run(["rm", "-rf", partial])
            partial.mkdir()
            run(["sh", "-c", FETCH, "sh", partial, PACKAGE], timeout=300)
            partial.rename(folder)
    return folder


def serve():
    """Be the server until a signal ends it."""
    arguments = server_arguments(argparse.ArgumentParser(description=__doc__))
    folder = Path(arguments.folder)
    (folder / "alertmanager.yml").write_text(CONFIGURATION)
    if os.fork() == 0:
        announce_when_listening(PORT)
        return
    os.dup2(2, 1)  # what is said on the standard output is the child's word alone
    os.execvp("unshare", [
        "unshare", "--mount", "sh", "-c", IN_PLACE, unpacked(), PACKAGE,
        f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
        f"--web.listen-address={settings.HUB_ADDRESS}:{PORT}", "--cluster.listen-address=", "--log.level=warn"])


if __name__ == "__main__":
    serve()
