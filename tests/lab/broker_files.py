"""The files that make a node's broker: configuration, users, cookie, hosts."""

import base64
import hashlib
import json
import os
import uuid

from . import settings

# Several Erlang machines share few processors here: idle schedulers must not spin. The broker's own advice for hosts
# that are not dedicated to it.
NO_BUSY_WAIT = 'SERVER_ADDITIONAL_ERL_ARGS="+sbwt none +sbwtdcpu none +sbwtdio none"\n'

WATCH_OWN_NAMES = r"^rmqwatchd\."
WATCH_WRITES = r"^(rmqwatchd\..*|amq\.default)$"


def write_node_files(root, name, names, extra_conf=""):
    """Write everything that distinguishes this node from the suite's root file system."""
    put(root, "etc/hostname", f"{name}\n")
    put(root, "etc/hosts", hosts(names))
    put(root, "etc/rabbitmq/enabled_plugins", "[rabbitmq_management].\n")
    put(root, "etc/rabbitmq/rabbitmq.conf", broker_conf(names) + extra_conf)
    put(root, "etc/rabbitmq/rabbitmq-env.conf", NO_BUSY_WAIT)
    put(root, "etc/rabbitmq/definitions.json", json.dumps(definitions(), indent=2))
    put(root, "etc/machine-id", f"{uuid.uuid4().hex}\n")
    cookie = put(root, "var/lib/rabbitmq/.erlang.cookie", settings.ERLANG_COOKIE)
    cookie.chmod(0o400)
    os.chown(cookie, *rabbitmq_ids(root))


def put(root, path, text):
    """Write one file of the node and give back where it is on the host."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(text)
    return target


def rabbitmq_ids(root):
    """User and group number of the broker in this root file system."""
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == "rabbitmq":
            return int(fields[2]), int(fields[3])
    raise ValueError(f"{root}: no user rabbitmq")


def hosts(names):
    """All nodes and the hub, by name."""
    lines = ["127.0.0.1 localhost", f"{settings.HUB_ADDRESS} {settings.HUB}"]
    lines += [f"{settings.node_address(index)} {name}" for index, name in enumerate(names, 1)]
    return "\n".join(lines) + "\n"


def broker_conf(names):
    """rabbitmq.conf. The limits are the usual ones, said so that ending an alarm knows what to go back to.

    The retry interval is a fifth of the usual one: the first node to boot of 3.10 spends ten of them on finding
    out, while it holds the others back, that there is no cluster yet.
    """
    members = "".join(f"cluster_formation.classic_config.nodes.{index} = rabbit@{name}\n"
                      for index, name in enumerate(names, 1))
    return (
        "cluster_name = lab\n"
        "cluster_partition_handling = pause_minority\n"
        "cluster_formation.peer_discovery_backend = classic_config\n"
        f"{members}"
        "cluster_formation.discovery_retry_interval = 100\n"
        "load_definitions = /etc/rabbitmq/definitions.json\n"
        f"vm_memory_high_watermark.relative = {settings.MEMORY_WATERMARK}\n"
        f"disk_free_limit.absolute = {settings.DISK_FREE_LIMIT}\n")


def definitions():
    """Users to begin with: the watchdog's with the rights that it needs and no more, and an administrator."""
    return {
        "vhosts": [{"name": "/"}],
        "users": [user(settings.WATCH_USER, settings.WATCH_PASSWORD, "monitoring"),
                  user(settings.ADMIN_USER, settings.ADMIN_PASSWORD, "administrator")],
        "permissions": [permission(settings.WATCH_USER, WATCH_OWN_NAMES, WATCH_WRITES, WATCH_OWN_NAMES),
                        permission(settings.ADMIN_USER, ".*", ".*", ".*")],
    }


def user(name, password, tag):
    """A user whose password is stored as the broker stores it: salt and SHA-256 of salt and password."""
    salt = hashlib.sha256(name.encode()).digest()[:4]
    digest = hashlib.sha256(salt + password.encode()).digest()
    return {"name": name, "password_hash": base64.b64encode(salt + digest).decode(),
            "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": tag}


def permission(name, configure, write, read):
    """What a user may do in the default virtual host."""
    return {"user": name, "vhost": "/", "configure": configure, "write": write, "read": read}
