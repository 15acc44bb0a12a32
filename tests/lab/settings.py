"""Names, addresses and credentials that every part of the lab agrees on."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_ROOT = Path("/run/rmqwatch-lab")
CACHE = Path(os.environ.get("RMQWATCH_LAB_CACHE", "/var/cache/rmqwatch-lab"))

SUITES = ("bookworm", "trixie", "forky")
DEFAULT_SUITE = "bookworm"
MAX_NODES = 9

HUB = "hub"
HUB_ADDRESS = "10.77.0.1"
PREFIX_LENGTH = 24

BROKER_UNIT = "rabbitmq-server.service"
API_PORT = 15672
AMQP_PORT = 5672
BROKER_DATA = "/var/lib/rabbitmq/mnesia"

MEMORY_WATERMARK = "0.4"
DISK_FREE_LIMIT = "50MB"

WATCH_USER = "watch"
WATCH_PASSWORD = "watch-lab-password"
ADMIN_USER = "lab-admin"
ADMIN_PASSWORD = "lab-admin-password"
ERLANG_COOKIE = "RMQWATCHLABCOOKIE"


def node_name(index):
    """Host name of the index-th node, counted from 1."""
    return f"rmq{index}"


def node_address(index):
    """Address of the index-th node. Every run has its own namespaces, so the addresses repeat."""
    return f"10.77.0.{10 + index}"
