"""Network namespaces of a run: one per node, and a hub with the bridge that joins them.

The namespaces live as files in the run's folder, not under /run/netns, and each veth pair is made directly
between the hub and the node. The host's own namespace is never touched, so runs cannot collide.
"""

from . import settings
from .process import run


def create_namespace(path):
    """Make a network namespace that stays alive as a mount on this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    run(["unshare", f"--net={path}", "ip", "link", "set", "lo", "up"])


def inside(path, argv):
    """The command line that runs argv in the namespace."""
    return ["nsenter", f"--net={path}", "--", *argv]


def create_hub(path):
    """Make the hub: a bridge that has an address, so that servers for tests can run there."""
    create_namespace(path)
    batch(path, [
        "link add bridge0 type bridge forward_delay 0",
        f"address add {settings.HUB_ADDRESS}/{settings.PREFIX_LENGTH} dev bridge0",
        "link set bridge0 up",
    ])


def connect(hub, path, name, address):
    """Make the node's namespace and its cable to the hub."""
    create_namespace(path)
    batch(hub, [
        f"link add {name} type veth peer name host0 netns {path}",
        f"link set {name} master bridge0 up",
    ])
    batch(path, [
        f"address add {address}/{settings.PREFIX_LENGTH} dev host0",
        "link set host0 up",
    ])


def batch(path, lines):
    """Run several `ip` commands in a namespace at once."""
    run(inside(path, ["ip", "-batch", "-"]), input_text="\n".join(lines) + "\n")
